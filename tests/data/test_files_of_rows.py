"""Files of rows: data larger than memory, converted once, with all that is known of them."""

import os
import pickle
import shutil
import signal
import zlib
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

import shortrun as sr
from command_line import good, refused
from shortrun.data.arrays.formats import rows
from shortrun.data.core import blocks, disk
from shortrun.data.core.alphabet import BINARY
from shortrun.data.core.blocks import is_mapped
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import EVERYWHERE
from shortrun.data.core.kind import GenotypeKind
from shortrun.data.genotypes import waiting
from shortrun.errors import ConfigError, FormatError, StoreError
from shortrun.parallel.launch import packed
from shortrun.settings import Reading, options

FASTA = ">a b group=g label=x\nAC.dg-\n>c\nACWDK*\n>d label=y\nTTWDK-\n"
STOCKHOLM = "# STOCKHOLM 1.0\n#=GF ID me\na ACGU\n#=GS a label x\nb AC-U\n#=GC SS_cons (..)\n//\n"
CSV = "name,age,town,label\nann,31.5,Graz,yes\nbob,,Linz,no\nëve,7,Graz,\n"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Let values be large from the first byte on, and blocks and strips be many."""
    monkeypatch.setattr(disk, "LARGE", 10)
    monkeypatch.setattr(waiting, "BLOCK", 8)
    monkeypatch.setattr(waiting, "STRIP", 40)


def genotypes(people=7, sites=19, seed=0):
    random = np.random.default_rng(seed)
    variants = tuple(f"22 {50 + 3 * i} rs{i} A G" for i in range(sites))
    values = random.random((2 * people, sites)) < random.random(sites)
    names = [f"p{i}_{side}" for i, side in product(range(people), "AB")]
    labels = np.repeat([("x", "y", "")[i % 3] for i in range(people)], 2)
    data = Dataset.from_arrays(values, labels, names=names, groups=[name[:-2] for name in names], alphabet=BINARY)
    return data.with_kind(genotypes=GenotypeKind(variants, ("##fileformat=VCFv4.2", "##source=me")))


def written(folder, suffix):
    """Return a file of each format."""
    path = folder / f"data{suffix}"
    if suffix == ".a3m":
        path.write_text(">a b label=x\nACwd--G\n>c\nACWDK\n")
    elif suffix in (".fasta", ".sto", ".csv"):
        path.write_text({".sto": STOCKHOLM, ".csv": CSV}.get(suffix, FASTA), encoding="utf-8")
    elif suffix == ".idx":
        grey = np.random.default_rng(0).integers(0, 255, (9, 4, 3)).astype(float)
        sr.write(path, sr.from_numpy(grey, np.arange(9) % 2, threshold=0.5))
    else:
        sr.write(path, genotypes())
    return path


def names(folder):
    return [path.name for path in folder.iterdir()]


def same(data, other):
    """Check that two data sets are equal in everything, but where they were read from."""
    assert data.hash == other.hash
    for name in ("values", "labels", "weights", "names", "groups"):
        assert np.array_equal(getattr(data, name), getattr(other, name)), name
    assert (data.classes, data.notes) == (other.classes, other.notes)
    kinds = [replace(each.kind, source=None, reading=Reading()) for each in (data, other)]
    assert kinds[0] == kinds[1]
    assert kinds[0].to_dict() == kinds[1].to_dict()
    assert (data.original is None) == (other.original is None)
    if data.original is not None:
        cells = [[list(column.array[column.codes]) for column in each.original.columns] for each in (data, other)]
        assert cells[0] == cells[1]


@pytest.mark.parametrize("suffix", [".vcf", ".vcf.gz", ".bcf", ".bed", ".fasta", ".a3m", ".sto", ".csv", ".idx"])
def test_rows_hold_all_that_the_file_held(tmp_path, suffix, monkeypatch):
    path, out = written(tmp_path, suffix), tmp_path / "x.rows"
    options = {"unknown": "gap", "max_gaps": 0.5} if suffix == ".fasta" else {}
    options |= {"label_column": "family"} if suffix == ".bed" else {}
    same(sr.convert(path, out, **options), sr.read(out))
    stored = sr.read(out)
    assert is_mapped(stored.values)
    monkeypatch.setattr(disk, "LARGE", 2**28)
    in_memory = sr.read(path, **options)
    assert not is_mapped(in_memory.values)
    same(in_memory, stored)
    assert stored.kind.source == str(out)
    remembered = {".fasta": {"unknown": "gap"}, ".bed": {"label_column": "family"}}
    assert stored.kind.reading.given == remembered.get(suffix, {})
    again = tmp_path / f"again{suffix}"
    first = tmp_path / f"first{suffix}"
    sr.write(again, stored)
    sr.write(first, in_memory)
    assert again.read_bytes() == first.read_bytes()


def test_large_values_become_the_file_once(tmp_path):
    sr.write(tmp_path / "x.vcf", genotypes())
    with disk.made_in(tmp_path):
        data = sr.read(tmp_path / "x.vcf")
    inode = os.fstat(disk.room_of(data.values).file.fileno()).st_ino
    sr.write(tmp_path / "x.rows", data)
    sr.write(tmp_path / "y.rows", data.with_labels(["z"] * len(data)))
    assert (tmp_path / "x.rows").stat().st_ino == inode != (tmp_path / "y.rows").stat().st_ino
    same(data, sr.read(tmp_path / "x.rows"))
    assert sr.read(tmp_path / "y.rows").classes == ("z",)


def test_other_programs_read_them(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    data = genotypes()
    sr.write(tmp_path / "x.rows", data)
    found = numpy.load_file(tmp_path / "x.rows")
    assert np.array_equal(found["values"], data.values)
    assert np.array_equal(found["labels"], data.labels)


def test_a_training_on_rows_has_the_bits_of_one_on_the_file(tmp_path):
    sr.write(tmp_path / "x.vcf", genotypes(people=20))
    data = sr.convert(tmp_path / "x.vcf", tmp_path / "x.rows")
    options = {"hidden": 3, "updates": 2, "batch": 8, "validation": 0}
    runs = [sr.fit(sr.read(tmp_path / f"x.{end}"), **options) for end in ("vcf", "rows")]
    assert torch.equal(runs[0][-1], runs[1][-1])
    assert runs[0].data["hash"] == runs[1].data["hash"] == data.hash
    for end, run in zip("ab", runs, strict=True):
        sr.write(tmp_path / f"{end}.vcf", sr.generate(run, n=4, labels="x"))
    assert (tmp_path / "a.vcf").read_bytes() == (tmp_path / "b.vcf").read_bytes()
    stored = sr.read(tmp_path / "x.rows", like=runs[0])
    assert np.array_equal(sr.predict(runs[0], stored).labels, sr.predict(runs[0], data).labels)


@pytest.mark.parametrize("options", [{"maf": 0.3}, {"thin": 7}, {"region": "22:60-90"}, {"maf": 0.2, "thin": 4}])
def test_sites_are_chosen_as_of_the_first_file(tmp_path, options):
    path = tmp_path / "x.vcf"
    sr.write(path, genotypes())
    for alphabet in ("binary", "dosage"):
        sr.convert(path, tmp_path / "x.rows", alphabet=alphabet)
        some = sr.read(path, alphabet=alphabet, **options)
        same(some, sr.read(tmp_path / "x.rows", **options))
        assert some.sites < 19
        same(some, sr.read(tmp_path / "x.rows", like=some).with_notes(*some.notes))
    with pytest.raises(FormatError, match="no site is left in the region 21:5-6"):
        sr.read(tmp_path / "x.rows", region="21:5-6")


def test_alleles_are_turned_as_other_data_have_them(tmp_path):
    data = genotypes()
    sr.write(tmp_path / "x.rows", data)
    wanted = [data.kind.genotypes.variants[i] for i in (5, 2)] + ["22 59 . G A"]
    found = sr.read(tmp_path / "x.rows", like=replace(data.kind, genotypes=GenotypeKind(tuple(wanted)), sites=3))
    assert np.array_equal(found.values, np.stack([data.values[:, 5], data.values[:, 2], 1 - data.values[:, 3]], 1))
    assert found.notes == ("alleles exchanged at 1 site, where they are the other way round",)
    lacking = replace(data.kind, genotypes=GenotypeKind((*wanted, "22 8 . A G")), sites=4)
    with pytest.raises(FormatError, match=r"the site 22:8 \(A, G\) that was asked for is not there"):
        sr.read(tmp_path / "x.rows", like=lacking)


def test_labels_splits_and_parts_stay_on_the_disk(tmp_path):
    sr.write(tmp_path / "x.rows", genotypes())
    (tmp_path / "l.csv").write_text("who,what\n" + "".join(f"p{i},{'ab'[i % 2]}\n" for i in range(7)))
    data = sr.read(tmp_path / "x.rows", labels=tmp_path / "l.csv")
    assert data.classes == ("a", "b")
    parts = data.split(0.3)
    assert all(is_mapped(part.values) for part in parts)
    assert np.array_equal(np.sort(np.concatenate([part.names for part in parts])), np.sort(data.names))
    assert np.array_equal(data.select(np.array([3, 1])).values, data.values[[3, 1]])
    assert len(packed(parts[0].values)) < 500  # a process that starts opens the nameless file again
    assert np.array_equal(pickle.loads(packed(parts[0].values)), parts[0].values)
    good("data", "split", tmp_path / "x.rows", tmp_path / "a.rows", tmp_path / "b.rows", "--fraction", 0.3)
    assert sum(len(sr.read(tmp_path / f"{part}.rows")) for part in "ab") == 14
    assert good("data", "info", tmp_path / "x.rows", "--json").json["groups"] == 7


def test_what_rows_do_not_hold_is_refused(tmp_path):
    sr.write(tmp_path / "x.rows", genotypes())
    x = tmp_path / "x.rows"
    line = refused("data", "info", x, "--label-column", "pop")
    assert line.endswith("has no label 'pop': convert the first file again, or give a labels file with that column")
    assert "holds the binary alphabet '01', not dosage" in refused("data", "info", x, "--alphabet", "dosage")
    assert "leave out .gz" in refused("data", "convert", x, tmp_path / "y.rows.gz")


def test_the_column_of_the_conversion_may_be_asked_for_again(tmp_path):
    x, options = tmp_path / "x.rows", ("--label-column", "family", "--group", "sample")
    sr.write(tmp_path / "x.bed", genotypes())
    good("data", "convert", tmp_path / "x.bed", x, *options)
    good("data", "split", x, tmp_path / "a.rows", tmp_path / "b.rows", *options)
    for path in (x, tmp_path / "a.rows"):
        assert sr.read(path, label_column="family").classes == ("x", "y")
        with pytest.raises(FormatError, match="has the label 'family', not 'sex': convert the first file again, or "):
            sr.read(path, label_column="sex")
        with pytest.raises(FormatError, match="has the group 'sample', not 'sex': "):
            sr.read(path, group="sex")
    run = sr.fit(x, label_column="family", out=tmp_path / "run", hidden=3, updates=1, validation=0)
    assert sr.fit(out=run.path, resume=True, updates=2).updates == 2
    (tmp_path / "l.csv").write_text("who,what\n" + "".join(f"p{i},{'ab'[i % 2]}\n" for i in range(7)))
    other = sr.convert(x, tmp_path / "y.rows", labels=tmp_path / "l.csv", label_column="what")
    assert other.classes == ("a", "b")
    assert sr.read(tmp_path / "y.rows", label_column="what").classes == ("a", "b")
    sr.convert(x, tmp_path / "z.rows", labels=tmp_path / "l.csv")  # in a column that nobody named
    with pytest.raises(FormatError, match="has no label 'family'"):
        sr.read(tmp_path / "z.rows", label_column="family")


SPENT = {
    **{"delimiter": ";", "decimal": ",", "skip_bad": True, "keys": {"x": "y"}, "threshold": 0.2, "inserts": "keep"},
    **{"align": "x.hmm", "part": "train", "grey": True, "image_size": "8x8", "frames": 4, "time_bin": "beat/4"},
    **{"stride": 2, "missing": "major", "multiallelic": "split", "bins": 5, "categorical": ("a",), "numeric": ("a",)},
    **{"ignore": ("a",), "unknown": "gap"},
}


def test_options_of_a_conversion_are_spent(tmp_path):
    sr.convert(written(tmp_path, ".fasta"), tmp_path / "x.rows", unknown="gap")
    assert SPENT.keys() == {each.keyword for each in options(Reading)} - {*EVERYWHERE, *rows.USES}
    for name, value in SPENT.items():
        if name == "unknown":
            assert sr.read(tmp_path / "x.rows", **{name: value}).kind.reading.unknown == "gap"
            value = "drop"
        with pytest.raises(
            ConfigError, match=f"^{name}: is of use when a file is converted to rows.*: convert the first"
        ):
            sr.read(tmp_path / "x.rows", **{name: value})
    line = refused("train", tmp_path / "x.rows", "-o", tmp_path / "run", "--unknown", "drop")
    assert line.startswith("error: --unknown: is of use when a file is converted to rows, here with 'gap': ")
    with pytest.raises(ConfigError, match=r"^maf: is an option of reading: give it to sr.read\(DATA, maf=...\)$"):
        sr.fit(tmp_path / "x.rows", maf=0.1)


def test_hashes_are_kept_with_the_rows(tmp_path, monkeypatch):
    data = genotypes()
    sr.write(tmp_path / "x.rows", data)
    whole = rows.others
    monkeypatch.setattr(rows, "others", lambda *it: {k: v for k, v in whole(*it).items() if k != "row_hashes"})
    sr.write(tmp_path / "old.rows", data)
    stored, old = sr.read(tmp_path / "x.rows"), sr.read(tmp_path / "old.rows")
    assert {"hash", "row_hashes"} <= vars(stored).keys()
    assert not {"hash", "row_hashes"} & vars(old).keys()
    for name, some in product(("hash", "row_hashes"), (stored, old)):
        assert np.array_equal(getattr(some, name), getattr(data, name))
    mask = np.arange(len(data)) % 3 == 0
    changed = {
        "labels": stored.with_labels(["z"] * len(data)),
        "classes": stored.recode(("y", "x")),
        "rows": stored.select(mask),
        "first": stored.head(5),
        "names": stored.with_names(np.arange(len(data))),
        "values": stored.with_values(1 - stored.values),
        "both": stored.merge(data),
    }
    for each in changed.values():
        anew = replace(each)
        assert not {"hash", "row_hashes"} & vars(anew).keys()
        assert each.hash == anew.hash
        assert np.array_equal(each.row_hashes, anew.row_hashes)


@pytest.mark.parametrize("how", ["replaced", "removed"])
def test_a_large_file_that_is_another_now_is_refused_by_processes_and_a_small_one_copied(tmp_path, monkeypatch, how):
    path = tmp_path / "x.rows"
    sr.write(path, genotypes())
    data, theirs = sr.read(path), np.array(genotypes().values)
    assert len(packed(data.values)) < 500
    os.utime(path, ns=(1, 1))
    assert len(packed(data.values)) < 500
    if how == "replaced":
        sr.write(path, genotypes(seed=1))
    else:
        path.unlink()
    assert np.array_equal(pickle.loads(packed(data.values)), theirs)
    monkeypatch.setattr(blocks, "COPIED", 0)
    line = f"^{path}: was replaced, cut or removed since it was read: read it again$"
    with pytest.raises(FormatError, match=line):
        packed(data.values)
    with pytest.raises(FormatError, match=line):
        sr.fit(data, hidden=2, updates=1, validation=0, processes=2)


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files without a name are of Linux")
def test_a_killed_conversion_leaves_nothing(tmp_path):
    (tmp_path / "x.fasta").write_text(FASTA.replace("W", "A").replace("*", "-"))
    if not (child := os.fork()):
        sr.convert(tmp_path / "x.fasta", tmp_path / "x.rows", told=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert names(tmp_path) == ["x.fasta"]


def test_a_small_disk_is_one_line_before_anything_is_written(tmp_path, monkeypatch):
    path = written(tmp_path, ".vcf")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 90, 10))
    line = refused("data", "convert", path, tmp_path / "x.rows")
    assert line.startswith(f"error: {tmp_path}: the disk is too small: ")
    assert line.endswith("of values, 10 bytes are free")
    with pytest.raises(StoreError, match="the disk is too small: 266 bytes"):
        sr.write(tmp_path / "x.rows", genotypes())
    assert names(tmp_path) == ["data.vcf"]


def test_a_disk_that_is_full_is_one_line(tmp_path, monkeypatch):
    path = written(tmp_path, ".vcf")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk.Room, "write", full)
    assert refused("data", "convert", path, tmp_path / "x.rows").endswith("no space left on device")
    assert names(tmp_path) == ["data.vcf"]


def damaged(content, name):
    """Return the content of a file with one kind of damage."""
    first = disk.FIRST
    if name == "beyond the alphabet":  # with a checksum to match
        changed = b"\7" + content[first + 1 :]
        old, new = (f"{zlib.crc32(it[:266]):08x}".encode() for it in (content[first:], changed))
        return content[:first].replace(old, new) + changed
    return {
        "cut": content[:-1],
        "longer": content + b"\0",
        "no header": content[:first].replace(b'"values": {', b'"walues": {') + content[first:],
        "shape": content[:first].replace(b"[14, 19]", b"[19, 15]") + content[first:],
        "no JSON": content[:80] + b"\xff" + content[81:],
        "a value": content[: first + 5] + bytes([content[first + 5] ^ 1]) + content[first + 6 :],
        "names": content.replace(b'"p3_A"', b'"p9_A"'),
    }[name]


DAMAGES = {
    "cut": "is a truncated or damaged file of rows",
    "longer": "is a truncated or damaged file of rows",
    "no header": "is a truncated or damaged file of rows",
    "shape": "is a truncated or damaged file of rows",
    "no JSON": "is a truncated or damaged file of rows",
    "a value": "is damaged: values are not as they were written",
    "names": "is damaged: 'about' is not as it was written",
    "beyond the alphabet": "is damaged: sample 1, site 1: 0 to 1 expected, got 7",
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_one_line(tmp_path, name):
    path = tmp_path / "x.rows"
    sr.write(path, genotypes())
    assert rows.begins(path.read_bytes())
    path.write_bytes(damaged(path.read_bytes(), name))
    assert refused("data", "info", path) == f"error: {path}: {DAMAGES[name]}"
