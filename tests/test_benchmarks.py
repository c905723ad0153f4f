"""Every measurement runs on something tiny and says what it promises; no time is asserted."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import shortrun as sr

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks/ is not installed

from benchmarks import (  # noqa: E402
    chaos,
    chaos_options,
    chaos_tasks,
    install,
    link,
    networks,
    parallel,
    peers,
    profile,
    programs,
    quality,
    report,
    scale,
    suite,
    tasks,
    time_to_quality,
    updates,
)
from benchmarks.cases import CASES, problem  # noqa: E402
from benchmarks.contestants import OURS, products, reference  # noqa: E402
from benchmarks.plain_torch import Eager, Tuned  # noqa: E402

from campaign import only_in_campaigns, times  # noqa: E402
from quick_evaluations import quick_evaluations  # noqa: E402
from shortrun.dynamics import Noise, Stream  # noqa: E402
from shortrun.engine import machine, native  # noqa: E402
from shortrun.learning import Training  # noqa: E402
from shortrun.learning.optimisers import named  # noqa: E402
from shortrun.learning.update import Learner  # noqa: E402
from shortrun.scores.fidelity import recogniser  # noqa: E402


def written(main, folder, *arguments):
    """Return the JSON that a program writes."""
    path = folder / "out.json"
    assert not main([*arguments, "--json", str(path)])
    return json.loads(path.read_text())


@pytest.fixture(autouse=True)
def _one_thread():
    """Threads that wait for others of the same size would take most of the time of these tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny():
    return problem("tiny", batch=20, hidden=8, steps=2)


# The time of an update


def test_updates(tmp_path):
    found = written(updates.main, tmp_path, "--case", "tiny", "--rounds", "2", "--hidden", "16", "--steps", "2")
    assert found["case"] == "tiny"
    assert (found["hidden"], found["batch"], found["steps"], found["sites"]) == (16, CASES["tiny"].batch, 2, 64)
    assert set(found["contestants"]) == set(OURS)
    for figures in found["contestants"].values():
        assert 0 < figures["min_ms"] <= figures["median_ms"] <= figures["max_ms"]
        assert figures["ratio_to_products"] > 0
    assert found["contestants"]["products"]["ratio_to_products"] == 1


def test_updates_of_a_chaotic_network(tmp_path):
    words = ["--case", "chaotic", "--rounds", "1", "--batch", "10", "--hidden", "8", "--steps", "3"]
    found = written(updates.main, tmp_path, *words)
    assert set(found["contestants"]) == set(networks.NETWORKS)
    assert (found["sites"], found["hidden"], found["batch"], found["steps"]) == (784, 8, 10, 3)


def test_plain_torch_estimates_our_update_of_a_chaotic_network():
    # Means over 20,000 starts of rates within 1: each of four has a standard error below 1 / sqrt(20000) = 0.007.
    torch.manual_seed(0)
    at = networks.problem(batch=20_000, hidden=4, steps=30, sites=6)
    eager, ours = networks.EagerNetwork(at), at.theta.clone()
    optimiser, training = named("sgd", ours), Training(0, ours, (), (None,))
    learner = Learner(at.model, at.scheme, at.config.optimiser)
    learner(training, optimiser, at.batch, Noise(0, Stream.FREE, 1), 1.0)
    eager.update(at.batch.state[0], 1.0)
    assert (eager.theta - ours).abs().max() < 5 * 4 * 0.007
    assert (eager.theta - ours).abs().mean() < 0.2 * (ours - at.theta).abs().mean()


def test_chosen_contestants(tmp_path):
    words = ["--case", "tiny", "--rounds", "1", "--only", "eager"]
    assert set(written(updates.main, tmp_path, *words)["contestants"]) == {"eager", "products"}


@only_in_campaigns
def test_memory(tmp_path):
    words = ["--case", "tiny", "--rounds", "1", "--only", "products", "--memory"]
    figures = written(updates.main, tmp_path, *words)["contestants"]["products"]
    assert figures["peak_mib"] >= figures["peak_mib_before"] > 0


