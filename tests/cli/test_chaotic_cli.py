"""Chaotic networks from the command line: which data they take, their options, bad input, moving pictures."""

import json

import numpy as np
import pytest

import shortrun as sr
from command_line import call, good, refused
from quick_evaluations import quick_evaluations

FEW = ("--model", "chaotic", "--updates", 2, "--batch", 20, "--threads", 1)
RANDOM = np.random.default_rng(0)
VALUES = {
    "binary": RANDOM.integers(0, 2, (40, 16)).astype(np.uint8),
    "bytes": RANDOM.integers(0, 256, (40, 16)).astype(np.uint8),
    "rates": RANDOM.uniform(-1, 1, (40, 16)),
    "wide": 5 * RANDOM.normal(size=(40, 16)),
    "broken": np.full((40, 16), np.nan),
}


@pytest.fixture(params=["binary", "bytes", "rates"])
def kind(request):
    return request.param


@pytest.fixture
def file(tmp_path):
    """Return a function that writes values of a kind."""

    def written(kind):
        np.savez(tmp_path / f"{kind}.npz", x=VALUES[kind])
        return tmp_path / f"{kind}.npz"

    return written


def test_samples_come_back_in_the_range_of_the_data(kind, file, tmp_path):
    good("train", file(kind), "--layers", "16,5", "-o", tmp_path / "run", *FEW)
    good("generate", tmp_path / "run", "-n", 30, "-o", tmp_path / "new.npz")
    made = np.load(tmp_path / "new.npz")["x"]
    low, high = {"binary": (0, 1), "bytes": (0, 255), "rates": (-1, 1)}[kind]
    assert made.shape == (30, 16)
    assert low <= made.min() < made.max() <= high
    if kind == "binary":
        assert made.dtype == np.uint8
    else:
        assert made.max() - made.min() > (high - low) / 10
    # evaluated and resumed, files are read in the same way again
    good("curves", tmp_path / "run", file(kind), "--times", "3", "--ages", "last", "-o", tmp_path / "c.csv")
    good("train", "-o", tmp_path / "run", "--resume", "--updates", 3)


@pytest.mark.parametrize(
    ("kind", "words", "line"),
    [
        ("wide", (), "values from -1 to 1 expected by a chaotic network, got"),
        ("broken", (), "sample 1, site 1: the value nan is not finite"),
        ("bytes", ("--dt", 20), "--dt: at most tau expected: dt / tau is 2"),
        ("bytes", ("--gain", -1), "--gain: at least 0 expected, got -1"),
        ("bytes", ("--gain", "inf"), "--gain: a finite number expected, got inf"),
        ("bytes", ("--time", 0.5), "--time: at least one step of dt = 1 expected, got 0.5"),
        ("bytes", ("--time", 50, "--steps", 3), "--time: not together with steps"),
        ("bytes", ("--hebbian", 0), "--hebbian: a number greater than 0 expected, got 0"),
        ("bytes", ("--hebbian", 2, "--set", "optimiser.centred=true"), "--hebbian: centring knows"),
        ("bytes", ("--settling", "slow"), "--settling: 'euler' or 'exact' expected, got 'slow'"),
        ("bytes", ("--layers", "17,5"), "--layers: 17 visible units, but the samples have 16 sites"),
        ("bytes", ("--classes",), "classes: a network that is to know labels needs at least two classes"),
        ("bytes", ("--hidden", 5), "--hidden: hidden units of a chaotic network are given with layers"),
    ],
)
def test_bad_input_is_one_line(kind, words, line, file, tmp_path):
    result = call("train", file(kind), "-o", tmp_path / "run", *FEW, *words)
    assert result.code == 2
    (last,) = (row for row in result.err.splitlines() if row.startswith("error: "))
    assert line in last
    assert not (tmp_path / "run").exists()


def test_options_of_chaotic_networks_need_one(tmp_path):
    for words in (("--gain", 2), ("--time", 10), ("--no-diagonal",), ("--hebbian", 2)):
        line = refused("train", "digits", "-o", tmp_path / "run", "--updates", 1, *words)
        assert "--model: options of chaotic networks" in line


def test_sequences_are_refused(tmp_path):
    (tmp_path / "s.fasta").write_text(">a\nACD\n>b\nGCD\n>c\nACE\n")
    result = call("train", tmp_path / "s.fasta", "-o", tmp_path / "run", *FEW)
    assert result.code == 2
    assert "a chaotic network learns grey values or two codes" in result.err


def test_a_diverging_training_says_what_to_change_and_keeps_what_was_good(file, tmp_path):
    words = ("--updates", 100, "--batch", 20, "--threads", 1, "--model", "chaotic", "--lr", 1e18)
    result = call("train", file("bytes"), "-o", tmp_path / "run", *words)
    assert result.code == 2
    assert "lower optimiser.rate (ages kept so far are good)" in result.err.splitlines()[-1]
    good("generate", tmp_path / "run", "-n", 3, "-o", tmp_path / "new.npz")


