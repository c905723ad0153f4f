"""Genotypes: VCF and BCF, PLINK, haplotypes as text; files of other programs, ours read by them, damaged ones."""

import gzip
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from command_line import good, refused
from shortrun.data import read, write
from shortrun.data.core import disk
from shortrun.data.core.alphabet import BINARY, DOSAGE
from shortrun.data.core.blocks import is_mapped
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import GenotypeKind, Kind
from shortrun.data.genotypes import encoding as genotypes
from shortrun.data.genotypes import waiting
from shortrun.errors import ConfigError, DataError, FormatError, MissingExtraError, StoreError

cyvcf2, bed_reader, pysam = (pytest.importorskip(name) for name in ("cyvcf2", "bed_reader", "pysam"))

META = "##fileformat=VCFv4.2\n##contig=<ID=1,length=999>\n##contig=<ID=22>\n"
GT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
NAMES = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"


def vcf(*rows, people="p q", meta=META):
    """Return a VCF of rows such as "1 5 rs1 A G 0|1 1|1"."""
    lines = []
    for row in rows:
        *site, first = row.split()[:6]
        lines.append("\t".join([*site, ".", "PASS", "AC=1", "GT", first, *row.split()[6:]]) + "\n")
    return meta + GT + NAMES + "\t".join(people.split()) + "\n" + "".join(lines)