def test_a_missing_peer_is_one_line_and_code_2(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda _: None)
    assert updates.main(["--case", "tiny", "--peers"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install 'shortrun[bench]'" in line


def test_the_count_of_products(tiny, monkeypatch):
    calls, mm = [], torch.mm
    monkeypatch.setattr(torch, "mm", lambda a, b, out: calls.append(out.shape) or mm(a, b, out=out))
    products(tiny).update()
    steps, (features, hidden) = tiny.scheme.steps, tiny.model.shape
    assert len(calls) == 4 * steps + 6
    assert sum(shape[1] == 10 for shape in calls) == steps  # of the label alone, not counted as products
    assert calls.count((features, hidden)) == 3


def test_the_reference_leaves_the_kernels_as_they_were(tiny):
    before, contestant = native.path(), reference(tiny)
    with contestant.around():
        assert not native.available()
        contestant.update()
    assert native.path() == before


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_its_shape(case):
    sizes = problem(case, batch=20, hidden=4).sizes
    assert (sizes["sites"], sizes["colours"]) == (CASES[case].sites, CASES[case].colours)
    assert sizes["classes"] == CASES[case].classes


# What is compared does the work


@pytest.fixture(scope="module", params=[2, 3])
def small(request):
    return problem("tiny", batch=4000, hidden=4, steps=3, shape=tasks.Case(6, request.param, 3, 4000))


@pytest.mark.parametrize("kind", [Eager, Tuned])
def test_plain_torch_estimates_our_gradient(small, kind):
    torch.manual_seed(0)
    codes, labels = small.batch.state
    theta = 4 * small.theta
    expected, moved, scheme = theta.clone(), theta.clone(), small.config.scheme
    optimiser, training = named("sgd", expected), Training(0, expected, (), (None, None))
    learner = Learner(small.model, scheme=small.scheme, settings=small.config.optimiser)
    learner(training, optimiser, small.batch, Noise(0, Stream.FREE, 1), 1.0)
    settings = {"generate": scheme.generate, "predict": scheme.predict, "label_l2": small.config.optimiser.label_l2}
    kind(small.model, moved, steps=3, **settings).update(codes, labels[:, 0], 1.0)
    # each of the eleven weighted means of 4,000 draws has a standard error below 0.5 / sqrt(4000) = 0.008
    assert (moved - expected).abs().max() < 5 * 11 * 0.008 * 2**0.5
    assert (moved - expected).abs().mean() < 0.2 * (expected - theta).abs().mean()


@pytest.mark.parametrize("kind", [Eager, Tuned])
def test_plain_torch_learns(kind):
    torch.manual_seed(0)
    at = problem("digits", batch=1797, hidden=32, shape=tasks.Case(64, 2, 10, 1797, read=digits))
    codes, labels = at.batch.state
    theta = 0.2 * at.theta
    trained = kind(at.model, theta, predict=10.0)
    for _ in range(60):
        rows = torch.randint(len(codes), (100,))
        trained.update(codes[rows], labels[rows, 0], 0.2)
    predicted = machine(at.model, theta).label_log_probabilities(at.batch.state).argmax(1)
    assert (predicted == labels[:, 0]).float().mean() > 0.5  # 0.1 by chance


def digits():
    import shortrun as sr

    return sr.read("digits")


@pytest.mark.parametrize("name", peers.PEERS)
def test_peers(name, small):
    needed(name)
    contestant = peers.PEERS[name](small)
    if contestant is None:
        assert name == "sklearn"
        assert small.sizes["colours"] > 2
    else:
        contestant.update()


def needed(name):
    """Skip a test where another program is not installed."""
    if "AUTHORS" not in os.environ if name == "authors" else importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


def test_parts_are_those_of_theta(small):
    assert torch.equal(peers.joined(peers.parts(small)), small.theta)


# The other measurements


@pytest.fixture
def _quick_clock(monkeypatch):
    """Looks at once, so that a training of any speed is over after two of them."""
    monkeypatch.setattr(programs, "FIRST", 1e-3)


@pytest.mark.usefixtures("_quick_clock")
def test_time_to_quality(tmp_path, monkeypatch):
    few = tuple(sr.read("digits", part=part).head(300) for part in ("train", "test"))
    monkeypatch.setitem(quality.CASES, "digits", lambda: few)
    monkeypatch.setattr(time_to_quality, "recogniser", partial(recogniser, among=["support vector machine"]))
    words = ["digits", "--seconds", "0.2", "--only", "shortrun"]
    found = written(time_to_quality.main, tmp_path, *words)
    (curve,) = found["programs"]["shortrun"]["curves"].values()
    assert [point["seconds"] for point in curve] == sorted(point["seconds"] for point in curve)
    assert curve[-1]["seconds"] >= 0.2
    for point in (*curve, found["real"]):
        assert 0 <= point["p_dd"] <= 1
        assert point["e2"] > 0
    figure = tmp_path / "figure.png"
    assert not time_to_quality.main(["--draw", str(tmp_path / "out.json"), "--figure", str(figure)])
    assert figure.stat().st_size > 1000


@pytest.mark.usefixtures("_quick_clock")
@pytest.mark.parametrize("name", ["authors", "annadca", "rbms"])
@pytest.mark.parametrize("colours", [2, 21])
def test_other_programs_train_and_generate(name, colours, tmp_path):
    needed(name)
    values = np.random.default_rng(0).integers(0, colours, (60, 6))
    train = sr.Dataset.from_arrays(
        values, np.arange(60) % 3, classes=["a", "b", "c"], alphabet="binary" if colours == 2 else "protein"
    )
    clock = programs.Clock(0.01, seed=1)
    programs.PROGRAMS[name].train(train, clock, tmp_path)
    made = clock.looks[-1].made
    assert made.generate(np.array([0, 1, 2])).shape == (3, 6)
    assert made.predict is None or set(made.predict(train)) <= {0, 1, 2}


def test_a_file_keeps_its_other_programs_and_seeds():
    def of(name, *seeds):
        return {"programs": {name: {"curves": {seed: [] for seed in seeds}}}}

    found = time_to_quality.merged(time_to_quality.merged(of("rbms", "1"), of("shortrun", "2")), of("shortrun", "1"))
    assert {name: list(program["curves"]) for name, program in found["programs"].items()} == {
        "shortrun": ["1", "2"],
        "rbms": ["1"],
    }


def test_seconds_to_a_target_are_a_median_over_seeds():
    curves = {
        str(seed): [{"seconds": at, "accuracy": 0.9, "p_dd": 0.6, "p_gg": 0.5, "e2": 0.1, "update": 1}]
        for seed, at in ((1, 3.0), (2, 5.0), (3, 4.0))
    }
    assert time_to_quality.seconds_to({"curves": curves}, "accuracy", 0.9) == 4
    assert time_to_quality.seconds_to({"curves": curves}, "p_dd", 0.6) == 4
    assert time_to_quality.seconds_to({"curves": curves}, "p_dd", 0.5) is None
    assert time_to_quality.at_best({"curves": curves})["accuracy"] == 0.9


def test_tasks(tmp_path):
    words = ["--cases", "tiny", "--samples", "50", "--neighbours", "20", "--rounds", "1"]
    found = written(tasks.main, tmp_path, *words)
    figures = found["cases"]["tiny"]
    assert min(figures[f"{task}_per_second"] for task in ("generate", "predict_exact", "predict_chain")) > 0
    assert len(found["score_seconds"]) == 2
    assert found["read_seconds"] == {}


@only_in_campaigns
def test_scaling(tmp_path):
    words = ["--scaling", "--small", "--rounds", "1", "--figure", str(tmp_path / "figure.png")]
    axes = written(tasks.main, tmp_path, *words)["axes"]
    assert set(axes) == set(tasks.TITLES)
    assert all(point["update_ms"] > 0 for points in axes.values() for point in points)
    assert axes["ages"][0]["value"] == 0


def test_profile(tmp_path):
    found = written(profile.main, tmp_path, "--case", "tiny", "--rounds", "1", "--peak", "64")
    named = {part["part"]: part["ms"] for part in found["parts"]}
    assert {profile.PREPARE, profile.GENERATE, profile.PREDICT, profile.STATISTICS} < set(named)
    assert sum(ms for name, ms in named.items() if not name.startswith("(")) == pytest.approx(
        found["update_ms"], rel=0.01
    )
    assert min(found["peak"].values()) > 0


@pytest.fixture
def _few_samples(monkeypatch):
    """A twentieth of the samples that chaotic networks are measured on, judged quickly."""
    for name, task in chaos_tasks.TASKS.items():
        monkeypatch.setitem(chaos_tasks.TASKS, name, replace(task, data=lambda task=task: task.data().head(200)))
    with quick_evaluations():
        yield


@pytest.mark.usefixtures("_few_samples")
def test_chaos(tmp_path):
    words = ["untrained", "ages", "origin", "--small", "-o", str(tmp_path / "runs")]
    found = written(chaos.main, tmp_path, *words)
    assert {row["gain"] for row in found["untrained"]} == set(chaos.GAINS)
    assert {row["data"] for row in found["ages"]} == set(chaos.TASKS)
    assert {row["samples of"] for row in found["origin"]} == {"20 starts", "1 trajectory"}
    apart = chaos.parted(sr.Trajectory.open(tmp_path / "runs" / "planted_g4_seed1"), *(torch.zeros(64 * 40 + 104), 3))
    assert 0 < apart["growth, median"] <= apart["largest"]
    assert apart["samples apart, rms"] < apart["unrelated samples, rms"]


@pytest.mark.usefixtures("_few_samples")
@only_in_campaigns
def test_chaos_figures(tmp_path):
    found = written(chaos.main, tmp_path, "figures", "--small", "-o", str(tmp_path / "runs"))
    assert [row["layers"] for row in found["figures"]] == ["one layer", "two layers", "three layers"]
    for name in ("figure2_digits", "figure3a_digits", "figure3b", "figure4_digits", "figure5_digits"):
        assert (tmp_path / "runs" / f"{name}.png").stat().st_size > 1000


@pytest.mark.usefixtures("_few_samples")
@only_in_campaigns
def test_chaos_options(tmp_path, monkeypatch):
    monkeypatch.setattr(chaos_options, "COMPARED", 100)
    monkeypatch.setattr(chaos_options, "PILOT", 5)
    data = times(["planted"], [*chaos_tasks.TASKS])  # the other parts measure digits too
    monkeypatch.setattr(chaos_options, "TASKS", {name: chaos_tasks.TASKS[name] for name in data})
    found = written(chaos.main, tmp_path, "options", "beside", "--small", "-o", str(tmp_path / "runs"))
    assert {row["rule"] for row in found["options"]} == set(chaos_options.RULES)
    assert all(row["E2"] > 0 for row in found["options"])
    assert len({row["E2"] for row in found["options"] if row["data"] == "planted"}) > 4, (
        "options change what is learned"
    )
    assert [row["labels"] for row in found["beside"]] == [False, False, True, True]


@only_in_campaigns
def test_scale(tmp_path, monkeypatch):
    # One step in a process of its own, as all are; those that need its file here.
    folder, out = tmp_path / "files", tmp_path / "out.json"
    folder.mkdir()
    words = ["--tiny", "--json", out, "--folder", folder, "--only", "data of images"]
    monkeypatch.setattr(sys, "argv", ["scale", *map(str, words)])
    monkeypatch.chdir(ROOT)
    scale.main()
    found = json.loads(out.read_text())
    assert list(found) == ["data of images"]
    for name in ("train images", "generate npz", "predict many"):
        found[name] = scale.one(name, scale.SIZES["tiny"], folder)
    assert found["generate npz"]["samples"] == scale.SIZES["tiny"]["samples"]
    assert (folder / "many.predictions.csv").stat().st_size > 1000
    for figures in found.values():
        assert figures["peak_mb"] >= figures["start_mb"] > 0
        assert figures["seconds"] > 0


def test_processes_say_what_is_foreseen(tmp_path):
    """Messages and bytes of an update, by forks that send them; what a process has more sites than others, it says."""
    sizes = ("--sites", "700", "--hidden", "8", "--batch", "12", "--steps", "2", "--updates", "1", "--threads", "1")
    for way in times(("2:sites",), ("2:rows", "2:sites", "4:rows", "4:2x2", "3:rows")):
        (found,) = written(parallel.main, tmp_path, *sizes, "--ways", way)
        foreseen = parallel.sent(parallel.Shape.of(found))
        assert found["messages"] == {name: count for name, (count, _) in foreseen.items() if name != "everyone"}
        for name, size in found["bytes"].items():
            assert size == pytest.approx(foreseen[name][1], abs=1)
        assert not parallel.main(["--check", str(tmp_path / "out.json")])
        (tmp_path / "out.json").unlink()


def test_a_model_of_time_knows_the_machine_it_was_fitted_to():
    of = {"sites": 2000, "colours": 2, "hidden": 64, "batch": 100, "steps": 10, "threads": 2, "link": None}
    truth = parallel.Machine(1e-10, 2e-8, 3e-9, 4e-10, 5e-5)
    found = []
    for way, hidden in ((w, h) for w in ("1:rows", "2:rows", "2:sites", "4:2x2") for h in (64, 512)):
        each = of | {"way": way, "hidden": hidden}
        shape = parallel.Shape.of(each)
        found.append(each | {"seconds": [parallel.predicted(shape, 2 / shape.processes, None, truth)]})
    assert parallel.fitted(found) == pytest.approx(truth)
    shape, slow = parallel.Shape.of(found[4]), link.Link(1e8, 0.01)
    network = parallel.predicted(shape, 1, slow) - parallel.predicted(shape, 1, None)
    assert network == pytest.approx(8 * parallel.work(shape)[3] / 1e8 + 0.01 * parallel.work(shape)[4])


def test_a_network_in_words():
    assert link.Link.of("100Mbit,10ms") == (1e8, 0.01)
    assert link.Link.of("none,20us").packet == link.LARGEST
    for text in ("fast", "10Mbit", "10,1ms", "1Gbit,1"):
        with pytest.raises(ValueError, match="a network like 100Mbit,10ms"):
            link.Link.of(text)


def test_a_switch_lets_packets_wait():
    """They queue at their sender, and at their receiver; what is for nobody is dropped."""
    switch = link.Switch(link.Link(8e6, 0.5), [0, 0, 0])  # a byte takes a microsecond

    def packet(receiver, size):
        return bytes([0x45, *[0] * 18, receiver + 1, *[0] * (size - 20)])

    for sender, receiver in ((0, 1), (0, 1), (2, 1), (1, 0)):
        switch.take(sender, packet(receiver, 1000), 10.0)
    switch.take(0, packet(7, 1000), 10.0)
    switch.take(0, b"\x60" + bytes(50), 10.0)
    arrivals = [(round(when, 6), to) for when, _, to, _ in sorted(switch.waiting)]
    assert arrivals == [(10.501, 1), (10.501, 0), (10.502, 1), (10.503, 1)]
    assert switch.due(10.4) == []
    assert [receiver for receiver, _ in switch.due(10.5025)] == [1, 0, 1]


@pytest.mark.skipif(bool(link.refusal()), reason=link.refusal())
def test_a_slow_network_is_no_faster_than_asked_for():
    found = link.measured(link.Link.of("20Mbit,2ms"), trips=3, seconds=0.05)
    assert found["delay"] >= 0.002
    assert found["rate"] <= 20.2e6


def test_install(tmp_path):
    found = written(install.main, tmp_path, "--rounds", "1", "--slowest", "3")
    assert found["start_seconds"]["help"] > found["start_seconds"]["python"]
    assert len(found["slowest"]) == 3


# The page


def test_the_page_has_a_place_for_every_table(tmp_path):
    page = report.PAGE.read_text()
    for name in report.TABLES:
        assert f"<!-- begin {name} -->" in page
        assert f"<!-- end {name} -->" in page
    empty = report.rewritten(page, tmp_path)
    assert empty.count("Not measured yet.") == len(report.TABLES)
    assert report.rewritten(empty, tmp_path) == empty


def test_the_page_shows_the_results():
    page = report.PAGE.read_text()
    assert report.rewritten(page) == page, "run python -m benchmarks.report"


def test_a_table_has_the_day_of_its_own_measurements(tmp_path):
    for folder in report.RESULTS.glob("*/"):
        shutil.copytree(folder, tmp_path / folder.name)
    (file,) = tmp_path.glob("*/chaotic.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"date": "2100-01-01"}))
    changed = report.rewritten(report.PAGE.read_text(), tmp_path)
    assert changed.count("2100-01-01") == 1
    assert "2100-01-01" in changed.partition("<!-- begin chaotic -->")[2].partition("<!-- end chaotic -->")[0]


def test_the_suite_names_programs_that_exist():
    for module, *_ in (suite.STANDARD | suite.MORE).values():
        assert importlib.util.find_spec(f"benchmarks.{module}")
