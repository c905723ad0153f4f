"""Contacts: planted couplings come first, and the share of contacts is counted as it should be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from command_line import call, good, refused
from shortrun import workflows
from shortrun.landscape import area_under_curve, contact_scores, pairs, precision, sites_of
from shortrun.models import RBM, Layer, Spec
from shortrun.units import Bernoulli, Potts

PAIRS = [(0, 9), (2, 7), (3, 10)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("contacts")


@pytest.fixture(scope="module")
def run(folder):
    """Return a PCD run on 400 RNA sequences in which three pairs of 12 columns are complementary."""
    rng = np.random.default_rng(1)
    codes = rng.integers(1, 5, (400, 12))
    codes[rng.random(codes.shape) < 0.03] = 0
    for i, j in PAIRS:
        codes[:, j] = np.where(codes[:, i] > 0, 5 - codes[:, i], 0)
    lines = [f">s{n}\n{''.join('-ACGU'[c] for c in row)}\n" for n, row in enumerate(codes)]
    (folder / "rna.fasta").write_text("".join(lines))
    options = ("--scheme", "pcd", "--hidden", 30, "--updates", 600, "--batch", 100, "--lr", 0.3, "--threads", 1)
    good("train", folder / "rna.fasta", "--alphabet", "rna", "-o", folder / "run", "--validation", 0, *options)
    return folder / "run"


@pytest.fixture(scope="module")
def distances(folder):
    """Return a file of all distances: 3 where a pair is planted, else 10."""
    every = [(i, j) for i in range(12) for j in range(i + 1, 12)]
    rows = [f"{i + 1},{j + 1},{3 if (i, j) in PAIRS else 10}\n" for i, j in every]
    (folder / "d.csv").write_text("i,j,distance\n" + "".join(rows))
    return folder / "d.csv"


def test_planted_couplings_have_the_highest_scores():
    """Each of three hidden units couples two sites of colours; gap columns as strong are left out."""
    model = RBM(Spec((Layer("visible", 10, Potts(4)), Layer("hidden", 4, Bernoulli()))))
    theta = torch.zeros(model.size(), dtype=torch.float64)
    weight = model.view(theta).weight.unflatten(0, (10, 4))
    generator = torch.Generator().manual_seed(0)
    for unit, (i, j) in enumerate([(0, 7), (1, 9), (2, 8)]):
        weight[[i, j], 1:, unit] = 2 * torch.randn(2, 3, dtype=torch.float64, generator=generator)
    weight[[3, 6], 0, 3] = 9.0
    sites = sites_of(model, theta)
    found = pairs(sites)
    scores = contact_scores(sites, found, torch.arange(40) % 4 > 0)
    best = scores.triu(1).flatten().argsort(descending=True)[:3]
    assert {(int(k) // 10, int(k) % 10) for k in best} >= {(0, 7), (1, 9), (2, 8)}
    kept = contact_scores(sites, found, torch.ones(40, dtype=torch.bool))
    assert kept[3, 6] > scores[3, 6]
    assert (scores.diagonal() == 0).all()


def test_scores_are_the_average_product_correction():
    model = RBM(Spec((Layer("visible", 5, Potts(3)), Layer("hidden", 4, Bernoulli()))))
    theta = torch.randn(model.size(), dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    sites = sites_of(model, theta)
    found = pairs(sites)
    norm = found.view(5, 3, 5, 3)[:, 1:, :, 1:].square().sum((1, 3)).sqrt()
    expected = norm - norm.mean(1, keepdim=True) * norm.mean(0) / norm.mean()
    scores = contact_scores(sites, found, torch.arange(15) % 3 > 0)
    torch.testing.assert_close(scores, expected.fill_diagonal_(0))


def test_precision_and_area():
    contact = np.array([True, True, False, True])
    assert precision(contact).tolist() == [1, 1, 2 / 3, 3 / 4]
    assert area_under_curve(np.array([4.0, 3.0, 2.0, 1.0]), contact) == pytest.approx(2 / 3)
    assert np.isnan(area_under_curve(np.ones(2), np.array([True, True])))


def test_the_verb_finds_complementary_columns(run, distances, folder):
    result = good("contacts", run, "--separation", 3, "--distances", distances, "--json")
    found = result.json
    first = [(row["i"] - 1, row["j"] - 1) for row in found["contacts"][:3]]
    assert set(first) == set(PAIRS)
    assert found["area_under_curve"] == 1
    assert found["precision"]["L/5"] == 1
    assert found["pairs"] == 36
    assert result.err == ""
    table, figure = folder / "contacts.csv", folder / "contacts.png"
    said = good("contacts", run, "-o", table, "--figure", figure, "--distances", distances, "--separation", 3).out
    assert "precision 1.000 at L/5" in said
    assert pd.read_csv(table).columns.tolist() == ["i", "j", "score", "distance", "contact"]
    assert figure.stat().st_size > 5000


def test_without_distances_there_are_scores(run, folder):
    result = good("contacts", run, "--figure", folder / "map.svg", "-o", folder / "scores.tsv")
    assert "21 pairs of 12 sites" in result.out
    table = pd.read_csv(folder / "scores.tsv", sep="\t")
    assert table.columns.tolist() == ["i", "j", "score"]
    assert (table["j"] - table["i"]).min() == 6
    assert table["score"].is_monotonic_decreasing


def test_pairs_without_a_distance_do_not_count(run, folder):
    (folder / "few.csv").write_text("j,i,min_distance\n10,1,3\n8,1,20\n1,8,30\n")
    found = workflows.contacts(run, folder / "few.csv")
    assert found.table["distance"].notna().sum() == 2
    assert found.known.tolist() == [True, False]
    assert found.table.set_index(["i", "j"]).loc[(1, 8), "distance"] == 20
    assert good("contacts", run, "--distances", folder / "few.csv", "--json").json["contacts"][-1]["i"]


def test_columns_that_were_left_out_keep_their_numbers(folder):
    rng = np.random.default_rng(0)
    codes = rng.integers(1, 5, (50, 12))
    codes[:, 2] = 0
    lines = [f">s{n}\n{''.join('-ACGU'[c] for c in row)}\n" for n, row in enumerate(codes)]
    (folder / "gappy.fasta").write_text("".join(lines))
    given = ("--alphabet", "rna", "--max-gaps", 0.5, "--hidden", 4, "--updates", 5, "--validation", 0)
    good("train", folder / "gappy.fasta", *given, "-o", folder / "gappy")
    table = workflows.contacts(folder / "gappy").table
    assert set(table["i"]) == {1, 2, 4, 5, 6}
    assert set(table["j"]) == {7, 8, 9, 10, 11, 12}
    whole = sr.read(folder / "gappy.fasta", like=sr.Trajectory.open(folder / "gappy"))
    assert set(workflows.mutations(folder / "gappy", whole.head(1))["position"]) == {*range(1, 13)} - {3}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "i,j,distance\n1,2,3\n1,13,3\n",
            "d2.csv:3: column 'j': a column of the alignment, 1 to 12, expected, got '13'",
        ),
        ("i,j,distance\n0,2,3\n", "d2.csv:2: column 'i': a column of the alignment, 1 to 12, expected, got '0'"),
        ("i,j,distance\n1,2,far\n", "d2.csv:2: column 'distance': a distance expected, got 'far'"),
        ("i,j,distance\n1,2,-1\n", "d2.csv:2: column 'distance': a distance expected, got '-1'"),
        ("i,k,distance\n1,2,1\n", "d2.csv:1: no column 'j'"),
        ("i,j,d\n1,2,1\n", "d2.csv:1: no column 'distance'"),
    ],
)
def test_distances_that_are_none_are_refused(run, folder, content, message):
    (folder / "d2.csv").write_text(content)
    assert message in refused("contacts", run, "--distances", folder / "d2.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--separation", 11), "separation: 0 to 10 expected, got 11"),
        (("--threshold", 0), "threshold: a number greater than 0 expected, got 0"),
        (("--method", "exakt"), "did you mean 'exact'?"),
        (("--label", "x"), "label: 'x' is no class"),
        (("-o", "x.json"), "tables are written as"),
        (("--age", 7777), "has no age 7777"),
    ],
)
def test_wrong_options_are_refused(run, options, message):
    assert message in refused("contacts", run, *options)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.eye(8, dtype=int), "the binary alphabet '01'"),
        (pd.DataFrame({"a": ["x", "y"] * 4, "b": [0.5, 2] * 4}), "columns of different kinds"),
    ],
)
def test_what_is_no_family_of_sequences_is_refused(data, words):
    run = sr.fit(data, hidden=2, updates=1)
    with pytest.raises(sr.ConfigError, match=f"run: a family of sequences expected, .* was trained on {words}"):
        sr.contacts(run)


def test_a_chaotic_network_is_refused(folder):
    options = ("--model", "chaotic", "--layers", "64,8", "--updates", 2, "--batch", 20)
    good("train", "digits", "--grey", *options, "-o", folder / "chaotic")
    assert "an RBM expected" in refused("contacts", folder / "chaotic")
    assert call("couplings", folder / "chaotic").code == 2