PHASED = vcf("1 5 rs1 A G 0|1 1|1", "1 9 . C T 1|0 0|0", "22 7 rs3 GA G 0|0 0|1")


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a text to a file of some name."""

    def made(text, name="x.vcf"):
        path = tmp_path / name
        content = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return made


def refusal(path, **options):
    with pytest.raises(FormatError) as error:
        read(path, **options)
    assert "\n" not in str(error.value)
    return error.value


def program(name):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"the program {name} is not installed")
    return lambda *words: subprocess.run([found, *map(str, words)], check=True, capture_output=True, text=True).stdout


def samples(kind=BINARY, people=7, sites=11, seed=0, **more):
    """Return genotypes of people: two haplotypes each, or dosages."""
    random = np.random.default_rng(seed)
    persons = np.array([f"person{i}" for i in range(people)])
    rows = 2 * people if kind == BINARY else people
    variants = [
        f"{1 if i < sites // 2 else 22} {10 + 7 * i} rs{i} {'ACGT'[i % 4]} {'GTAC'[i % 4]}" for i in range(sites)
    ]
    data = Dataset.from_arrays(
        random.integers(0, len(kind), (rows, sites)),
        random.choice(["East Asian", 'x "y", z=1', ""], people).repeat(rows // people),
        names=[f"{p}{end}" for p in persons for end in ("_A", "_B")] if kind == BINARY else persons,
        alphabet=kind,
        groups=persons.repeat(2) if kind == BINARY else None,
    )
    return data.with_kind(
        genotypes=GenotypeKind(**{"variants": tuple(variants), **{key: tuple(value) for key, value in more.items()}})
    )


# Reading VCF


def test_phased_calls_are_two_haplotypes_a_person(file):
    data = read(file(PHASED))
    assert data.values.tolist() == [[0, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 1]]
    assert (data.alphabet, data.colours) == (BINARY, 2)
    assert data.names.tolist() == ["p_A", "p_B", "q_A", "q_B"]
    assert data.groups.tolist() == ["p", "p", "q", "q"]
    assert data.classes == ()
    assert list(data.kind.genotypes.variants) == ["1 5 rs1 A G", "1 9 . C T", "22 7 rs3 GA G"]
    assert "##contig=<ID=1,length=999>" in data.kind.genotypes.vcf_header
    assert list(data.notes) == []


@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_and_packing_do_not_matter(file, name, ends):
    assert read(file(PHASED.replace("\n", ends), name)).hash == read(file(PHASED, "y.vcf")).hash


def test_unphased_calls_are_dosages(file):
    data = read(file(vcf("1 5 rs1 A G 0/1 1/1", "1 9 . C T 0/0 0/1")))
    assert data.values.tolist() == [[1, 0], [2, 1]]
    assert (data.alphabet, data.names.tolist(), data.groups) == (DOSAGE, ["p", "q"], None)
    assert list(data.notes) == [
        "2 of 2 heterozygous calls are not phased: read as dosages 0, 1 and 2, not as haplotypes"
    ]


def test_one_unphased_call_makes_all_dosages(file):
    mixed = file(vcf("1 5 . A G 0|1 1|1", "1 9 . C T 1|0 0/1", "1 10 . C T 0|1 0|1"))
    data = read(mixed)
    assert data.values.tolist() == [[1, 1, 1], [2, 1, 1]]
    assert data.notes[0].startswith("1 of 5 heterozygous calls are not phased")
    assert "site 1:9: the call of 'q' is not phased" in str(refusal(mixed, alphabet="binary"))


def test_homozygous_calls_need_no_phase(file):
    assert read(file(vcf("1 5 . A G 0/0 1|0", "1 9 . C T 1/1 0|1"))).values.tolist() == [[0, 1], [0, 1], [1, 0], [0, 1]]
    nothing = file(vcf("1 5 . A G 0/0 1/1"), "y.vcf")
    assert read(nothing).alphabet == DOSAGE
    assert read(nothing, alphabet="binary").values.tolist() == [[0], [0], [1], [1]]
    assert read(file(PHASED, "z.vcf"), alphabet="dosage").values.tolist() == [[1, 1, 0], [2, 0, 1]]
    with pytest.raises(ConfigError, match="binary \\(haplotypes\\) or dosage expected of genotypes, got 'rna'"):
        read(nothing, alphabet="rna")


def test_a_person_with_one_allele_is_one_haplotype(file):
    data = read(file(vcf("1 5 . A G 0|1 1", "1 9 . C T . 0", "1 11 . C T 1|1 1"), "x.vcf"), missing="drop-site")
    assert data.names.tolist() == ["p_A", "p_B", "q"]
    assert data.values.tolist() == [[0, 1], [1, 1], [1, 1]]
    every = read(file(vcf("1 5 . A G 0 1"), "y.vcf"))
    assert (every.names.tolist(), every.values.tolist()) == (["p", "q"], [[0], [1]])
    mixed = file(vcf("1 5 . A G 0|1 1", "1 9 . C T 1|0 0|1"), "z.vcf")
    assert "site 1:5: 'q' has one allele here and two elsewhere" in str(refusal(mixed))
    assert read(mixed, alphabet="dosage").values.tolist() == [[1, 1], [2, 1]]


def test_sites_without_exactly_two_alleles(file):
    path = file(vcf("1 5 . A G,T 0|2 1|1", "1 6 . A . 0|0 0|0", "1 7 . A <DEL> 0|1 0|1"))
    data = read(path)
    assert list(data.kind.genotypes.variants) == ["1 7 . A <DEL>"]
    assert list(data.notes) == ["left out 2 sites without exactly two alleles"]
    assert "site 1:5: two alleles expected, got A, G, T" in str(refusal(path, multiallelic="error"))


def indexed(path):
    """Return the BGZF copy of a VCF with its index, made by pysam."""
    packed = path.with_name(path.name + ".gz")
    pysam.tabix_compress(str(path), str(packed), force=True)
    pysam.tabix_index(str(packed), preset="vcf", force=True)
    return packed


REGIONS = {"22": [2], "1:6-22": [1], "1": [0, 1], "1:5": [0], "1:6-": [1], "1:1-1,000": [0, 1]}


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_the_same_with_and_without_an_index(file, region):
    path, whole = file(PHASED), read(file(PHASED)).values
    for found in (read(path, region=region), read(indexed(path), region=region)):
        assert np.array_equal(found.values, whole[:, REGIONS[region]])


def test_wrong_regions(file):
    path = file(PHASED)
    assert "no site is left in the region chr22:1-" in str(refusal(path, region="chr22"))
    assert "did you mean '22'" in str(refusal(indexed(path), region="chr22"))
    assert "region 22:100-200" in str(refusal(path, region="22:100-200"))
    for text in ("", "22:9-5", "22:0-5", "a b"):
        with pytest.raises(ConfigError, match="CHROMOSOME:FROM-TO expected"):
            read(path, region=text)


def test_frequent_sites_far_enough_apart(tmp_path, monkeypatch):
    data = samples(people=30, sites=200, seed=3)
    random = np.random.default_rng(4)
    values = random.random((60, 200)) < random.random(200) ** 3
    data = Dataset.from_arrays(values).with_kind(genotypes=data.kind.genotypes)
    write(tmp_path / "x.vcf", data)
    share = data.values.mean(0)
    frequent = np.minimum(share, 1 - share) >= 0.05
    monkeypatch.setattr(genotypes, "AT_ONCE", 100)  # three sites at a time
    found = read(tmp_path / "x.vcf", maf=0.05)
    assert 50 < frequent.sum() < 150
    assert np.array_equal(found.values, data.values[:, frequent])
    assert list(found.notes) == [f"left out {(~frequent).sum()} sites with a minor-allele frequency below 0.05"]
    kept, last = [], ("", 0)
    for text in np.array(list(data.kind.genotypes.variants))[frequent]:
        chromosome, position = text.split()[0], int(text.split()[1])
        if chromosome != last[0] or position - last[1] >= 20:
            kept.append(text)
            last = chromosome, position
    assert list(read(tmp_path / "x.vcf", maf=0.05, thin=20).kind.genotypes.variants) == kept
    for wrong in ({"maf": 0.6}, {"maf": -0.1}, {"thin": 0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            read(tmp_path / "x.vcf", **wrong)


MISSING = vcf(
    "1 5 . A G 0|1 1|1 1|1", "1 6 . A G .|. 1|1 1|0", "1 7 . A G 1|. 0|1 .", "1 8 . A G 0|1 1|0 0|1", people="p q r"
)


def test_missing_calls(file):
    path = file(MISSING)
    assert "site 1:6: the call of 'p' is missing; say what to do" in str(refusal(path))
    sites = read(path, missing="drop-site")
    assert sites.values[:2].tolist() == [[0, 0], [1, 1]]
    assert list(sites.notes) == ["left out 2 sites with a missing call"]
    people = read(path, missing="drop-sample")
    assert people.names.tolist() == ["q_A", "q_B"]
    assert people.values.tolist() == [[1, 1, 0, 1], [1, 1, 1, 0]]
    assert list(people.notes) == ["left out 2 of 3 persons for missing calls"]
    major = read(path, missing="major")
    assert major.values.T.tolist() == [[0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0], [1, 1, 0, 1, 1, 1], [0, 1, 1, 0, 0, 1]]
    everyone = file(vcf("1 5 . A G .|. ./."), "y.vcf")
    assert "every person has a missing call" in str(refusal(everyone, missing="drop-sample"))
    assert "no site is left; left out 1 site with a missing call" in str(refusal(everyone, missing="drop-site"))
    with pytest.raises(ConfigError, match=r"drop-site.*did you mean 'drop-site'"):
        read(path, missing="dropsite")


# Panels


PANEL = "sample\tpop\tsuper_pop\tgender\t\t\np\tGBR\tEUR\tmale\nz\tCHS\tEAS\tmale\nq\tYRI\tAFR\tfemale\n"


def test_a_panel_labels_both_haplotypes_of_a_person(file):
    path, panel = file(PHASED), file(PANEL, "all.panel")
    data = read(path, labels=panel, label_column="super_pop")
    assert [data.classes[k] for k in data.labels] == ["EUR", "EUR", "AFR", "AFR"]
    assert data.groups.tolist() == ["p", "p", "q", "q"]
    dosages = read(path, labels=panel, label_column="pop", alphabet="dosage")
    assert [dosages.classes[k] for k in dosages.labels] == ["GBR", "YRI"]
    assert "no column 'superpop' (did you mean 'super_pop'?)" in str(
        refusal(path, labels=panel, label_column="superpop")
    )
    assert "no column 'label'" in str(refusal(path, labels=panel))


def test_persons_that_a_panel_lacks(file):
    path = file(PHASED)
    some = read(path, labels=file("sample\tpop\nq\tYRI\n", "a.panel"))
    assert some.labels.tolist() == [-1, -1, 0, 0]
    assert "no column holds names of the samples, as 'p_A'" in str(
        refusal(path, labels=file("sample\tpop\nP\tYRI\n", "b.panel"))
    )
    clash = refusal(path, labels=file("sample\tpop\nq\tYRI\np\tGBR\nq\tGBR\n", "c.panel"))
    assert (clash.line, "another label than in line 2" in clash.reason) == (4, True)
    short = refusal(path, labels=file("sample\tpop\nq\tYRI\np\n", "d.panel"))
    assert (short.line, short.reason) == (3, "1 fields, the header has 2")


def test_labels_that_a_vcf_does_not_hold(file):
    assert "has no label 'pop': a labels file" in str(refusal(file(PHASED), label_column="pop"))
    assert "has no group 'family'" in str(refusal(file(PHASED), group="family"))


# Writing VCF


@pytest.mark.parametrize("kind", [BINARY, DOSAGE], ids=["haplotypes", "dosages"])
@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz", "x.bcf"])
def test_a_vcf_is_read_back(tmp_path, name, kind):
    data = samples(kind, vcf_header=["##fileformat=VCFv4.1", "##reference=b37", "##contig=<ID=22,length=51304566>"])
    write(tmp_path / name, data)
    again = read(tmp_path / name)
    assert again.hash == data.hash
    assert again.names.tolist() == data.names.tolist()
    assert list(again.kind.genotypes.variants) == list(data.kind.genotypes.variants)
    assert (again.groups is None) == (kind == DOSAGE)
    header = again.kind.genotypes.vcf_header
    assert "##reference=b37" in header
    assert [line for line in header if "contig" in line] == ["##contig=<ID=22,length=51304566>", "##contig=<ID=1>"]
    assert [found.name for found in tmp_path.iterdir()] == [name]
    for number in (2, 3):  # what is read is written with the PASS that htslib adds to a header, and then as it is
        write(tmp_path / f"{number}{name}", read(tmp_path / (f"{number - 1}{name}" if number > 2 else name)))
    assert (tmp_path / f"2{name}").read_bytes() == (tmp_path / f"3{name}").read_bytes()


@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz", "x.bcf"])
def test_other_programs_read_our_vcf(tmp_path, name):
    data = samples()
    write(tmp_path / name, data)
    with pysam.VariantFile(str(tmp_path / name)) as found:
        people = list(found.header.samples)
        calls = [[record.samples[p].allele_indices for p in people] for record in found]
    assert people == [f"person{i}" for i in range(7)]
    assert np.array_equal(np.array(calls).reshape(11, 14).T, data.values)
    lines = program("bcftools")("query", "-f", "%CHROM %POS %ID %REF %ALT[ %GT]\n", tmp_path / name).splitlines()
    assert [line.split(" person")[0].rsplit(" ", 7)[0] for line in lines] == list(data.kind.genotypes.variants)
    assert lines[0].split()[5:] == [f"{a}|{b}" for a, b in data.values[:, 0].reshape(-1, 2)]


def test_bcftools_indexes_and_queries_our_vcf(tmp_path):
    bcftools, data = program("bcftools"), samples()
    write(tmp_path / "x.vcf.gz", data)
    bcftools("index", tmp_path / "x.vcf.gz")
    assert len(bcftools("view", "-H", "-r", "22", tmp_path / "x.vcf.gz").splitlines()) == 6
    bcftools("convert", "--haplegendsample", tmp_path / "y", tmp_path / "x.vcf.gz")
    again = read(tmp_path / "y.hap.gz")
    assert np.array_equal(again.values, data.values)
    assert again.names.tolist() == data.names.tolist()
    assert [text.split()[:2] for text in list(again.kind.genotypes.variants)] == [
        v.split()[:2] for v in list(data.kind.genotypes.variants)
    ]


def test_we_read_what_pysam_writes(tmp_path):
    header = pysam.VariantHeader()
    header.add_line("##contig=<ID=chrX>")
    header.add_line(GT.strip())
    header.add_samples(["Å", "b c"])
    with pysam.VariantFile(str(tmp_path / "x.bcf"), "w", header=header) as file:
        for position, calls in ((3, [(0, 1), (1, 1)]), (8, [(1, 0), (0, 0)])):
            record = file.new_record(contig="chrX", start=position - 1, alleles=("A", "C"))
            for person, call in zip(header.samples, calls, strict=True):
                record.samples[person]["GT"] = call
                record.samples[person].phased = True
            file.write(record)
    data = read(tmp_path / "x.bcf")
    assert data.values.tolist() == [[0, 1], [1, 0], [1, 0], [1, 0]]
    assert data.groups.tolist() == ["Å", "Å", "b c", "b c"]
    assert list(data.kind.genotypes.variants) == ["chrX 3 . A C", "chrX 8 . A C"]


def test_haplotypes_without_persons_are_paired_by_label(tmp_path):
    data = Dataset.from_arrays(np.eye(7, 3, dtype=int), list("aaabbbb"), names=[f"g{i}" for i in range(7)])
    write(tmp_path / "x.vcf", data)
    lines = (tmp_path / "x.vcf").read_text().splitlines()
    assert lines[-4].split("\t")[9:] == ["g0", "g2", "g3", "g5"]
    assert lines[-3] == "0\t1\tsite_1\tN\t<ALT>\t.\t.\t.\tGT\t1|0\t0\t0|0\t0|0"
    assert '##contig=<ID=0,Description="sites whose chromosome is not known">' in lines
    again = read(tmp_path / "x.vcf")
    assert again.hash == data.hash
    assert again.names.tolist() == ["g0_A", "g0_B", "g2", "g3_A", "g3_B", "g5_A", "g5_B"]
    assert again.groups.tolist() == ["g0", "g0", "g2", "g3", "g3", "g5", "g5"]


def test_only_genotypes_can_be_written(tmp_path):
    letters = Dataset.from_arrays([[0, 3]], alphabet="rna")
    for name in ("x.vcf", "x.bcf", "x.bed", "x.hapt", "x.hap"):
        with pytest.raises(DataError, match="haplotypes of 0 and 1, or dosages of 0, 1 and 2, expected"):
            write(tmp_path / name, letters)
        with pytest.raises(DataError, match="continuous"):
            write(tmp_path / name, Dataset.from_arrays([[0.5, 3]]))
    twice = Dataset.from_arrays([[0], [1]], names=["a", "a"], alphabet=DOSAGE)
    with pytest.raises(DataError, match="2 persons are called 'a'"):
        write(tmp_path / "x.vcf", twice)
    assert list(tmp_path.iterdir()) == []


def test_a_packed_vcf_without_its_end_is_not_kept(tmp_path, monkeypatch):
    from shortrun.data.genotypes.formats import vcf as module

    write(tmp_path / "x.vcf.gz", samples())
    before = (tmp_path / "x.vcf.gz").read_bytes()

    def full_disk(path, *rest):
        path.write_bytes(before[:-28])

    monkeypatch.setattr(module, "pack", full_disk)
    with pytest.raises(StoreError, match=r"x\.vcf\.gz: could not be written as a whole"):
        write(tmp_path / "x.vcf.gz", samples(seed=1))
    assert (tmp_path / "x.vcf.gz").read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["x.vcf.gz"]


# The sites of a run


def test_the_sites_of_other_data_are_found_wherever_they_are(file):
    wanted = ["22 7 rs3 GA G", "1 9 . T C", "1 5 old A G"]
    more = vcf(
        "1 4 . A G 0|1 1|1", *["1 5 rs1 A G 0|1 1|1", "1 9 . C T 1|0 0|0", "1 9 . C T 0|0 0|0", "22 7 rs3 GA G 0|0 0|1"]
    )
    data = read(file(more), like=Kind(3, BINARY, genotypes=GenotypeKind(tuple(wanted))), maf=0.5, thin=10**6)
    assert data.values.tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1], [1, 1, 1]]  # 1:9 the other way round
    assert list(data.kind.genotypes.variants) == wanted
    lacking = refusal(file(more), like=Kind(4, BINARY, genotypes=GenotypeKind((*wanted, "22 8 . A G"))))
    assert lacking.reason == "the site 22:8 (A, G) that was asked for is not there"


def test_large_values_wait_on_the_disk(tmp_path, monkeypatch):
    data = samples(people=20, sites=50)
    write(tmp_path / "x.vcf", data)
    monkeypatch.setattr(disk, "LARGE", 100)
    monkeypatch.setattr(waiting, "BLOCK", 80)  # sixteen sites a block
    monkeypatch.setattr(waiting, "STRIP", 150)  # two haplotypes a strip
    monkeypatch.setattr(genotypes, "AT_ONCE", 140)  # seven sites at a time
    for options in ({}, {"alphabet": "dosage"}):
        again = read(tmp_path / "x.vcf", **options)
        assert is_mapped(again.values)
        expected = data.values if not options else data.values.reshape(20, 2, 50).sum(1)
        assert np.array_equal(again.values, expected)
    write(tmp_path / "y.vcf", read(tmp_path / "x.vcf"))
    assert (tmp_path / "y.vcf").read_bytes().splitlines()[-50:] == (tmp_path / "x.vcf").read_bytes().splitlines()[-50:]


GROWTH = """
import resource, sys
from shortrun.data import read
import cyvcf2
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = read(sys.argv[1])
print(data.values.nbytes // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_memory_holds_the_values_and_little_else(tmp_path):
    random = np.random.default_rng(0)
    variants = [f"22 {i + 1} . A G" for i in range(30_000)]
    values = random.integers(0, 2, (500, 30_000), dtype=np.uint8)
    write(tmp_path / "x.vcf", Dataset.from_arrays(values).with_kind(genotypes=GenotypeKind(tuple(variants))))
    found = subprocess.run(
        [sys.executable, "-c", GROWTH, tmp_path / "x.vcf"], capture_output=True, text=True, check=True
    )
    kilobytes, grown = map(int, found.stdout.split())
    assert kilobytes == 15_000_000 // 1024
    assert grown < kilobytes + 25_000  # the calls as cyvcf2 gives them would be three times as many


# Damaged VCF


ROW = "1\t5\t.\tA\tG\t.\t.\t.\tGT\t0|1\t1|1\n"
BAD = {
    "empty": ("", None, "file is empty"),
    "text": ("hello\nworld\n", 1, "'##fileformat=VCF...' expected at the start of a VCF, got 'hello'"),
    "binary": (b"\x8aPNG\r\n\x1a\n\0\0\xff", 1, "no VCF|not UTF-8"),
    "only a version": ("##fileformat=VCFv4.2\n", None, "no line '#CHROM"),
    "no names": (META + GT + ROW, 5, "'#CHROM...' with the names expected before '1 5"),
    "no persons": (META + NAMES.rsplit("\t", 2)[0] + "\n1\t5\t.\tA\tG\t.\t.\t.\n", None, "names no persons"),
    "no sites": (META + GT + NAMES + "p\tq\n", None, "no site is left"),
    "no genotypes": (vcf() + "1\t5\t.\tA\tG\t.\t.\t.\tDP\t3\t4\n", None, "site 1:5 has no genotypes"),
    "two of a name": (vcf(people="p p"), 5, "two persons are called 'p'"),
    "a column short": (PHASED + ROW.rsplit("\t", 1)[0] + "\n", 9, "10 columns, the line of names has 11"),
    "half a line": (PHASED + "1\t5\t.\tA", 9, "4 columns"),
    "no position": (PHASED + ROW.replace("5", "five"), 9, "position: a whole number up to 2,147,483,647"),
    "no call": (PHASED + ROW.replace("0|1", "foo"), 9, "a call such as 0.1 expected, got 'foo'"),
    "no such allele": (PHASED + ROW.replace("0|1", "0|2"), None, "site 1:5: a call of allele 2, but only one ALT"),
    "three alleles": (PHASED + ROW.replace("0|1", "0|1|1"), None, "site 1:5: a call of 3 alleles"),
    "names in another encoding": (PHASED.replace("p\tq", "Å\tq").encode("latin-1"), 5, "not UTF-8"),
}


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("case", BAD)
def test_damaged_vcf_is_refused_in_one_line(file, case, packed, capfd):
    content, line, reason = BAD[case]
    if packed and not content:
        pytest.skip("an empty file cannot be packed")
    error = refusal(file(content, f"x.vcf{packed}"))
    assert error.line == line
    assert re.search(reason, error.reason)
    assert capfd.readouterr().err == ""  # htslib is silent


def test_truncated_vcf_is_refused(tmp_path, file):
    write(tmp_path / "x.vcf.gz", samples(sites=3000))
    write(tmp_path / "x.bcf", samples(sites=3000))
    for name in ("x.vcf.gz", "x.bcf"):
        content = (tmp_path / name).read_bytes()
        for length in (3, 20, 200, len(content) // 2, len(content) - 28, len(content) - 1):
            (tmp_path / f"cut{name}").write_bytes(content[:length])
            assert re.search("truncated|no VCF|expected", refusal(tmp_path / f"cut{name}").reason)
        damaged = bytearray(content)
        damaged[len(content) // 2] ^= 255
        (tmp_path / f"cut{name}").write_bytes(damaged)
        assert "damaged" in refusal(tmp_path / f"cut{name}").reason
    plain = gzip.compress((tmp_path / "x.vcf.gz").read_bytes() and PHASED.encode() * 1)
    (tmp_path / "y.vcf.gz").write_bytes(plain[:-30])
    assert "truncated" in refusal(tmp_path / "y.vcf.gz").reason


ODD = {  # records of a chromosome that the header does not name, at which htslib ends its process
    "a huge allele": ("0|99999999999999999999\t0|1", "a call such as 0|1 expected, got '0|99999999999999999999'"),
    "no call": ("\t0|1", "a call such as 0|1 expected, got ''"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_ends_htslib_ends_one_reading_only(tmp_path, case):
    calls, reason = ODD[case]
    path, good = tmp_path / "x.vcf", "1 5 . A G 0|1 1|1"
    path.write_text(vcf(good) + f"odd\t2\t.\tA\tG\t.\t.\t.\tGT\t{calls}\n")
    assert refusal(path).reason == f"{reason} (htslib breaks down at it, SIGSEGV)"
    assert refusal(path).line == vcf(good).count("\n") + 1
    path.write_text(vcf(good))
    assert len(read(path)) == 4


def test_without_the_extra_a_hint_names_it(file, tmp_path, monkeypatch):
    path = file(PHASED)
    monkeypatch.setitem(sys.modules, "cyvcf2.cyvcf2", None)
    with pytest.raises(MissingExtraError, match=r"cyvcf2 is not installed: pip install 'shortrun\[genomics\]'"):
        read(path)
    write(tmp_path / "y.vcf", samples())  # a text needs no library
    monkeypatch.setitem(sys.modules, "bed_reader", None)
    with pytest.raises(MissingExtraError, match="bed-reader"):
        write(tmp_path / "y.bed", samples())
    assert refused("data", "info", path).endswith("pip install 'shortrun[genomics]'")


# PLINK


def test_plink_files_are_read_back_as_dosages(tmp_path):
    data = samples(DOSAGE)
    write(tmp_path / "x.bed", data)
    again = read(tmp_path / "x.bed", label_column="family")
    assert np.array_equal(again.values, data.values)
    assert (again.alphabet, again.names.tolist()) == (DOSAGE, data.names.tolist())
    assert list(again.kind.genotypes.variants) == list(data.kind.genotypes.variants)
    assert again.classes == ("East_Asian", 'x_"y",_z=1')
    assert again.labels.tolist() == data.labels.tolist()
    haplotypes = samples()
    write(tmp_path / "y.bed", haplotypes)
    assert np.array_equal(read(tmp_path / "y.bed").values, haplotypes.values.reshape(7, 2, 11).sum(1))
    write(tmp_path / "z.bed", Dataset.from_arrays([[0, 1], [1, 1], [0, 1]]))
    assert read(tmp_path / "z.bed").values.tolist() == [[1, 2], [0, 2]]  # a single haplotype is homozygous


def test_other_programs_read_our_plink_files(tmp_path):
    data = samples(DOSAGE)
    write(tmp_path / "x.bed", data)
    with bed_reader.open_bed(tmp_path / "x.bed") as found:
        assert np.array_equal(found.read(dtype="int8"), data.values)
        assert found.iid.tolist() == data.names.tolist()
        assert found.allele_1.tolist() == [text.split()[4] for text in list(data.kind.genotypes.variants)]
    program("plink2")("--bfile", tmp_path / "x", "--recode", "vcf", "--out", tmp_path / "y")
    again = read(tmp_path / "y.vcf")
    assert np.array_equal(again.values, data.values)
    assert [text.split()[:3] for text in list(again.kind.genotypes.variants)] == [
        v.split()[:3] for v in list(data.kind.genotypes.variants)
    ]


@pytest.mark.parametrize("major", ["SNP", "individual"])
def test_we_read_what_bed_reader_writes(tmp_path, major):
    values = np.array([[0, 1, 2], [2, -127, 0], [1, 1, 0], [0, 0, 0], [2, 2, 0]], np.int8)
    about = {
        "fid": ["f", "f", "g", "g", "0"],
        "iid": list("abcde"),
        "sex": [1, 2, 0, 1, 1],
        "pheno": ["2", "1", "-9", "1", "2"],
    }
    about |= {"chromosome": ["1", "X", "X"], "sid": ["r1", "r2", "r3"], "bp_position": [5, 7, 9]}
    about |= {"allele_1": ["C", "T", "G"], "allele_2": ["A", "A", "A"]}
    by_site = values.T if major == "SNP" else values
    with bed_reader.create_bed(tmp_path / "x.bed", 5, 3, properties=about, major=major) as file:
        for row in by_site:
            file.write(row)
    assert "site X:7: the call of 'b' is missing" in str(refusal(tmp_path / "x.bed"))
    data = read(tmp_path / "x.bed", missing="drop-sample", label_column="sex", group="family")
    assert data.values.tolist() == values[[0, 2, 3, 4]].tolist()
    assert [("", *data.classes)[k + 1] for k in data.labels] == ["male", "", "male", "male"]
    assert data.groups.tolist() == ["f", "g", "g", "0"]
    assert list(data.kind.genotypes.variants) == ["1 5 r1 A C", "X 7 r2 A T", "X 9 r3 A G"]
    assert read(tmp_path / "x.bed", region="X:8-", label_column="phenotype").labels.tolist() == [1, 0, -1, 0, 1]
    assert read(tmp_path / "x.bed", maf=0.3, missing="major").values.T.tolist() == [[0, 2, 1, 0, 2], [1, 0, 1, 0, 2]]
    assert "no column 'famly' (did you mean 'family'?)" in str(
        refusal(tmp_path / "x.bed", missing="major", label_column="famly")
    )


PLINK_BAD = {
    "no .fam": (".fam", None, None, "no such file: a .bed file needs it"),
    "no .bim": (".bim", None, None, "no such file"),
    "empty .fam": (".fam", b"", None, "file is empty"),
    "short .fam": (".fam", b"f a 0 0 1\n", 1, "5 columns, 6 expected: family"),
    "fewer persons": (
        ".fam",
        b"f a 0 0 1 1\n",
        None,
        r"25 bytes, but the 1 persons of \.fam and 11 sites of \.bim make 14",
    ),
    "two of a name": (
        ".fam",
        b"f a 0 0 1 1\r\nf b 0 0 1 1\r\nf a 0 0 1 1\r\n",
        3,
        "family and name 'f_a' are those of line 1",
    ),
    "not UTF-8": (".fam", b"f a 0 0 1 1\nf \xff 0 0 1 1\n", 2, "byte 0xff"),
    "no position": (".bim", b"1 rs1 0 five A G\n", 1, "position: a whole number up to 2,147,483,647"),
    "long .bim": (".bim", b"1 rs1 0 5 A G\n1 rs2 0 5 A G G\n", 2, "7 columns, 6 expected: chromosome"),
    "other magic": (".bed", b"abc", None, "is no .bed file of PLINK 1"),
    "intervals": (".bed", b"chr1\t5\t9\n", None, "is no .bed file of PLINK 1"),
    "truncated": (".bed", b"\x6c\x1b\x01\x00\x00", None, "5 bytes, but the 7 persons .* make 25"),
    "empty .bed": (".bed", b"", None, "is no .bed file"),
}


@pytest.mark.parametrize("case", PLINK_BAD)
def test_damaged_plink_files_are_refused_in_one_line(tmp_path, case):
    ending, content, line, reason = PLINK_BAD[case]
    write(tmp_path / "x.bed", samples(DOSAGE))
    path = tmp_path / f"x{ending}"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    error = refusal(tmp_path / "x.bed")
    assert (error.line, error.path.suffix) == (line, ".bed" if case == "fewer persons" else ending)
    assert re.search(reason, error.reason)


def test_names_that_occur_in_two_families(tmp_path):
    write(tmp_path / "x.bed", samples(DOSAGE, people=2))
    (tmp_path / "x.fam").write_text("f a 0 0 1 1\ng a 0 0 1 1\n")
    assert read(tmp_path / "x.bed").names.tolist() == ["f_a", "g_a"]
    with pytest.raises(DataError, match="not packed"):
        write(tmp_path / "x.bed.gz", samples(DOSAGE))


# Haplotypes as text


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_hapt_is_read_back(tmp_path, packed):
    data = samples()
    write(tmp_path / f"x.hapt{packed}", data)
    again = read(tmp_path / f"x.hapt{packed}")
    assert np.array_equal(again.values, data.values)
    assert again.labels.tolist() == data.labels.tolist()
    assert again.classes == ("East_Asian", 'x_"y",_z=1')
    assert (again.names.tolist(), again.groups.tolist()) == (data.names.tolist(), data.groups.tolist())
    assert list(again.kind.genotypes.variants) == list(data.kind.genotypes.variants)
    assert sorted(found.name for found in tmp_path.iterdir()) == [f"x.hapt{packed}", f"x.legend{packed}"]


def test_hapt_as_published(file):
    rows = "Real HG1_A 0 1 1\nReal HG1_B 1 1 0\n"
    path = file(rows, "3_SNP_real.hapt")
    assert not read(path).kind.genotypes.variants
    file("id position a0 a1\n1:5_C_T 5 C T\n1:9_A_G 9 A G\n22:7_A_C 7 A C\n", "3_SNP.legend")
    data = read(path)
    assert data.values.tolist() == [[0, 1, 1], [1, 1, 0]]
    assert (data.classes, data.groups.tolist()) == (("Real",), ["HG1", "HG1"])
    assert list(data.kind.genotypes.variants) == ["1 5 1:5_C_T C T", "1 9 1:9_A_G A G", "22 7 22:7_A_C A C"]
    panel = file("sample\tpop\nHG1\tGBR\n", "x.panel")
    assert read(path, labels=panel).classes == ("GBR",)


def test_hap_is_read_back_and_by_bcftools(tmp_path):
    data = samples(variants=[f"22 {5 * i + 5} . A {'CGT'[i % 3]}" for i in range(11)])  # one chromosome, as it must be
    write(tmp_path / "x.hap.gz", data)
    again = read(tmp_path / "x.hap.gz", label_column="population")
    assert np.array_equal(again.values, data.values)
    assert again.names.tolist() == data.names.tolist()
    assert list(again.kind.genotypes.variants)[1] == "22 10 22:10_A_G A G"
    parts = ",".join(str(tmp_path / f"x{ending}.gz") for ending in (".hap", ".legend", ".sample"))
    (tmp_path / "x.samples").write_bytes(gzip.decompress((tmp_path / "x.sample.gz").read_bytes()))
    parts = parts.replace("x.sample.gz", "x.samples")
    program("bcftools")("convert", "-H", parts, "-o", tmp_path / "y.vcf")
    assert np.array_equal(read(tmp_path / "y.vcf").values, data.values)
    odd = Dataset.from_arrays([[0], [1], [1]])
    with pytest.raises(DataError, match="two haplotypes a person expected, '2' has one"):
        write(tmp_path / "z.hap", odd)
    with pytest.raises(DataError, match="of which nobody knows the phase"):
        write(tmp_path / "z.hapt", samples(DOSAGE))


LEGEND = "id position a0 a1\nrs1 5 A G\nrs2 9 C T\n"
TEXT_BAD = {
    "short row": ("x.hapt", "P a 0 1\nP b 0\n", LEGEND, "x.hapt", 2, "1 alleles, 2 as in the first row expected"),
    "long row": ("x.hapt", "P a 0 1\n\nP b 0 1 1\n", LEGEND, "x.hapt", 3, "3 alleles, 2"),
    "no alleles": ("x.hapt", "P a\n", LEGEND, "x.hapt", 1, "0 alleles, at least one expected"),
    "one word": ("x.hapt", "P\n", LEGEND, "x.hapt", 1, "0 alleles"),
    "another letter": ("x.hapt", "P a 0 1\nP b 0 2\n", LEGEND, "x.hapt", 2, "allele 2: 0 or 1 expected, got '2'"),
    "no spaces": ("x.hapt", "P a 01\n", LEGEND, "x.hapt", 1, "allele 1: 0 or 1 expected, got '01'"),
    "not ASCII": ("x.hapt", "P a 0 é\n", LEGEND, "x.hapt", 1, "allele 2: 0 or 1 expected, got 'é'"),
    "not UTF-8": ("x.hapt", b"P a 0 1\nP \xff 0 1\n", LEGEND, "x.hapt", 2, "byte 0xff"),
    "empty": ("x.hapt", "", LEGEND, "x.hapt", None, "file is empty"),
    "blank": ("x.hapt", "\n\n", LEGEND, "x.hapt", None, "file is empty"),
    "other sites": ("x.hapt", "P a 0 1 1\n", LEGEND, "x.legend", None, "2 sites, the haplotypes have 3"),
    "no position": (
        "x.hapt",
        "P a 0 1\n",
        LEGEND.replace("9", "x"),
        "x.legend",
        3,
        "position: a whole number up to 2,147,483,647 expected",
    ),
    "no column": ("x.hapt", "P a 0 1\n", LEGEND.replace("a1", "b1"), "x.legend", 1, "no column 'a1'"),
    "short legend": ("x.hapt", "P a 0 1\n", LEGEND.replace(" T", ""), "x.legend", 3, "3 columns, the header has 4"),
    "short site": ("x.hap", "0 1\n0 1 1\n", LEGEND, "x.hap", 2, "3 alleles, 2"),
    "half a person": ("x.hap", "0 1 1\n0 1 1\n", LEGEND, "x.hap", None, "3 columns, two for each person"),
    "packed badly": ("x.hapt.gz", b"", LEGEND, "x.hapt.gz", None, "file is empty"),
}


@pytest.mark.parametrize("case", TEXT_BAD)
def test_damaged_haplotypes_are_refused_in_one_line(tmp_path, case):
    name, content, legend, wrong, line, reason = TEXT_BAD[case]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "x.legend").write_text(legend)
    error = refusal(tmp_path / name)
    assert (error.path.name, error.line) == (wrong, line)
    assert re.search(reason, error.reason)


def test_persons_beside_haplotypes(file):
    path = file("0 1 1 1\n1 0 0 0\n", "x.hap")
    assert read(path).names.tolist() == ["person_1_A", "person_1_B", "person_2_A", "person_2_B"]
    file("ID_1 ID_2 missing pop\n0 0 0 D\na a 0 GBR\nb b 0 YRI\n", "x.sample")
    data = read(path, label_column="pop")
    assert data.groups.tolist() == ["a", "a", "b", "b"]
    assert [data.classes[k] for k in data.labels] == ["GBR", "GBR", "YRI", "YRI"]
    assert "has no label 'popp'" in str(refusal(path, label_column="popp"))
    file("ID_1\na\na\n", "x.sample")
    assert (refusal(path).line, refusal(path).reason) == (3, "person 'a' is in line 2 too")
    file("ID_1\na\n", "x.sample")
    assert refusal(path).reason == "1 persons, the haplotypes are of 2"


# Arrays


def test_npz_keeps_the_sites(tmp_path):
    data = samples()
    write(tmp_path / "x.npz", data)
    again = read(tmp_path / "x.npz")
    assert (again.hash, list(again.kind.genotypes.variants)) == (data.hash, list(data.kind.genotypes.variants))
    with np.load(tmp_path / "x.npz") as arrays:
        assert arrays["allele"][1] == "C,T"
    dosages = samples(DOSAGE)
    write(tmp_path / "y.npz", dosages)
    assert read(tmp_path / "y.npz").alphabet == DOSAGE


def test_sites_of_arrays_with_and_without_chromosomes(tmp_path):
    np.savez(tmp_path / "x.npz", x=[[0, 1], [1, 1]], snp=["1:5_C_T", "22:9_A_G"], position=[5, 9], who=["p", "p"])
    data = read(tmp_path / "x.npz", group="who")
    assert list(data.kind.genotypes.variants) == ["1 5 1:5_C_T C T", "22 9 22:9_A_G A G"]
    np.savez(tmp_path / "y.npz", x=[[0, 1], [1, 1]], snp=["rs1", "rs 2"], position=[5, 9], allele=["C,T", "A,G"])
    assert list(read(tmp_path / "y.npz").kind.genotypes.variants) == ["0 5 rs1 C T", "0 9 rs_2 A G"]
    np.savez(tmp_path / "z.npz", x=[[0, 1], [1, 1]], rs=["1:5_C_T", "1:6_A_G"], position=[5, 9], snp=[1])
    assert list(read(tmp_path / "z.npz", keys={"snp": "rs"}).kind.genotypes.variants) == [
        "0 5 1:5_C_T N <ALT>",
        "0 9 1:6_A_G N <ALT>",
    ]
    np.savez(tmp_path / "w.npz", x=[[0, 1], [1, 1]], position=[5, 9, 10])
    assert not read(tmp_path / "w.npz").kind.genotypes.variants


@pytest.mark.parametrize("name", ["x.csv", "x.tsv.gz", "x.fasta"])
def test_tables_keep_where_haplotypes_are(tmp_path, name):
    data = samples()
    write(tmp_path / name, data)
    again = read(tmp_path / name)
    assert again.hash == data.hash
    if "fasta" not in name:
        write(tmp_path / "y.vcf", again)
        places = [
            text.split()[:2] + text.split()[3:] for text in list(read(tmp_path / "y.vcf").kind.genotypes.variants)
        ]
        assert places == [text.split()[:2] + text.split()[3:] for text in list(data.kind.genotypes.variants)]
    dosages = samples(DOSAGE)
    write(tmp_path / name, dosages)
    assert read(tmp_path / name).hash == dosages.hash
    assert "1:10_A_G" in data.to_pandas().columns


# The whole way


def population(path, people=60, sites=24):
    """Write a phased VCF of two populations that differ at every site, and its panel."""
    random = np.random.default_rng(1)
    of = np.arange(people) % 2
    share = np.where(of[:, None] == 0, 0.15, 0.85)
    values = (random.random((people, 2, sites)) < share[:, None]).astype(int).reshape(2 * people, sites)
    names = [f"P{i}" for i in range(people)]
    data = Dataset.from_arrays(values, groups=np.repeat(names, 2)).with_kind(
        genotypes=GenotypeKind(tuple(f"7 {100 * (i + 1)} rs{i} A C" for i in range(sites)))
    )
    write(path, data)
    rows = "".join(f"{name}\t{'AB'[k]}\t{'north' if k else 'south'}\n" for name, k in zip(names, of, strict=True))
    path.with_name("all.panel").write_text("sample\tpop\tsuper_pop\n" + rows)


def test_from_vcf_to_vcf(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    population(tmp_path / "in.vcf.gz")
    labels = ("--labels", "all.panel", "--label-column", "super_pop")
    sites = ("--maf", 0.1, "--thin", 150, "--region", "7:300-")
    said = good("train", "in.vcf.gz", *labels, *sites, "-o", "run", "--hidden", 8, "--updates", 30, "--threads", 1)
    assert "120 samples, 11 sites, 2 values, 2 classes" in said.out
    assert "note: left out 11 sites within 150 base pairs of another" in said.err
    good("generate", "run", "-n", 21, "-o", "out.vcf.gz", "--threads", 1)
    with pysam.VariantFile("out.vcf.gz") as found:
        assert len(found.header.samples) == 11
        assert [(v.contig, v.pos, v.id, *v.alleles) for v in found] == [
            ("7", 300 + 200 * i, f"rs{2 + 2 * i}", "A", "C") for i in range(11)
        ]
    again = read("out.vcf.gz")
    assert (len(again), again.class_counts.tolist(), again.classes) == (21, [11, 10], ("north", "south"))
    good("generate", "run", "-n", 20, "-o", "out.bed", "--threads", 1)
    assert read("out.bed", label_column="family").class_counts.tolist() == [5, 5]
    good("generate", "run", "-n", 20, "-o", "out.hapt", "--threads", 1)
    assert list(read("out.hapt").kind.genotypes.variants) == list(again.kind.genotypes.variants)
    # a file with other sites too, of which those of the run are read
    document = good(
        "predict", "run", "in.vcf.gz", "--labels", "all.panel", "--label-column", "super_pop", "-o", "p.csv", "--json"
    ).json
    assert (document["samples"], document["labelled"]) == (120, 120)
    assert "7:300 (A, C) that was asked for is not there" in refused("predict", "run", drop_first(tmp_path))


def drop_first(folder):
    """Return a VCF without the first site of the run."""
    data = read(folder / "in.vcf.gz", region="7:400-")
    write(folder / "less.vcf", data)
    return folder / "less.vcf"


def test_dosages_go_the_whole_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    population(tmp_path / "in.vcf")
    write("in.bed", read("in.vcf", labels="all.panel", label_column="pop"))
    good("train", "in.bed", "--label-column", "family", "-o", "run", "--hidden", 8, "--updates", 10, "--threads", 1)
    for name in ("out.bed", "out.vcf.gz"):
        good("generate", "run", "-n", 9, "-o", name, "--threads", 1)
        assert read(name).values.shape == (9, 24)
        assert read(name).alphabet == DOSAGE
    assert good("predict", "run", "in.vcf", "--json", "--threads", 1).json["samples"] == 60  # phased, read as dosages


def test_real_genomes_from_vcf_to_new_vcf(shared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good("data", "convert", shared / "hgd/hgd.npz", "hgd.vcf.gz", "--key", "x=x,y=continent,group=sample")
    good("train", "hgd.vcf.gz", "-o", "run", "--hidden", 16, "--updates", 5, "--threads", 1)
    good("generate", "run", "-n", 40, "-o", "new.vcf.gz", "--threads", 1)
    data, new = read("hgd.vcf.gz"), read("new.vcf.gz")
    assert (len(new), new.classes) == (40, data.classes)
    assert list(new.kind.genotypes.variants) == list(data.kind.genotypes.variants)
    assert new.kind.genotypes.vcf_header == data.kind.genotypes.vcf_header


def test_real_genomes_there_and_back(shared, tmp_path):
    keys = {"x": "x", "y": "continent", "group": "sample"}
    for source in ("hgd/hgd.npz", "kg_chr22/kg_chr22.npz"):
        data = read(shared / source, keys=keys)
        for name in ("x.vcf.gz", "x.npz"):
            write(tmp_path / name, data)
            again = read(tmp_path / name)
            assert again.hash == data.hash
            assert again.groups.tolist() == data.groups.tolist()
            assert list(again.kind.genotypes.variants) == list(data.kind.genotypes.variants)
        write(tmp_path / "x.hapt", data)
        again = read(tmp_path / "x.hapt")
        assert np.array_equal(again.values, data.values)
        assert list(again.kind.genotypes.variants) == list(data.kind.genotypes.variants)
        write(tmp_path / "x.bed", data)
        dosages = read(tmp_path / "x.bed", label_column="family")
        assert np.array_equal(dosages.values, data.values.reshape(-1, 2, data.sites).sum(1))
        assert dosages.class_counts.tolist() == (data.class_counts // 2).tolist()
    assert data.kind.genotypes.variants[0] == "0 16051497 rs141578542 A G"  # nobody said that it is chromosome 22


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"position": [10, 20]}, r"array 'position': one value for each of 3 sites expected, got \(2,\)"),
        ({"chromosome": 22}, r"array 'chromosome': one value for each of 3 sites expected, got \(\)"),
        ({"position": [10, 20.5, 30]}, r"array 'position', site 2: a whole number expected, got '20.5'"),
        ({"position": ["10", "x", "30"]}, r"array 'position', site 2: a whole number expected, got 'x'"),
        ({"position": [10, 20, np.nan]}, r"array 'position', site 3: a whole number expected, got 'nan'"),
    ],
)
def test_arrays_that_describe_sites_wrongly_are_refused(wrong, said, tmp_path):
    sites = {"snp": ["a", "b", "c"], "position": [10.0, 20.0, 30.0], "chromosome": [22] * 3}
    np.savez(tmp_path / "x.npz", x=np.eye(3, dtype=int), **sites)
    assert read(tmp_path / "x.npz").kind.genotypes.variants[2] == "22 30 c N <ALT>"
    np.savez(tmp_path / "x.npz", x=np.eye(3, dtype=int), **{**sites, **wrong})
    with pytest.raises(DataError, match=said):
        read(tmp_path / "x.npz")