def test_options_reach_the_network(file, tmp_path):
    words = ("--settling", "exact", "--no-diagonal", "--hebbian", 2, "--gain", 0.5, "--tau", 5, "--dt", 0.5)
    good("train", file("bytes"), "--layers", "16", "-o", tmp_path / "run", *FEW, *words)
    run = sr.Trajectory.open(tmp_path / "run")
    spec = run.spec.to_dict()
    assert [spec[name] for name in ("settling", "diagonal", "hebbian", "gain")] == ["exact", False, 2.0, 0.5]
    assert spec["time_step"] == pytest.approx(0.1)
    assert run.recipe["steps"] == 200, "T = 100 is 200 steps of dt = 0.5"


def test_a_time_is_steps_of_the_dt_of_any_source(file, tmp_path):
    words = ("--time", 10, "--set", "chaotic.dt=2")
    good("train", file("bytes"), "--layers", "16,4", "-o", tmp_path / "run", *FEW, *words)
    assert sr.Trajectory.open(tmp_path / "run").recipe["steps"] == 5


@pytest.mark.parametrize("classes", [(), ("--classes",)])
def test_a_moving_picture_of_a_chaotic_network(classes, tmp_path):
    words = ("--layers", "64,10", "--time", 10, *FEW)
    good("train", "digits", "--grey", "-o", tmp_path / "run", *words, *classes)
    label = ("--label", "3") if classes else ()
    told = good("animate", tmp_path / "run", "-n", 4, "--until", "2k", "-o", tmp_path / "m.gif", *label).out
    assert "the last after 20 sweeps" in told
    assert (tmp_path / "m.gif").stat().st_size > 1000


def test_the_frames_of_a_movie_are_the_samples_of_its_times(tmp_path):
    good("train", "digits", "--grey", "-o", tmp_path / "run", "--layers", "64,10", *FEW)
    run = sr.Trajectory.open(tmp_path / "run")
    found = sr.workflows.frames(run, n=3, times=(1, 7), seed=4)
    assert np.allclose(found[7].values, sr.generate(run, n=3, steps=7, seed=4).values, atol=1e-5)
    assert found[0].values.min() >= 0
    assert found[0].values.max() <= 1
    assert not np.allclose(found[0].values, found[1].values)


def test_exponents_as_json(file, tmp_path):
    good("train", file("bytes"), "--layers", "16,5", "-o", tmp_path / "run", *FEW)
    words = ("--json", "--chains", 2, "--time", 5, "--threads", 1)
    found = json.loads(good("lyapunov", tmp_path / "run", *words).out)
    assert [row["age"] for row in found["exponents"]] == [1, 2]


def test_scores_of_runs_in_one_figure(file, tmp_path):
    tables = []
    for seed in (1, 2):
        run, table = tmp_path / f"run{seed}", tmp_path / f"c{seed}.csv"
        good("train", file("bytes"), "--layers", "16,5", "--time", 5, "-o", run, "--seed", seed, *FEW)
        good("curves", run, file("bytes"), "--times", "1,5", "--ages", "1,2", "-o", table)
        tables.append(table)
    for against in ("steps", "age"):
        good("plot", "compare", *tables, "--against", against, "--k", 5, "-o", tmp_path / f"{against}.png")
        assert (tmp_path / f"{against}.png").stat().st_size > 1000
    words = ("plot", "compare", *tables, "-o", tmp_path / "x.png")
    assert "one of steps, age expected, got 'time'" in refused(*words, "--against", "time")
    assert "have no score at 4 sweeps" in refused(*words, "--against", "age", "--k", 4)


def test_labelled_networks_generate_predict_and_are_evaluated(tmp_path):
    data, labels = VALUES["bytes"], np.arange(40) % 2
    np.savez(tmp_path / "d.npz", x=data, y=labels)
    run, words = (
        tmp_path / "run",
        ("--layers", "16,5", "--gain", 1.5, "--time", 10, "--dt", 1, "--tau", 10, "--lr", 0.01),
    )
    good("train", tmp_path / "d.npz", *words, "--classes", "-o", run, *FEW)
    made = ("--time", 10, "--record", "3,10,30", "--label", "1")
    good("generate", run, "-n", 6, *made, "-o", tmp_path / "g.npz")
    assert set(np.load(tmp_path / "g.npz")["y"].astype(str)) == {"1"}
    assert (tmp_path / "g_t30.npz").exists()
    good("predict", run, tmp_path / "d.npz", "-o", tmp_path / "p.csv")
    with quick_evaluations():
        good("evaluate", run, tmp_path / "d.npz", "-o", tmp_path / "report.html", "--no-curves")
    assert "second-moment" in (tmp_path / "report.html").read_text()


def test_the_preset_alone_makes_a_network_that_reads_grey_values(tmp_path):
    few = ("--updates", 1, "--steps", 2, "--threads", 1)
    good("train", "digits", "--preset", "chaotic", "--layers", "64,3", "-o", tmp_path / "run", *few)
    assert sr.Trajectory.open(tmp_path / "run").alphabet is None
