"""Odd files of genotypes: what is dropped, split, exchanged or filled is counted; PLINK 2; nothing is overwritten."""

from __future__ import annotations

import numpy as np
import pytest

from command_line import good
from command_line import refused as stopped
from shortrun.data import read, write
from shortrun.data.core.alphabet import DOSAGE
from shortrun.data.core.dataset import Dataset
from shortrun.errors import FormatError, StoreError

for name in ("cyvcf2", "bed_reader"):
    pytest.importorskip(name)

HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID=1>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tp\tq\n"
)


def vcf(path, *rows):
    """Write a VCF of rows such as "5 A G GT 0|1 1|1"."""
    lines = []
    for row in rows:
        at, ref, alt, form, *calls = row.split()
        lines.append("\t".join(["1", at, f"rs{at}", ref, alt, ".", ".", ".", form, *calls]) + "\n")
    path.write_text(HEAD + "".join(lines))
    return path


def haplotypes(people=4, sites=5):
    rows = np.random.default_rng(1).integers(0, 2, (2 * people, sites))
    persons = np.repeat([f"P{i}" for i in range(people)], 2)
    variants = tuple(f"22 {10 + i} rs{i} A G" for i in range(sites))
    data = Dataset.from_arrays(rows, [*"aabb"] * (people // 2), groups=persons)
    return data.with_kind(genotypes=type(data.kind.genotypes)(variants))


# VCF


def test_a_record_without_genotypes(tmp_path):
    path = vcf(tmp_path / "x.vcf", "5 A G GT 0|1 1|1", "6 A G DP 3 4", "7 C T GT 1|0 0|0")
    assert "site 1:6 has no genotypes" in stopped("data", "info", path)
    assert "--missing drop-site' leaves it out" in stopped("data", "info", path)
    told = good("data", "info", path, "--missing", "drop-site").out
    assert "note: left out 1 site without genotypes" in told
    assert read(path, skip_bad=True).values.tolist() == [[0, 1], [1, 0], [1, 0], [1, 0]]


def test_bad_records_are_left_out_and_counted(tmp_path):
    rows = ["5 A G GT 0|1 1|1", "6 A G GT 0|1 3|1", "7 C T GT 1|0/1 0|0|1", "8 C T GT 1|0 0|0", "9 C T GT 0|0 0|1"]
    path = vcf(tmp_path / "x.vcf", *rows)
    path.write_text(path.read_text().replace("1\t8\trs8\tC\tT", "1\teight\trs8\tC"))
    stopped("data", "info", path)
    data = read(path, skip_bad=True)
    assert data.notes == ("left out 3 sites that cannot be read",)
    assert data.kind.genotypes.variants == ("1 5 rs5 A G", "1 9 rs9 C T")
    path.write_text(path.read_text()[: len(HEAD)] + "no record\n" * 300)
    with pytest.raises(FormatError, match=r"x\.vcf"):
        read(path, skip_bad=True)


@pytest.mark.parametrize("at", ["2147483648", "4294967301", "99999999999", "9" * 25])
def test_positions_that_no_format_holds_are_refused(tmp_path, at):
    last = "2147483647"
    good = vcf(tmp_path / "x.vcf", "5 A G GT 0|1 1|1", f"{last} A G GT 0|1 1|1")
    assert read(good).kind.genotypes.variants[1] == f"1 {last} rs{last} A G"
    expected = f"position: a whole number up to 2,147,483,647 expected, got '{at}'"
    bad = vcf(tmp_path / "y.vcf", "5 A G GT 0|1 1|1", f"{at} A G GT 0|1 1|1")
    with pytest.raises(FormatError, match=rf"y\.vcf(: site 1:{at}|:7): {expected}"):
        read(bad)
    assert read(bad, skip_bad=True).notes == ("left out 1 site that cannot be read",)
    for ending, file in ((".bed", ".bim"), (".hap", ".legend"), (".hapt", ".legend"), (".pgen", ".pvar")):
        if ending == ".pgen":
            pytest.importorskip("pgenlib")
        path = tmp_path / f"z{ending}"
        write(path, read(good))
        sites = path.with_suffix(file)
        sites.write_text(sites.read_text().replace(last, at))
        with pytest.raises(FormatError, match=rf"z\{file}:\d: {expected}"):
            read(path)
        sites.unlink()


@pytest.mark.parametrize("ending", [".vcf", ".vcf.gz", ".bcf", ".bed", ".pgen", ".npz"])
def test_odd_names_of_sites_are_read_back_with_all_calls(tmp_path, ending):
    path = vcf(tmp_path / "x.vcf", *(f"{at} A G GT 0|1 1|1" for at in range(1, 8)))
    odd = ["\ufeffa", "a b", " a", "a\u3000b\u2028", "\u00e4\u00f6\u00fc", "a\u00a0b", "\u200b"]
    text = path.read_text()
    for at, name in enumerate(odd, start=1):
        text = text.replace(f"1\t{at}\trs{at}\t", f"{name.strip()}\t{at}\t{name}\t")
    path.write_text(text)
    data = read(path, alphabet="dosage")  # which .bed has too
    assert data.kind.genotypes.variants[:3] == ("a 1 a A G", "a_b 2 a_b A G", "a 3 a A G")
    write(tmp_path / f"y{ending}", data)
    again = read(tmp_path / f"y{ending}", alphabet="dosage")
    assert again.kind.genotypes.variants == data.kind.genotypes.variants
    assert again.values.tolist() == data.values.tolist()


def test_a_vcf_whose_names_are_not_utf_8_is_refused(tmp_path):
    path = vcf(tmp_path / "x.vcf", "5 A G GT 0|1 1|1")
    path.write_bytes(path.read_bytes().replace(b"#CHROM", b"#CHROM\xff"))
    with pytest.raises(FormatError, match=r"x.vcf:5: is not UTF-8 text: no VCF"):
        read(path)


def test_several_alternative_alleles_are_split(tmp_path):
    path = vcf(tmp_path / "x.vcf", "5 A G GT 0|1 1|1", "6 A G,T GT 0|1 2|1", "7 A . GT 0|0 0|0")
    assert read(path).notes == ("left out 2 sites without exactly two alleles",)
    data = read(path, multiallelic="split")
    assert data.kind.genotypes.variants == ("1 5 rs5 A G", "1 6 rs6 A G", "1 6 rs6 A T")
    assert data.values.tolist() == [[0, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 0]]
    assert data.notes == (
        "left out 1 site without exactly two alleles",
        "1 site with several alternative alleles split into 2",
    )


def test_what_is_filled_exchanged_or_single_is_counted(tmp_path):
    path = vcf(tmp_path / "x.vcf", "5 A G GT 0|1 .", "6 A G GT 0|0 1", "7 A G GT 1|. 1")
    data = read(path, missing="major")
    assert data.notes == (
        "2 missing calls read as the more frequent allele of the site",
        "one allele at a site in 1 of 2 persons: one haplotype each",
    )
    turned = vcf(tmp_path / "y.vcf", "7 G A GT 0|1 1", "6 G A GT 0|0 1", "5 A G GT 0|1 1")
    again = read(turned, like=data)
    assert "alleles exchanged at 2 sites, where they are the other way round" in again.notes
    assert again.values.tolist() == [[0, 1, 1], [1, 1, 0], [1, 0, 0]]


# Haplotypes as text


def test_a_legend_of_other_files_is_not_overwritten(tmp_path):
    data = haplotypes()
    write(tmp_path / "x.hapt", data)
    legend = (tmp_path / "x.legend").read_text()
    assert "rs3 13 A G" in legend
    write(tmp_path / "x.hap", data)  # has ids as bcftools needs them, but the legend stays that of x.hapt
    assert (tmp_path / "x.legend").read_text() == legend
    assert read(tmp_path / "x.hap").kind.genotypes.variants == data.kind.genotypes.variants
    other = data.with_kind(genotypes=type(data.kind.genotypes)(tuple(f"22 {90 + i} rs{i} C T" for i in range(5))))
    with pytest.raises(StoreError, match=r"x\.legend: is there already, with other sites, as those of x\.hap:"):
        write(tmp_path / "x.hapt", other)
    assert (tmp_path / "x.legend").read_text() == legend
    write(tmp_path / "y.hapt", data)
    write(tmp_path / "y.hapt", other)  # its own legend goes with it
    assert read(tmp_path / "y.hapt").kind.genotypes.variants == other.kind.genotypes.variants


def test_rs_numbers_outlive_hap(tmp_path):
    data = haplotypes()
    write(tmp_path / "x.hap", data)
    assert "22:13_A_G 13 A G rs3" in (tmp_path / "x.legend").read_text()
    assert read(tmp_path / "x.hap").kind.genotypes.variants == data.kind.genotypes.variants


def test_persons_of_arrays_keep_their_names(tmp_path):
    data = haplotypes()
    assert data.names[0] == "0"
    write(tmp_path / "x.npz", data)
    good("data", "convert", tmp_path / "x.npz", tmp_path / "x.hapt")
    again = read(tmp_path / "x.hapt")
    assert again.names.tolist()[:3] == ["P0_A", "P0_B", "P1_A"]
    assert again.groups.tolist() == data.groups.tolist()


def test_one_single_haplotype_does_not_part_the_pairs(tmp_path):
    (tmp_path / "x.hapt").write_text("a p_A 0 1\na p_B 0 0\na q 1 1\na r_A 1 0\n")
    data = read(tmp_path / "x.hapt")
    assert data.groups.tolist() == ["p", "p", "q", "r_A"]
    assert data.notes == ("no x.legend: sites have numbers only",)


def test_bad_rows_of_hapt(tmp_path):
    (tmp_path / "x.hapt").write_text("a p 0 1\na q 0\nb r 1 1\n")
    (tmp_path / "x.legend").write_text("id position a0 a1\nrs1 1 A G\nrs2 2 A G\n")
    data = read(tmp_path / "x.hapt", skip_bad=True)
    assert data.names.tolist() == ["p", "r"]
    assert data.notes == ("left out 1 row that cannot be read: line 2 has 1 alleles, 2 as in the first row expected",)


# PLINK


def test_an_allele_that_nobody_has(tmp_path):
    data = Dataset.from_arrays([[0, 1], [0, 2]], alphabet=DOSAGE)
    write(tmp_path / "x.bed", data)
    (tmp_path / "x.bim").write_text("1 rs1 0 5 0 A\n1 rs2 0 6 G A\n")
    found = read(tmp_path / "x.bed")
    assert found.kind.genotypes.variants == ("1 5 rs1 A <ALT>", "1 6 rs2 A G")
    assert found.notes == ("allele '0' at 1 site of .bim, which nobody has, is called N or <ALT>",)
    write(tmp_path / "x.vcf", found)
    assert read(tmp_path / "x.vcf", alphabet="dosage").values.tolist() == found.values.tolist()


def test_plink_2_keeps_phase_and_labels(tmp_path):
    pytest.importorskip("pgenlib")
    data = haplotypes()
    write(tmp_path / "x.pgen", data)
    again = read(tmp_path / "x.pgen")
    assert (again.values == data.values).all()
    assert again.names.tolist()[:2] == ["P0_A", "P0_B"]
    assert again.kind.genotypes.variants == data.kind.genotypes.variants
    assert [again.classes[code] for code in again.labels] == [*"aabb"] * 2
    dosages = Dataset.from_arrays(np.random.default_rng(2).integers(0, 3, (5, 7)), alphabet=DOSAGE)
    write(tmp_path / "y.pgen", dosages)
    found = read(tmp_path / "y.pgen")
    assert (found.values == dosages.values).all()
    assert found.notes == ("10 of 10 heterozygous calls are not phased: read as dosages 0, 1 and 2, not as haplotypes",)


def test_plink_2_files_of_others(tmp_path):
    pgenlib = pytest.importorskip("pgenlib")
    writer = pgenlib.PgenWriter(
        str(tmp_path / "x.pgen").encode(), 3, variant_ct=3, nonref_flags=False, allele_ct_limit=3
    )
    writer.append_biallelic(np.array([0, 1, -9], np.int8))
    writer.append_alleles(np.array([0, 1, 2, 2, 0, 2], np.int32), allele_ct=3)
    writer.append_biallelic(np.array([2, 1, 0], np.int8))
    writer.close()
    (tmp_path / "x.pvar").write_text(
        "##x\n#CHROM POS ID REF ALT\n1 5 a A G\n1 6 b A C,T\n2 5 c A G\n".replace(" ", "\t")
    )
    (tmp_path / "x.psam").write_text("#IID\tSEX\tPop\np\t1\tGBR\nq\t2\tNA\nr\t1\tTSI\n")
    assert "the call of 'r' is missing" in stopped("data", "info", tmp_path / "x.pgen")
    data = read(tmp_path / "x.pgen", missing="drop-site", label_column="Pop")
    assert data.values.tolist() == [[2], [1], [0]]
    assert data.labels.tolist() == [0, -1, 1]
    assert data.notes[:2] == (
        "left out 1 site without exactly two alleles",
        "left out 1 site with a missing call",
    )
    split = read(tmp_path / "x.pgen", missing="major", multiallelic="split", region="1")
    assert split.values.tolist() == [[0, 1, 0], [1, 0, 2], [0, 0, 1]]
    with pytest.raises(FormatError, match=r"x\.psam: no column 'Popp' \(did you mean 'Pop'"):
        read(tmp_path / "x.pgen", missing="major", label_column="Popp")
    (tmp_path / "x.psam").write_text("#IID\np\nq\n")
    with pytest.raises(FormatError, match=r"is no \.pgen file of these"):
        read(tmp_path / "x.pgen")
    (tmp_path / "x.pvar").unlink()
    with pytest.raises(FormatError, match=r"x\.pvar: no such file: a \.pgen file needs it"):
        read(tmp_path / "x.pgen")


def test_a_split_keeps_relatives_on_one_side(tmp_path):
    data = haplotypes(people=30, sites=200)
    values = data.values.copy()
    values[4:6] = values[0:2]  # the third person is the twin of the first
    path = tmp_path / "g.vcf"
    write(path, data.with_values(values, data.kind))
    result = good("data", "split", path, tmp_path / "a.npz", tmp_path / "b.npz", "--identity", 0.9, "--seed", 1)
    assert "29 groups of 60 samples alike at identity 0.9 stay together; the largest has 4 samples" in result.err
    assert "largest share of alleles of two persons across the sides" in result.err
    for seed in range(5):
        one, other = read(path).split(0.3, seed=seed, identity=0.9)
        assert len({"P0", "P2"} & {*other.groups.tolist()}) in (0, 2)
        assert not {*one.groups.tolist()} & {*other.groups.tolist()}
    reason = stopped("data", "split", path, tmp_path / "c.npz", tmp_path / "d.npz", "--identity", 0.2)
    assert "all 30 persons are one group at identity 0.2: pairs share 0." in reason
    result = good("data", "split", path, tmp_path / "e.npz", tmp_path / "f.npz")
    assert "note: 30 groups" in result.err
