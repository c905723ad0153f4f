"""Every format that is written, with a table of labels as they come: another order, surplus rows, another dialect."""

import numpy as np
import pytest

from shortrun.data import read, write
from shortrun.data.core.alphabet import BINARY, PROTEIN
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import ImageKind, MusicKind
from shortrun.data.formats import formats
from shortrun.data.genotypes.formats import haplotypes, impute, pgen, plink, vcf
from shortrun.data.sequences.formats import clustal, fasta, plain, stockholm
from shortrun.errors import FormatError

NAMES = ["p1", "p2", "p3", "p4"]
CLASSES = ["Süd", "Nord", "Süd", ""]
SUFFIXES = [suffix for form in formats() if form.writes for suffix in form.suffixes]
LETTERS = {s for form in (clustal, fasta, plain, stockholm) for s in form.FORMAT.suffixes}
PERSONS = {s for form in (haplotypes, impute, pgen, plink, vcf) for s in form.FORMAT.suffixes}
NAMELESS = (
    ".seq",
    ".psicov",
    ".npy",
    "idx",
    "-ubyte",
    "1-ubyte",
    "2-ubyte",
    "3-ubyte",
)  # endings of formats without names
FOLDERS = [suffix for form in formats() if form.write_folder for suffix in form.suffixes]  # a file is one sample


def written(tmp_path, suffix):
    """Return the file of four samples (of eight haplotypes, where that is a file of persons)."""
    names = NAMES
    if suffix in PERSONS:
        values = np.random.default_rng(0).integers(0, 2, (8, 6), dtype=np.uint8)
        values[:2] = [[0], [1]]
        names = [f"{name}_{side}" for name in NAMES for side in "AB"]
        data = Dataset.from_arrays(values, names=names, groups=np.repeat(NAMES, 2), alphabet=BINARY)
    elif suffix in LETTERS:
        codes = [PROTEIN.letters.index(letter) for letter in "ACDWYEFK"]
        data = Dataset.from_arrays(np.array([codes] * 4), names=NAMES, alphabet=PROTEIN)
    else:
        values = np.array([[0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 1], [1, 0, 0, 0]])
        data = Dataset.from_arrays(values, names=NAMES).with_kind(image=ImageKind((2, 2)))
    path = tmp_path / f"data{suffix}"
    write(path, data)
    return path


TABLES = {
    "semicolons, Latin-1": ("rank;#Individual ID;class\n", ";", "latin-1", {"encoding": "latin-1"}),
    "tabs, UTF-16": ("Sample name\tclass\n", "\t", "utf-16", {}),
    "white space": ("#IID class\n", " ", "utf-8", {}),
    "commas, mark": ("id,class\n", ",", "utf-8-sig", {}),
}


def table(tmp_path, dialect):
    """Return a table of classes in another order, with a row of no sample and without one of the samples."""
    header, mark, encoding, options = TABLES[dialect]
    first = ("1",) if header.startswith("rank") else ()
    rows = [mark.join((*first, name, label or "?")) for name, label in zip(NAMES, CLASSES, strict=True)]
    rows = [rows[2], mark.join((*first, "stranger", "West")), rows[1], rows[0]]
    path = tmp_path / "labels.txt"
    path.write_text(header + "\n".join(rows) + "\n", encoding=encoding)
    return {"labels": path, "label_column": "class", **options}


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix not in FOLDERS])
def test_labels_find_their_samples_in_every_format(tmp_path, suffix):
    try:
        path = written(tmp_path, suffix)
    except ImportError as error:
        pytest.skip(str(error))
    for dialect in TABLES:
        options = table(tmp_path, dialect)
        if suffix.endswith(NAMELESS):
            with pytest.raises(FormatError, match=r"the samples have no names.*labels_by_order=True"):
                read(path, **options)
            found = read(path, labels_by_order=True, **options)
            assert [found.classes[code] for code in found.labels] == ["Süd", "West", "Nord", "Süd"]
            continue
        data = read(path, **options)
        persons = data.names if data.groups is None else data.groups
        found = {
            name.partition("@")[0].removesuffix("_A"): ("", *data.classes)[code + 1]
            for name, code in zip(persons.tolist(), data.labels.tolist(), strict=True)
        }
        assert found == dict(zip(NAMES, CLASSES, strict=True)), dialect
        (note,) = (note for note in data.notes if " names " in note and "samples" in note)
        without = len(data) // 4
        assert f"names {3 * without:,} of {4 * without:,} samples; {without} ha" in note
        assert "have no row, as 'p4" in note.replace("has", "have")
        assert note.endswith("1 of 4 rows is of no sample, as 'stranger'")


@pytest.mark.parametrize("kind", ["images", "music"])
def test_labels_find_their_samples_in_folders(tmp_path, kind):
    if kind == "images":
        values = np.array([[0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 1], [1, 0, 0, 0]])
        data = Dataset.from_arrays(values, names=NAMES).with_kind(image=ImageKind((2, 2)))
    else:
        pytest.importorskip("symusic")
        data = Dataset.from_arrays(np.ones((4, 880), np.uint8), names=NAMES)
        data = data.with_kind(suffix=".mid", music=MusicKind(10, "beat/4", 1, {}))
    write(tmp_path / "data", data)
    for dialect in TABLES:
        data = read(tmp_path / "data", **table(tmp_path, dialect))
        assert [("", *data.classes)[code + 1] for code in data.labels] == CLASSES
        assert "names 3 of 4 samples; 1 has no row" in data.notes[-1]
