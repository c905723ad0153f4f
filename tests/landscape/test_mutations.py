"""Mutation effects are differences of free energies, whatever the units and with labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from command_line import good, refused
from conftest import HIDDEN, machine
from shortrun import workflows
from shortrun.landscape import marginal_free_energy, mutation_scores, sites_of
from shortrun.units import Bernoulli, Gaussian, Ising, Potts

LETTERS = "-ACGU"


@pytest.mark.parametrize("hidden", [*HIDDEN, Gaussian(0.5)], ids=lambda units: units.kind)
@pytest.mark.parametrize("visible", [Bernoulli(), Ising(), Potts(5)], ids=lambda units: units.kind)
@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("label", [None, 1])
def test_scores_are_differences_of_free_energies(visible, hidden, classes, label):
    if label is not None and classes is None:
        return
    model, theta = machine(visible, hidden, sites=7, hidden_sites=5, classes=classes)
    wildtype = torch.randint(visible.levels, (1, 7), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    mutants = wildtype.repeat(7 * visible.levels, 1)
    for row in range(len(mutants)):
        mutants[row, row // visible.levels] = row % visible.levels
    found = mutation_scores(sites_of(model, theta, label=label), wildtype[0].long())
    extra = [] if classes is None else [torch.zeros(1, 1, dtype=torch.uint8)]
    before = marginal_free_energy(model, theta, (wildtype, *extra), label=label)
    after = marginal_free_energy(model, theta, (mutants, *(x.repeat(len(mutants), 1) for x in extra)), label=label)
    torch.testing.assert_close(found, before - after, atol=1e-5, rtol=0)


def test_the_label_is_summed_over():
    model, theta = machine(Potts(3), Bernoulli(), classes=4)
    state = (torch.tensor([[0, 2, 1]], dtype=torch.uint8), torch.zeros(1, 1, dtype=torch.uint8))
    each = [marginal_free_energy(model, theta, state, label=k) for k in range(4)]
    expected = -torch.logsumexp(-torch.stack(each), 0)
    torch.testing.assert_close(marginal_free_energy(model, theta, state), expected)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mutations")


@pytest.fixture(scope="module")
def run(folder):
    """Return a PCD run on 300 RNA sequences of two classes, most with the motif ACGUACGU of the first."""
    rng = np.random.default_rng(0)
    kind = np.arange(300) % 2
    motif = np.array([[1, 2, 3, 4] * 2, [4, 3, 2, 1] * 2])[kind]
    codes = np.where(rng.random((300, 8)) < 0.8, motif, rng.integers(0, 5, (300, 8)))
    lines = [f">s{n}\n{''.join(LETTERS[c] for c in row)}\n" for n, row in enumerate(codes)]
    (folder / "rna.fasta").write_text("".join(lines))
    (folder / "labels.csv").write_text("name,label\n" + "".join(f"s{n},{'ab'[k]}\n" for n, k in enumerate(kind)))
    (folder / "wild.fasta").write_text(">wt\nACGUACGU\n")
    (folder / "list.fasta").write_text(">same\nACGUACGU\n>one\nGCGUACGU\n>other\nUGCAUGCA\n>gap\n-CGUACGU\n")
    options = ("--scheme", "pcd", "--hidden", 20, "--updates", 400, "--batch", 100, "--lr", 0.1, "--threads", 1)
    data = (folder / "rna.fasta", "--labels", folder / "labels.csv", "--alphabet", "rna", "--validation", 0)
    good("train", *data, "-o", folder / "run", *options)
    return folder / "run"


def test_the_wild_type_of_a_motif_is_best(run, folder):
    table = workflows.mutations(run, sr.read(folder / "wild.fasta", alphabet="rna"))
    assert table.columns.tolist() == ["mutant", "score", "position", "wildtype", "letter", "column"]
    assert len(table) == 8 * 4
    assert table["mutant"][0] == "A1-"
    assert (table["score"] < 0).all()


def test_the_verb_writes_table_figure_and_json(run, folder):
    out, figure = folder / "mutants.csv", folder / "mutants.png"
    result = good("mutations", run, folder / "wild.fasta", "-o", out, "--figure", figure)
    assert "32 single mutants, 0 of them above the wild type" in result.out
    assert pd.read_csv(out)["mutant"].str.fullmatch(r"[ACGU]\d[-ACGU]").all()
    assert figure.stat().st_size > 5000
    scores = good("mutations", run, folder / "wild.fasta", "--json").json["scores"]
    assert scores[0]["mutant"] == "A1-"


def test_a_list_is_scored_relative_to_the_wild_type(run, folder):
    listed = good("mutations", run, folder / "wild.fasta", "--sequences", folder / "list.fasta", "--json").json[
        "scores"
    ]
    score = {row["name"]: row["score"] for row in listed}
    single = {
        row["mutant"]: row["score"] for row in good("mutations", run, folder / "wild.fasta", "--json").json["scores"]
    }
    assert score["same"] == pytest.approx(0, abs=1e-9)
    assert score["one"] == pytest.approx(single["A1G"], abs=1e-6)
    assert score["gap"] == pytest.approx(single["A1-"], abs=1e-6)
    alone = {
        row["name"]: row["score"] for row in good("mutations", run, folder / "list.fasta", "--json").json["scores"]
    }
    assert alone["one"] - alone["same"] == pytest.approx(score["one"], abs=1e-6)


def test_a_class_can_be_held(run, folder):
    given = ("mutations", run, folder / "wild.fasta", "--sequences", folder / "list.fasta", "--json")
    scores = [{row["name"]: row["score"] for row in good(*given, "--label", k).json["scores"]} for k in "ab"]
    assert scores[0]["other"] < -2
    assert scores[1]["other"] > 2


@pytest.mark.parametrize("suffix", ["csv", "fasta"])
def test_binary_samples_have_mutants_too(folder, suffix):
    rng = np.random.default_rng(0)
    values = (rng.random((200, 1)) < 0.5) ^ (rng.random((200, 6)) < 0.1)
    np.save(folder / "bits.npy", values.astype(np.uint8))
    if not (folder / "bits").exists():
        options = ("--scheme", "pcd", "--hidden", 6, "--updates", 300, "--lr", 0.5, "--schedule", "constant")
        options += ("--validation", 0, "--batch", 100)
        good("train", folder / "bits.npy", "-o", folder / "bits", *options)
    wild = folder / f"wild_bits.{suffix}"
    wild.write_text(">w\n111111\n" if suffix == "fasta" else "a,b,c,d,e,f\n1,1,1,1,1,1\n")
    table = pd.DataFrame(good("mutations", folder / "bits", wild, "--json").json["scores"])
    assert table["mutant"].tolist() == [f"1{n}0" for n in range(1, 7)]
    assert (table["score"] < 0).all()
    assert good("mutations", folder / "bits", wild, "--figure", folder / "bits.svg").code == 0


def test_machines_trained_out_of_equilibrium_are_warned_about(folder):
    good("train", "digits", "-o", folder / "ff", "--hidden", 8, "--updates", 5)
    result = good("couplings", folder / "ff", "--top", 3, "--json")
    assert "out of equilibrium are not couplings" in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (">w\nAAAGGGCCC\n", "9 residues that do not fit the 8 sites"),
        (">w\nACGUAXGU\n", "bad.fasta:2: "),
        (">w\nACGUACGU\n>v\nACG\n", "bad.fasta:"),
        ("", "bad.fasta"),
    ],
)
def test_wild_types_that_do_not_fit_are_refused(run, folder, content, message):
    (folder / "bad.fasta").write_text(content)
    assert message in refused("mutations", run, folder / "bad.fasta")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("list.fasta", "--sequences", "list.fasta"), "one wild type expected to compare sequences with, got 4"),
        (("list.fasta", "--figure", "x.png"), "single mutants of one sequence can be drawn"),
        (("wild.fasta", "--sequences", "list.fasta", "--figure", "x.png"), "a list of sequences cannot"),
        (("wild.fasta", "--label", "c"), "label: 'c' is no class: one of a, b expected"),
        (("wild.fasta", "-o", "x.txt"), "tables are written as"),
        (("nowhere.fasta",), "nowhere.fasta"),
    ],
)
def test_wrong_options_are_refused(run, folder, options, message, monkeypatch):
    monkeypatch.chdir(folder)
    assert message in refused("mutations", run, *options)
