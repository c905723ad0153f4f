"""The named data sets, each with its preparation, licence, checksum and citation."""

from __future__ import annotations

from shortrun.data.catalogue import Download, Entry, File, load_digits

MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"
FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx_files(address: str, *md5: str) -> tuple[Download, ...]:
    """Return the four files in which MNIST and its likes are published."""
    return tuple(Download(f"{address}/{name}.gz", f"md5:{hash}") for name, hash in zip(IDX, md5, strict=True))


ENTRIES = (
    Entry(
        name="digits",
        title="1,797 handwritten digits, 8x8 pixels, 10 classes (comes with scikit-learn)",
        preparation="1 where a pixel is above 0.3 of full scale; a fixed fifth is the test part",
        citation="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, "
        "UCI Machine Learning Repository, 1998, doi:10.24432/C50P49",
        licence="CC BY 4.0",
        load=load_digits,
        uses=("alphabet", "threshold", "grey", "part"),
    ),
    Entry(
        name="mnist",
        title="handwritten digits, 60,000 + test, 28x28 pixels, 10 classes",
        preparation="1 where a pixel is above 0.3 of full scale",
        citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Proc. IEEE 86 (1998) 2278",
        licence="usually cited as CC BY-SA 3.0",
        files=(File("mnist/mnist.npz", "3c934a83c3a40645b3c71bac64123da6357cf3adc3a9cb0d35c63bca4ce75317"),),
        reading={"threshold": 0.3},
        downloads=idx_files(
            MNIST,
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
    ),
    Entry(
        name="fashion-mnist",
        title="articles of clothing, 28x28 pixels, 10 classes",
        preparation="1 where a pixel is above 0.3 of full scale; a local copy is the first 20,000 training images and "
        "the last 2,000 as test part",
        citation="H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747 (2017)",
        licence="MIT",
        files=(
            File("fashion_mnist/fashion_mnist.npz", "95f14ed1e1069d3e1bcf00249f47f975a838b151e76f3dcdbe685310927863f4"),
        ),
        reading={"threshold": 0.3},
        downloads=idx_files(
            FASHION,
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
    ),
    Entry(
        name="hgd",
        title="5,008 human haplotypes, 805 SNPs of 22 autosomes, 5 continents",
        preparation="the 805 population-informative SNPs of the 1000 Genomes Project, phase 3; two haplotypes a "
        "person, kept together in splits",
        citation="B. Yelmen et al., PLoS Genetics 17 (2021) e1009303; The 1000 Genomes Project Consortium, "
        "Nature 526 (2015) 68",
        licence="1000 Genomes data are open without embargo",
        files=(File("hgd/hgd.npz", "b66ada491a8f79fd8a2ad5a97e3e92e8206cb29a67bad8feaad7a867bbca7feb"),),
        reading={"keys": {"x": "x", "y": "continent", "group": "sample"}},
    ),
    Entry(
        name="kg-chr22",
        title="2,184 human haplotypes, 1,799 SNPs of chromosome 22, 4 continents",
        preparation="1000 Genomes phase 1, biallelic SNPs of minor-allele frequency at least 5 %, about 10 kb apart; "
        "two haplotypes a person, kept together in splits",
        citation="The 1000 Genomes Project Consortium, Nature 491 (2012) 56",
        licence="1000 Genomes data are open without embargo",
        files=(File("kg_chr22/kg_chr22.npz", "d4d0e5d67c79c4e06ef63fca5ed10758f40d043a3886f274d4a10f5264e01cd8"),),
        reading={"keys": {"x": "x", "y": "continent", "group": "sample"}},
    ),
    Entry(
        name="sam",
        title="6,006 SAM-I riboswitches (RF00162), 108 columns, 10 taxonomic classes, 851 unlabelled",
        preparation="aligned with Infernal to the 108 consensus columns, insertions dropped, N as a gap, sequences "
        "with more than 32 gaps left out; classes of at least 50 members",
        citation="I. Kalvari et al., Nucleic Acids Research 49 (2021) D192 (Rfam)",
        licence="Rfam is CC0",
        files=(
            File(
                "sam_riboswitch/sam_rf00162.fasta.gz",
                "64da84f8b0016b1de7c1746ee1e5c44ad42ec36857a3c23ac1f25f41057b82e4",
            ),
            File(
                "sam_riboswitch/sam_rf00162_labels.csv.gz",
                "4587c0a7fd4adf2809734c906b9fb9b12b069d7df398e2807ef7197e9c05815a",
            ),
        ),
        annotation={
            "SS_cons": "((((((((....(((((...(((.....)))......)))))((((.((((((.......))))..))))))"
            "...(....((((((.....))))))..)))))))))"
        },
    ),
    Entry(
        name="sh3",
        title="5,299 natural SH3 domains, 59 columns, 18 orthologous groups, 2,745 unlabelled",
        preparation="orthologous groups of at least 48 members are classes",
        citation="X. Lian et al., Cell Systems 15 (2024) 725",
        licence="MIT",
        files=(
            File("sh3/sh3.fasta.gz", "57b34dbfc6a29b7a10e82b4335ba206cc34c1f4c3d9d622f48993b4a9006f247"),
            File("sh3/labels.csv.gz", "c4dc0726449ea23f9e6f014af057842343badf6bac1bd3c1908802b089d58867"),
        ),
    ),
    Entry(
        name="chorismate-mutase",
        title="1,130 natural chorismate mutases, 96 columns, active or inactive in E. coli",
        preparation="active where the normalised relative enrichment is above 0.42",
        citation="W. P. Russ et al., Science 369 (2020) 440",
        licence="MIT",
        files=(
            File(
                "chorismate_mutase/cm_natural.fasta.gz",
                "75d171fa6aa38ded8e55633a097fffe3949b20c59294fbc608e808710052786b",
            ),
            File("chorismate_mutase/labels.csv", "ff28e454d56bac201b248f914ca7ffb982b1a8176b1051da934ae0ade8849fc9"),
        ),
    ),
    Entry(
        name="serine-protease",
        title="1,344 S1A serine proteases, 205 columns, 8 specificities, 841 unlabelled",
        preparation="specificities of at least 13 members are classes",
        citation="N. Halabi, O. Rivoire, S. Leibler, R. Ranganathan, Cell 138 (2009) 774",
        licence="MIT, from BSD-3-Clause data",
        files=(
            File(
                "serine_protease_s1a/s1a.fasta.gz",
                "04bdc6a108c47d8b0b8f5d23f1e45f2e26257b23f8e9b1d92ab1f83d372d1a92",
            ),
            File("serine_protease_s1a/labels.csv", "91c073ad026d0f2baa46165c037c1e1172fbedcd7e562cb8f8d353ceb9c103ba"),
        ),
    ),
    Entry(
        name="four-masters",
        title="17,644 windows of piano music, 88 keys x 10 bins, 4 composers",
        preparation="one piece a composer, bins of a 64th note, windows of 10 bins with stride 1: windows overlap, so "
        "a random split leaks",
        citation="MIDI files by B. Krueger, piano-midi.de",
        licence="CC BY-SA 3.0 Germany",
        files=(
            File(
                "four_masters/four_pieces_w10.npz",
                "92b32375811a84322bd121c5c9614a9883562963a59a6298401976bb06e2c9b7",
            ),
        ),
        reading={"keys": {"start": "start_bin"}, "time_bin": "beat/16"},
    ),
    Entry(
        name="h3n2",
        title="1,903 influenza A/H3N2 haemagglutinin sequences, 125 SNP sites, 6 epidemics",
        preparation="the epidemic (first year of the season) is the class; '-' is missing",
        citation="T. Jombart, S. Devillard, F. Balloux, BMC Genetics 11 (2010) 94",
        licence="GPL-2+ (adegenet; sequences from GenBank)",
        files=(
            File("h3n2/h3n2.fasta.gz", "4f7d1025fdd04fb143215b316e9fadfe9d1c564cfa59fb1f77b3a9f200848baa"),
            File("h3n2/labels.csv", "21711416b9a2e202211343c95239bd4dafa28de70f28e4b4be60b16369633869"),
        ),
    ),
    Entry(
        name="pf00072",
        title="29,716 response regulator receiver domains (PF00072), 112 columns, no labels",
        preparation="as published with the distances of its columns",
        citation="A. Decelle, A. J. Navas Gomez, B. Seoane, arXiv:2501.06108; J. Mistry et al., Nucleic Acids Res. 49 "
        "(2021) D412 (Pfam)",
        licence="MIT",
        files=(
            File("pf00072/pf00072_train.fasta.gz", "5911ad960260d82b4cf5cec43ed94e4d0e33e9827aae5491f5ba06283b9869aa"),
        ),
    ),
)
