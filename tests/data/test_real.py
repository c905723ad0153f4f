"""Real data: the counts that come with them (SHORTRUN_SHARED names their folder)."""

import os
from pathlib import Path

import pytest

from shortrun.data import read
from shortrun.data.core.alphabet import PROTEIN, RNA

SHARED = Path(os.environ.get("SHORTRUN_SHARED", Path(__file__).parents[3] / "shared" / "data"))
real = pytest.mark.skipif(not SHARED.is_dir(), reason="no real data: set SHORTRUN_SHARED to the folder of shared data")


def shared(name):
    return SHARED / name


@real
def test_real_digits_equal_the_named_ones():
    assert read(shared("digits/digits.npz")).hash == read("digits").hash


@real
def test_real_mnist():
    train = read(shared("mnist/mnist.npz"))
    assert train.values.shape == (60000, 784)
    assert train.class_counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert train.kind.image.shape == (28, 28)
    assert len(read(shared("mnist/mnist.npz"), part="test")) == 2000


@real
def test_real_genomes_from_both_files():
    data = read(shared("hgd/hgd.npz"), keys={"x": "x", "y": "continent", "group": "sample"})
    assert data.values.shape == (5008, 805)
    assert dict(zip(data.classes, data.class_counts.tolist(), strict=True)) == {
        "African": 1322,
        "American": 694,
        "East Asian": 1008,
        "European": 1006,
        "South Asian": 978,
    }
    assert len(set(data.groups)) == 2504
    labels = read(shared("hgd/hgd.npz"), labels=shared("hgd/labels.csv"), label_column="continent", group="sample")
    assert labels.hash == data.hash
    assert labels.groups.tolist() == data.groups.tolist()


@real
def test_real_sh3():
    data = read(shared("sh3/sh3.fasta.gz"), labels=shared("sh3/labels.csv.gz"))
    assert (data.values.shape, data.alphabet) == ((5299, 59), PROTEIN)
    counts = dict(zip(data.classes, data.class_counts.tolist(), strict=True))
    assert (len(counts), counts["KOG3655"], counts["KOG4773_1"]) == (18, 315, 48)
    assert int((~data.labelled).sum()) == 2745
    assert 0.005 < (data.values == 0).mean() < 0.015


@real
@pytest.mark.parametrize(
    ("name", "shape", "counts", "unlabelled"),
    [
        ("sam_rf00162", (6006, 108), {"Bacilli": 2431, "Clostridia": 1039, "Tissierellia": 50}, 851),
        ("sam_rf00162_published", (4757, 107), {"Bacilli": 3229, "Fusobacteriia": 80}, 524),
    ],
)
def test_real_sam(name, shape, counts, unlabelled):
    folder = shared("sam_riboswitch")
    data = read(f"{folder}/{name}.fasta.gz", labels=f"{folder}/{name}_labels.csv.gz")
    assert (data.values.shape, data.alphabet) == (shape, RNA)
    found = dict(zip(data.classes, data.class_counts.tolist(), strict=True))
    assert found.items() >= counts.items()
    assert int((~data.labelled).sum()) == unlabelled
