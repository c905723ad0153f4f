"""Figures show what they are given: positions, lines, marks, labels; and what they cannot show is refused."""

from __future__ import annotations

import itertools
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex, to_rgb

import shortrun as sr
from campaign import times
from command_line import good, refused
from shortrun import plots, workflows
from shortrun.cli import plot as plot_verb
from shortrun.plots.figure import COLOURS, DATA, GENERATED, palette, short
from shortrun.scores import Curves, frequencies, information, project
from shortrun.scores._projection import from_covariance, from_sparse

LETTERS = "-ACDEFGHIKLMNPQRSTVWY"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a small run on the digits."""
    folder = tmp_path_factory.mktemp("figures") / "digits-ff"
    return sr.fit(sr.read("digits"), out=folder, hidden=24, updates=30, batch=100, scheme=sr.ff(3), seed=1)


@pytest.fixture(scope="module")
def table():
    """Return curves of two classes, two ages and three times, with accuracies, whose values are all different."""
    rows = []
    for age in (10, 1000):
        for score, scale in (("spectrum", 1e-2), ("aai", 1e-1)):
            for t in (1, 10, 100):
                values = {name: scale * (1 + place + t / 100 + age / 1e4) for place, name in enumerate("ab")}
                values["all"] = sum(values.values()) / 2
                rows += [(score, name, age, t, value, value / 10) for name, value in values.items()]
        rows += [("accuracy", name, age, None, 0.3 + age / 2000, 0.01) for name in ("all", "a", "b")]
    rows += [("chain-accuracy", "all", 1000, t, 0.1 * t, 0.01) for t in (1, 5)]
    return pd.DataFrame(rows, columns=["score", "class", "age", "steps", "value", "error"]).astype({"steps": "Int64"})


@pytest.fixture
def curves(table):
    return Curves("F&F-10", "ff", 10, table)


def random_data(n=60, sites=8, classes=3, seed=0, **kind):
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, n) if classes else None
    values = random.integers(0, 2, (n, sites))
    return sr.Dataset.from_arrays(values, labels, classes=[f"c{k}" for k in range(classes)] or None, **kind)


def sequences(n=40, sites=10, seed=0):
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.full(len(LETTERS), 0.2), sites)
    codes = np.stack([random.choice(len(LETTERS), n, p=p) for p in weights], axis=1).astype(np.uint8)
    return sr.Dataset.from_arrays(codes, alphabet="protein")


def predictions(labels, probabilities, classes="xyz"):
    return sr.Predictions(
        np.array([str(i) for i in range(len(labels))]),
        np.array(labels),
        tuple(classes),
        np.array(probabilities, np.float32),
    )


def drawn_lines(axis):
    return {line.get_label(): line for line in axis.lines}


# Projection


def test_the_projection_is_that_of_the_definition():
    real, other = sequences(50, seed=1), sequences(30, seed=2)
    found = project(real, other)
    x, y = (np.eye(21)[side.values].reshape(len(side), -1) for side in (real, other))
    _, s, vt = np.linalg.svd(x - x.mean(0), full_matrices=False)
    for mine, rows in ((found.real, x), (found.generated, y)):
        expected = rows @ vt[:2].T / np.sqrt(x.shape[1])  # not centred
        np.testing.assert_allclose(np.abs(mine), np.abs(expected), atol=1e-5)
    np.testing.assert_allclose(found.shares, s[:2] ** 2 / (s**2).sum(), rtol=1e-5)
    assert (found.directions[np.abs(found.directions).argmax(0), [0, 1]] > 0).all()


def test_both_ways_of_finding_components_agree():
    data = sequences(80, seed=3)
    (one, shares), (two, others) = from_covariance(data, 2), from_sparse(data, 2)
    np.testing.assert_allclose(np.abs(one), np.abs(two), atol=1e-4)
    np.testing.assert_allclose(shares, others, rtol=1e-4)


def test_components_of_a_table_of_mixed_columns_and_of_numbers():
    numbers = sr.Dataset.from_arrays(np.random.default_rng(0).normal(size=(20, 5)))
    expected = np.linalg.svd(numbers.values - numbers.values.mean(0))[2][0]
    np.testing.assert_allclose(np.abs(project(numbers, numbers).directions[:, 0]), np.abs(expected), atol=1e-4)


def test_too_little_to_project_is_refused():
    with pytest.raises(sr.DataError, match="more than 2 real samples"):
        project(random_data(2), random_data(5))
    with pytest.raises(sr.DataError, match="8 sites and of 9 sites"):
        plots.pca(random_data(), random_data(sites=9))


# Figures


def test_pca_draws_the_projected_samples():
    real, made = random_data(60), random_data(40, seed=1)
    figure = plots.pca(real, made)
    dots, above, beside = figure.axes
    found = project(real, made)
    large, small = dots.collections
    order = np.random.default_rng(0).permutation(60)
    np.testing.assert_allclose(large.get_offsets(), found.real[order], rtol=1e-6)
    np.testing.assert_allclose(np.sort(small.get_offsets(), 0), np.sort(found.generated, 0), rtol=1e-6)
    assert large.get_sizes()[0] > small.get_sizes()[0]
    colours = [to_hex(c) for c in large.get_facecolors()]
    assert colours == [palette(3)[k].lower() for k in real.labels[order]]
    assert (small.get_edgecolors()[:, :3] == 0).all()
    outline, bars = above.patches[-1], above.patches[:-1]
    assert to_rgb(outline.get_edgecolor()) == to_rgb(DATA)
    assert to_rgb(bars[0].get_facecolor()) == to_rgb(GENERATED)
    assert sum(bar.get_height() * bar.get_width() for bar in bars) == pytest.approx(1)
    assert len(beside.patches) == len(bars) + 1
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["real", "generated", "c0", "c1", "c2"]
    assert "60 real, 40 generated" in legend.get_title().get_text()
    assert f"{found.shares[0]:.0%}" in dots.get_xlabel()


def test_pca_of_many_samples_says_how_many_are_drawn():
    figure = plots.pca(random_data(2500, classes=0), random_data(2100, classes=0, seed=1))
    assert "2,000 of 2,500 real, 2,000 of 2,100 generated" in figure.legends[0].get_title().get_text()
    assert all(len(dots.get_offsets()) == 2000 for dots in figure.axes[0].collections)


def test_pca_matches_classes_by_name_and_draws_unlabelled_samples_grey():
    real = random_data(30, classes=2)
    made = real.head(4).with_labels(["c1", "c1", "", "c0"])
    colours = [to_hex(c) for c in plots.pca(real, made).axes[0].collections[1].get_facecolors()]
    expected = np.array([palette(2)[1], palette(2)[1], "#9A9A9A", palette(2)[0]])[
        np.random.default_rng(0).permutation(4)
    ]
    assert colours == [colour.lower() for colour in expected]


# One more than there are colours, twice as many, and so on, and each number up to 30 in a campaign.
@pytest.mark.parametrize("classes", times([1, 2, 7, 8, 9, 10, 11, 20, 21, 30], range(1, 31)))
def test_any_number_of_classes(classes):
    data = random_data(120, classes=classes)
    legend = plots.pca(data, data).legends[0]
    assert len(legend.get_texts()) == classes + 2
    rows = [("aai", name, 1, t, 0.1 * t + k, 0.0) for k, name in enumerate((*data.classes, "all")) for t in (1, 2)]
    found = pd.DataFrame(rows, columns=["score", "class", "age", "steps", "value", "error"])
    (axis,) = plots.scores_by_class(Curves("r", "ff", 1, found)).axes
    colours = [line.get_color() for line in axis.lines[:classes]]
    assert len(set(colours)) == (classes if classes <= 8 else 1)  # of more, the weakest is named
    assert axis.get_title(loc="right") == ("" if classes <= 8 else f"weakest at last: {data.classes[-1]}")
    assert DATA not in colours


def test_scores_by_class(curves, table):
    figure = plots.scores_by_class(curves)
    assert [axis.get_ylabel() for axis in figure.axes] == ["spectrum", "aai"]
    for axis, score in zip(figure.axes, ("spectrum", "aai"), strict=True):
        lines = drawn_lines(axis)
        assert list(lines) == ["a", "b", "mean", "k = 10"]
        for label, cls in (("a", "a"), ("b", "b"), ("mean", "all")):
            rows = table[(table["score"] == score) & (table["class"] == cls) & (table["age"] == 1000)]
            np.testing.assert_allclose(lines[label].get_xydata(), rows[["steps", "value"]].to_numpy(float))
        assert lines["mean"].get_color() == DATA
        assert list(lines["k = 10"].get_xdata()) == [10, 10]
        assert axis.get_xscale() == axis.get_yscale() == "log"
        band = axis.collections[0].get_paths()[0].vertices
        rows = table[(table["score"] == score) & (table["class"] == "a") & (table["age"] == 1000)]
        assert band[:, 1].max() == pytest.approx((rows["value"] + rows["error"]).max())
    assert len(plots.scores_by_class(curves, ["aai"]).axes) == 1


def test_scores_by_age(curves, table):
    young = Curves("PCD-100", "pcd", 100, table[table["age"] == 10])
    figure = plots.scores_by_age([young, curves])
    axes = np.array(figure.axes).reshape(2, 2)
    assert [axis.get_title() for axis in axes[0]] == ["PCD-100", "F&F-10"]
    assert list(drawn_lines(axes[0, 0])) == ["10", "k = 100"]
    lines = drawn_lines(axes[1, 1])
    assert list(lines) == ["10", "1k", "k = 10"]
    rows = table[(table["score"] == "aai") & (table["class"] == "all") & (table["age"] == 1000)]
    np.testing.assert_allclose(lines["1k"].get_xydata(), rows[["steps", "value"]].to_numpy(float))
    red, blue = (to_rgb(lines[label].get_color()) for label in ("10", "1k"))
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert axes[0, 0].get_ylim() == axes[0, 1].get_ylim()
    assert [text.get_text() for text in axes[1, 1].get_legend().get_texts()] == list(lines)


def test_values_of_zero_and_below(table):
    zero = table.assign(value=table["value"].where(table["steps"] != 10, 0.0))
    axis = plots.scores_by_class(Curves("r", "", 0, zero), ["aai"]).axes[0]
    assert axis.get_yscale() == "log"
    assert axis.get_ylim()[0] > 0
    assert len(axis.lines) == 3  # k is not known: no line
    signed = table.assign(value=table["value"] - 0.15)
    assert plots.scores_by_class(Curves("r", "", 0, signed), ["aai"]).axes[0].get_yscale() == "linear"


def test_scores_that_are_not_there(curves, table):
    with pytest.raises(sr.ConfigError, match=r"'aaii' is not in the curves.*did you mean 'aai'"):
        plots.scores_by_class(curves, ["aaii"])
    accuracies = Curves("r", "", 1, table[table["score"] == "accuracy"])
    with pytest.raises(sr.DataError, match="no score against sampling time"):
        plots.scores_by_age([accuracies])
    with pytest.raises(sr.DataError, match="at least one run"):
        plots.scores_by_age([])


def test_accuracy(curves, table):
    falling = table.copy()
    falling.loc[(table["score"] == "accuracy") & (table["age"] == 10), "value"] = 0.9
    figure = plots.accuracy([curves, Curves("other", "", 10, falling)])
    by_age, by_sweeps = figure.axes
    lines = by_age.lines
    np.testing.assert_allclose(lines[0].get_xydata(), [(10, 0.305), (1000, 0.8)])
    np.testing.assert_allclose(lines[2].get_xydata(), [(1000, 0.8)])  # the dot at a_max
    np.testing.assert_allclose(lines[3].get_xydata(), [(10, 0.9)])
    assert [text.get_text() for text in by_age.get_legend().get_texts()] == [
        "best 0.800 at age 1k",
        "best 0.900 at age 10",
    ]
    assert by_age.get_ylim() == by_sweeps.get_ylim()
    assert 0 <= by_age.get_ylim()[0] < 0.1 < 0.9 < by_age.get_ylim()[1]
    assert by_age.get_xscale() == by_sweeps.get_xscale() == "log"
    np.testing.assert_allclose(by_sweeps.lines[0].get_xydata(), [(1, 0.1), (5, 0.5)])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["F&F-10", "other"]
    with pytest.raises(sr.DataError, match="no accuracy"):
        plots.accuracy([Curves("r", "", 1, table[table["score"] == "aai"])])


def test_confusion():
    sure = np.eye(3)
    figure = plots.confusion(predictions([0, 0, 1, 1, -1], sure[[0, 1, 1, 1, 2]]))
    shown = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(shown[:2], [[0.5, 0.5, 0], [0, 1, 0]])
    assert shown.mask[2].all()  # no sample of class z
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["0.50", "0.50", "1.00"]
    assert "0.750" in figure.axes[0].get_title()
    with pytest.raises(sr.DataError):
        plots.confusion(predictions([-1], sure[:1]))


def test_reliability():
    rows = [[0.92, 0.08, 0]] * 4 + [[0.56, 0.44, 0]] * 2
    figure = plots.reliability(predictions([0, 0, 0, 1, 0, -1], rows))
    upper, lower = figure.axes
    (found,) = [it for it in upper.containers if it.get_label() == "predicted"]
    np.testing.assert_allclose(found[0].get_xydata(), [(0.56, 1.0), (0.92, 0.75)], rtol=1e-6)
    assert sorted(bar.get_height() for bar in lower.patches)[-2:] == [1, 4]
    assert sum(bar.get_height() for bar in lower.patches) == 5


def test_sample_grid_has_empty_cells_for_classes_that_never_appeared():
    images = np.random.default_rng(0).integers(0, 2, (3, 2, 4))
    data = sr.Dataset.from_arrays(images, [0, 0, 2], classes=["x", "y", "z"])
    axis = plots.sample_grid(data, columns=2).axes[0]
    shown = axis.images[0].get_array()
    assert shown.shape == (3 * 3 + 1, 2 * 5 + 1)
    np.testing.assert_array_equal(shown[1:3, 1:5], images[0])
    np.testing.assert_array_equal(shown[1:3, 6:10], images[1])
    np.testing.assert_array_equal(shown[7:9, 1:5], images[2])
    assert shown.mask[4:6].all()
    assert shown.mask[7:9, 6:10].all()
    assert [text.get_text() for text in axis.get_yticklabels()] == ["x", "y", "z"]


def test_sample_grids_side_by_side():
    images = np.random.default_rng(0).integers(0, 2, (6, 3, 3))
    data = sr.Dataset.from_arrays(images, [0, 1] * 3)
    figure = plots.sample_grids({"1": data, "10": data.select([5, 4])}, columns=3)
    assert [axis.get_title() for axis in figure.axes] == ["1", "10"]
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array()[1:4, 1:4], images[4])
    with pytest.raises(sr.DataError, match="need"):
        plots.sample_grids({"a": random_data()})
    with pytest.raises(sr.DataError, match="at least one"):
        plots.sample_grids({})


def test_singular_values_of_a_run(run):
    found = workflows.singular_values(run, count=4)
    assert set(found["age"]) == set(run.ages)
    model = run.model
    weight = model.view(run[-1]).weight.numpy()
    last = found[found["age"] == run.ages[-1]]
    for matrix, block in (("W", weight[model.slices[0]]), ("D", weight[model.slices[1]])):
        rows = last[last["matrix"] == matrix].sort_values("rank")
        np.testing.assert_allclose(rows["value"], np.linalg.svd(block, compute_uv=False)[:4], rtol=1e-5)
    figure = plots.singular_values(found)
    assert [len(axis.lines) for axis in figure.axes] == [4, 4]
    first = figure.axes[0].lines[0]
    rows = found[(found["matrix"] == "W") & (found["rank"] == 1) & (found["age"] > 0)]
    np.testing.assert_allclose(first.get_xydata(), rows[["age", "value"]])
    with pytest.raises(sr.ConfigError, match="count"):
        workflows.singular_values(run, count=0)
    with pytest.raises(sr.DataError, match="matrix"):
        plots.singular_values(found.drop(columns="matrix"))


def test_receptive_fields_of_a_run(run):
    fields = workflows.receptive_fields(run, count=5)
    weight = run.model.view(run[-1]).weight.numpy()[run.model.slices[0]]
    strongest = np.argsort(-np.linalg.norm(weight, axis=0))[:5]
    np.testing.assert_allclose(fields, weight[:, strongest].T)
    figure = plots.receptive_fields(fields, (8, 8))
    shown = figure.axes[0].images[0]
    np.testing.assert_allclose(shown.get_array()[1:9, 10:18], fields[1].reshape(8, 8))
    assert shown.get_clim() == pytest.approx((-np.abs(fields).max(), np.abs(fields).max()))
    np.testing.assert_array_equal(plots.receptive_fields(fields).axes[0].images[0].get_array(), fields)
    with pytest.raises(sr.DataError, match="64 sites are not an image of 8 x 9"):
        plots.receptive_fields(fields, (8, 9))


def test_receptive_fields_of_potts_sites_are_norms_over_colours(tmp_path):
    run = sr.fit(sequences(), out=tmp_path / "run", hidden=6, updates=5, batch=20)
    fields = workflows.receptive_fields(run, count=6)
    weight = run.model.view(run[-1]).weight.numpy().reshape(10, 21, 6)
    centred = weight - weight.mean(1, keepdims=True)
    norms = np.sqrt((centred**2).sum(1)).T
    np.testing.assert_allclose(np.sort(fields, 0), np.sort(norms, 0), rtol=1e-5)
    assert set(workflows.singular_values(run)["matrix"]) == {"W"}
    assert plots.receptive_fields(fields).axes[0].images[0].get_clim()[0] == 0


def test_information_of_letters_by_hand():
    data = sr.Dataset.from_arrays([[0, 1], [1, 1], [1, 1], [2, 1]], alphabet="rna")  # -AAC, AAAA
    share, small = np.array([2 / 3, 1 / 3]), 3 / (2 * np.log(2))
    entropy = -(share * np.log2(share)).sum()
    expected = 0.75 * share * max(2 - entropy - small / 3, 0)
    np.testing.assert_allclose(information(data)[0], [0, *expected, 0, 0])
    np.testing.assert_allclose(information(data)[1], [0, 2 - small / 4, 0, 0, 0])
    np.testing.assert_allclose(frequencies(data)[0], [0.25, 0.5, 0.25, 0, 0])
    with pytest.raises(sr.DataError, match="sequences of letters"):
        information(random_data())


def test_sequence_logos_are_wrapped_and_chosen():
    real, made = sequences(60, 81), sequences(3, 81, seed=1)
    figure = plots.sequence_logos(real, made)
    assert [axis.get_ylabel() for axis in figure.axes] == ["real", "generated"] * 3
    top = [outline for patch in figure.axes[0].patches for outline in patch.get_path().to_polygons()]  # of letters
    highest = max(information(side).sum(1).max() for side in (real, made))
    heights = np.where((bits := information(real)[:40]) >= 0.03 * highest, bits, 0).sum(1)  # lower ones are left out
    letters = np.zeros(40)
    for x, y in (outline.T for outline in top):
        letters[round(x.mean())] = max(letters[round(x.mean())], y.max())
    np.testing.assert_allclose(letters, heights, atol=0.02)
    few = sequences(2, 130)  # and few letters at a site
    figure = plots.sequence_logos(few, few.with_values(np.roll(few.values, 1, 1)))
    assert "120 sites of 130" in figure.get_suptitle()
    assert len(figure.axes) == 6


def test_training_curves(run):
    log = run.log_table()
    figure = plots.training_curves(log)
    residuals, weights, *_, accuracy = figure.axes
    assert list(drawn_lines(residuals)) == ["generate", "predict"]
    assert list(drawn_lines(weights)) == ["norm", "largest singular value"]
    np.testing.assert_allclose(accuracy.lines[0].get_xydata(), log[["update", "accuracy"]].dropna())
    with pytest.raises(sr.DataError, match="nothing was logged"):
        plots.training_curves(pd.DataFrame())


def test_histograms_have_common_bins_and_are_normalised():
    figure = plots.histograms({"real": [1, 2, 2, 3], "generated": [2, 3, np.nan]}, "length (sites)")
    axis = figure.axes[0]
    bars = [patch for patch in axis.patches if hasattr(patch, "get_height")]
    assert {round(bar.get_x() + 0.5, 6): bar.get_height() for bar in bars} == {1: 0, 2: 0.5, 3: 0.5}
    (outline,) = (patch for patch in axis.patches if not hasattr(patch, "get_height"))
    assert outline.get_path().vertices[:, 1].max() == 0.5
    assert to_rgb(outline.get_edgecolor()) == to_rgb(DATA)
    assert to_rgb(bars[0].get_facecolor()[:3]) == to_rgb(GENERATED)
    assert axis.get_xlabel() == "length (sites)"
    with pytest.raises(sr.DataError, match="'generated' has no value"):
        plots.histograms({"real": [1.0], "generated": [np.nan]}, "x")


# What all figures share

DEUTERANOPIA = np.array(  # Machado, Oliveira and Fernandes 2009, of linear RGB
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


def oklab(rgb):
    """Return the Oklab coordinates (B. Ottosson 2020) of linear RGB: distances are as eyes see them."""
    lms = rgb @ np.array(
        [[0.4122214708, 0.2119034982, 0.0883024619], [0.5363325363, 0.6806995451, 0.2817188376],
         [0.0514459929, 0.1073969566, 0.6299787005]]
    )  # fmt: skip
    return np.cbrt(np.clip(lms, 0, None)) @ np.array(
        [[0.2104542553, 1.9779984951, 0.0259040371], [0.7936177850, -2.4285922050, 0.7827717662],
         [-0.0040720468, 0.4505937099, -0.8086757660]]
    )  # fmt: skip


def nearest_colours(view):
    colours = np.array([to_rgb(colour) for colour in COLOURS])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    places = oklab(np.clip(linear @ view.T, 0, 1))
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


@pytest.mark.parametrize("view", [np.eye(3), DEUTERANOPIA], ids=["normal", "deuteranopia"])
def test_colours_can_be_told_apart(view):
    distance = nearest_colours(view)
    apart = distance + np.eye(len(COLOURS))
    assert apart[:10, :10].min() > 0.07
    assert apart.min() > 0.06  # a just noticeable difference is about 0.02
    red_green = np.array([to_rgb("#FF4040"), to_rgb("#8F8F00")])
    seen = oklab(np.clip(red_green @ DEUTERANOPIA.T, 0, 1))
    assert np.linalg.norm(seen[0] - seen[1]) < np.linalg.norm(oklab(red_green)[0] - oklab(red_green)[1])


def test_numbers_are_short():
    assert [short(n) for n in (1, 300, 1000, 20_000, 1_500_000)] == ["1", "300", "1k", "20k", "1.5M"]


@pytest.mark.parametrize("suffix", plots.SUFFIXES)
def test_figures_are_written_the_same_each_time_without_latex(curves, tmp_path, suffix):
    import matplotlib as mpl

    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    with mpl.rc_context({"font.size": 31, "text.usetex": True}):  # a user's settings
        for file in files:
            plots.save(plots.scores_by_class(curves), file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix])
    assert len(list(tmp_path.iterdir())) == 2


def test_figures_fit_a_column(curves):
    for figure in (plots.scores_by_class(curves), plots.accuracy([curves]), plots.pca(random_data(), random_data())):
        assert figure.get_figwidth() * 150 <= 900


def test_other_suffixes_are_refused(curves, tmp_path):
    with pytest.raises(sr.FormatError, match=r"\.png, \.svg, \.pdf, got '\.jpg'"):
        plots.save(plots.accuracy([curves]), tmp_path / "x.jpg")


# Moving pictures


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_animation_of_images(run, tmp_path, suffix):
    from PIL import Image

    found = workflows.frames(run, labels="3", n=4, times=(1, 3, 9), seed=5)
    assert list(found) == [0, 1, 3, 9]
    assert {data.classes[k] for data in found.values() for k in data.labels} == {"3"}
    plots.save_movie(plots.samples_movie([*found.values()], [*found]), tmp_path / f"m{suffix}")
    with Image.open(tmp_path / f"m{suffix}") as movie:
        assert movie.n_frames == 4
        pictures = []
        for frame in range(4):
            movie.seek(frame)
            pictures.append(np.asarray(movie.convert("L")).astype(int))
    assert all(np.abs(a - b).max() > 100 for a, b in pairwise(pictures))
    assert len(list(tmp_path.iterdir())) == 1


def test_frames_begin_with_the_noise_of_the_chains(run):
    found = workflows.frames(run, labels="3", n=200, times=(1,), seed=5)
    profile = run.model.profile
    shares = profile[:, run.model.slices[run.model.spec.label]][:, 3]  # of each row, among samples of a 3
    expected = (shares @ torch.sigmoid(profile[:, :64])).numpy()
    errors = np.sqrt(expected * (1 - expected) / 200)
    assert (np.abs(found[0].values.mean(0) - expected) < 4.5 * errors + 1e-3).all()
    same = sr.generate(run, labels="3", n=200, steps=1, seed=5)
    np.testing.assert_array_equal(found[1].values, same.values)
    theta, model = run.at(run.best()), run.model
    from shortrun.dynamics import Noise, Stream
    from shortrun.dynamics import run as sweep
    from shortrun.models import Clamp

    label = torch.full((200, 1), 3, dtype=torch.uint8)
    state = (torch.from_numpy(found[0].values), label, torch.zeros(200, 24, dtype=torch.uint8))
    end = sweep(model, theta, state, Noise(5, Stream.GENERATE), steps=1, clamp=Clamp(("label",)))
    assert (end[0].numpy() == same.values).mean() > 0.999  # kernels round weights to 16 bits


def test_animation_of_sequences_and_what_is_refused(tmp_path, monkeypatch):
    from PIL import Image

    data = [sequences(12, seed=seed) for seed in range(3)]
    movie = plots.samples_movie(data, [0, 1, 2])
    plots.save_movie(movie, tmp_path / "s.gif")
    with Image.open(tmp_path / "s.gif") as read:
        assert read.n_frames == 3
    with pytest.raises(sr.DataError, match="3 frames for 2 times"):
        plots.samples_movie(data, [0, 1])
    with pytest.raises(sr.FormatError, match=r"\.gif, \.webp, \.mp4, got '\.avi'"):
        plots.save_movie(movie, tmp_path / "t.avi")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(sr.FormatError, match="needs the program ffmpeg"):
        plots.save_movie(movie, tmp_path / "t.mp4")


# The command line


@pytest.fixture(scope="module")
def files(run, tmp_path_factory):
    """Return a folder with what the other verbs write of a run."""
    folder = tmp_path_factory.mktemp("plots")
    good("generate", run.path, "-n", 60, "-o", folder / "g.npz")
    good("predict", run.path, "digits", "-o", folder / "p.csv")
    good("curves", run.path, "digits", "-n", 120, "--times", "1,3,9", "--ages", "1,30", "-o", folder / "c.csv")
    return folder


def kinds(files, run):
    return {
        "pca": ("digits", files / "g.npz"),
        "scores": (files / "c.csv", "--k", 3, "--scores", "aai,spectrum"),
        "ages": (files / "c.csv", files / "c.csv", "--k", "3", "--name", "one,two"),
        "accuracy": (files / "c.csv",),
        "confusion": (files / "p.csv",),
        "reliability": (files / "p.csv",),
        "samples": (run.path, "--times", "1,3,30"),
        "weights": (run.path,),
        "fields": (run.path, "-n", 4),
        "training": (run.path,),
    }


KINDS = "pca scores ages accuracy confusion reliability samples weights fields training"


@pytest.mark.parametrize(("kind", "suffix"), zip(KINDS.split(), itertools.cycle((".png", ".svg"))))
def test_every_kind_from_the_command_line(kind, suffix, files, run, tmp_path):
    out = tmp_path / f"f{suffix}"
    assert str(out) in good("plot", kind, *kinds(files, run)[kind], "-o", out).out
    assert out.read_bytes().startswith(b"\x89PNG" if suffix == ".png" else b"<?xml")


def test_curves_and_predictions_are_read_back(files, run):
    from shortrun.cli import _curves

    (one, _) = _curves.curves([files / "c.csv"] * 2, "3,5", None)
    assert (one.name, one.k) == ("c", 3)
    again = plots.accuracy([one]).axes[0].lines[0].get_xydata()
    exact = [(age, sr.predict(run, sr.read("digits"), age=age).accuracy) for age in (1, 30)]
    np.testing.assert_allclose(again, exact, rtol=1e-6)
    found, expected = _curves.predictions(files / "p.csv"), sr.predict(run, sr.read("digits"))
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-5)


def test_logo_and_pair_kinds_from_the_command_line(tmp_path):
    for name, seed in (("real", 0), ("made", 1)):
        sr.write(tmp_path / f"{name}.fasta", sequences(seed=seed))
    for kind in ("logo", "lengths"):
        good("plot", kind, tmp_path / "real.fasta", tmp_path / "made.fasta", "-o", tmp_path / f"{kind}.png")
        assert (tmp_path / f"{kind}.png").stat().st_size > 5000
    for function, _ in plot_verb.PAIRS.values():
        assert callable(getattr(plots, function))


def test_animate_from_the_command_line(run, tmp_path):
    from PIL import Image

    told = good("animate", run.path, "--label", "3", "-n", 9, "--until", "2k", "-o", tmp_path / "m.gif").out
    assert "7 frames, the last after 6 sweeps" in told
    with Image.open(tmp_path / "m.gif") as movie:
        assert movie.n_frames == 7
    assert "3k expected, got '2x'" in refused("animate", run.path, "--until", "2x", "-o", tmp_path / "n.gif")
    assert "got '.bmp'" in refused("animate", run.path, "-o", tmp_path / "n.bmp")
    assert "class '11' is unknown" in refused("animate", run.path, "--label", "11", "-o", tmp_path / "n.gif")


def test_bad_figures_are_refused_in_one_line(files, run, tmp_path):
    out = tmp_path / "f.png"
    assert "Did you mean 'pca'" in refused("plot", "pcaa", "digits", "digits", "-o", out)
    assert "got '.jpg'" in refused("plot", "pca", "digits", files / "g.npz", "-o", tmp_path / "f.jpg")
    assert "no column 'score'" in refused("plot", "scores", files / "p.csv", "-o", out)
    assert "shortrun predict" in refused("plot", "confusion", files / "c.csv", "-o", out)
    assert "a table (.csv, .tsv, .parquet) expected" in refused("plot", "ages", files / "g.npz", "-o", out)
    assert "one for each of 1 files" in refused("plot", "ages", files / "c.csv", "--k", "1,2", "-o", out)
    assert "did you mean 'aai'" in refused("plot", "scores", files / "c.csv", "--scores", "aaii", "-o", out)
    assert "no such file" in refused("plot", "scores", tmp_path / "none.csv", "-o", out).lower()
    assert "the folder of a run expected" in refused("plot", "samples", files / "g.npz", "--times", "1", "-o", out)
    (tmp_path / "s.fasta").write_text(">a\nACDE\n>b\nACDF\n")
    assert "needs images" in refused("plot", "samples", tmp_path / "s.fasta", "-o", out)
    (tmp_path / "c.csv").write_text("score,class,age,steps,value,error\naai,all,1,1,x,0\n")
    assert "c.csv:2: column 'value': a number expected, got 'x'" in refused(
        "plot", "scores", tmp_path / "c.csv", "-o", out
    )
    assert not out.exists()


def test_grid_of_many_images_without_labels_shows_the_first():
    many = sr.Dataset.from_arrays(np.random.default_rng(0).random((5000, 3, 3)).astype(np.float32))
    figure = plots.sample_grid(many, columns=10)
    (image,) = figure.axes[0].images
    shown = image.get_array()
    assert shown.shape == (20 * 4 + 1, 10 * 4 + 1)
    np.testing.assert_array_equal(shown[1:4, 5:8], many.values[1].reshape(3, 3))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda frame, _: plots.pca(frame, frame), "real: samples as sr.read returns them expected, got a DataFrame"),
        (lambda _, run: plots.training_curves(run), "log: a table expected, got a Trajectory; run.plot has the"),
        (lambda _, run: plots.receptive_fields(run), "fields: an array of numbers expected, got a Trajectory"),
        (lambda _, run: plots.accuracy(run), "runs: a list of curves .* expected, got a Trajectory"),
        (lambda frame, _: plots.scores_by_class(frame), "curves: curves .* expected, got a DataFrame"),
        (lambda frame, _: plots.histograms(frame, "x"), "values: a mapping .* expected, got a DataFrame"),
        (lambda frame, _: plots.confusion(frame), "predictions: what sr.predict returns expected, got a DataFrame"),
        (lambda frame, _: plots.mutations(frame), "columns position, wildtype, letter, score expected, got a"),
        (lambda frame, _: plots.contacts(frame), r"contacts\(table, sites\): missing a required argument: 'sites'"),
        (lambda frame, _: plots.save(frame, "x.png"), "figure: what a function of plots returns expected, got"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(run, draw, message):
    with pytest.raises(sr.DataError, match=message):
        draw(pd.DataFrame({"a": [1.5, 2]}), run)


def test_a_result_is_drawn_as_its_table():
    table = pd.DataFrame({"i": [1, 2], "j": [7, 9], "score": [2.0, 1.0]})
    assert plots.contacts(SimpleNamespace(table=table), 10).axes
