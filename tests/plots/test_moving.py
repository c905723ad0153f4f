"""Moving pictures: as many frames as there are ages or times, and each shows what is known by then."""

from __future__ import annotations

import base64
import io

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from command_line import good, refused
from shortrun import plots, workflows
from shortrun.landscape import Tree
from shortrun.landscape.tree import Level
from shortrun.plots.movie import MILLISECONDS
from shortrun.plots.phase_diagram import DOT, HERE
from shortrun.regimes import boundaries
from shortrun.report.pictures import moving_picture
from shortrun.scores import features, project


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moving") / "run"
    return sr.fit(sr.read("digits").head(100), out=folder, hidden=4, updates=5, batch=20, validation=0, seed=1)


@pytest.fixture
def data():
    return sr.read("digits").head(60)


def walk(axes="sigma-w"):
    path = {"age": [1, 10, 100], "sigma": [0.1, 0.1, 0.2], "w_1": [np.nan, 0.5, 2.0], "x": [np.nan, 5, 10]}
    path |= {"y": [10, 10, 5], "phase": ["paramagnet", "paramagnet", "ferromagnet"]}
    return plots.phase_walk(boundaries(), pd.DataFrame(path), axes=axes)


@pytest.mark.parametrize("axes", ["sigma-w", "sk"])
def test_a_walk_shows_the_ages_up_to_its_own(axes):
    movie = walk(axes)
    assert movie.titles == ("age 1: paramagnet", "age 10: paramagnet", "age 100: ferromagnet")
    axis = movie.axis
    dots, edge = axis.collections[-2:]  # with and without a signal above the noise
    line = next(each for each in axis.lines if each.get_color() == "#666666")
    expected = {0: ([HERE], [0, 0], 0), 1: ([DOT], [HERE, 0], 1), 2: ([DOT], [DOT, HERE], 2)}
    for place, (at_edge, sizes, points) in expected.items():
        movie.frame(place)
        assert edge.get_sizes().tolist() == at_edge
        assert dots.get_sizes().tolist() == sizes
        assert len(line.get_xdata()) == points
        assert axis.get_title() == movie.titles[place]
    x, y = (0.2, 2.0) if axes == "sigma-w" else (10, 5)
    assert dots.get_offsets()[-1].tolist() == [x, y]


def test_a_walk_needs_phases():
    with pytest.raises(sr.DataError, match="columns age, sigma, w_1, x, y, phase expected"):
        plots.phase_walk(boundaries(), pd.DataFrame({"age": [1]}))


def test_a_tree_grows_with_its_age():
    found = Tree(
        parent=np.array([3, 3, 4, 4, -1]), age=np.array([100, 100, 100, 30, 10]), size=np.array([2, 1, 1, 3, 4]),
        length=np.full(5, 0.1), profiles=torch.zeros(5, 4), residual=np.zeros(5), converged=np.ones(5, bool),
        leaves=np.array([0, 0, 1, 2]), leaf_length=0.1,
        levels=(Level(100, 3), Level(30, 2), Level(10, 1)), stages=(), eps=0.1,
    )  # fmt: skip
    movie = plots.tree_growing(found, list("abcd"))
    assert movie.titles[0] == "age 10: 1 mode"
    assert movie.titles[-1] == "age 100: 3 modes"
    counts = [int(title.split(": ")[1].split()[0]) for title in movie.titles]
    assert counts == sorted(counts)
    assert set(counts) == {1, 2, 3}
    branches = movie.axis.collections[0]
    ends = []
    for place in (0, len(movie) // 2, len(movie) - 1):
        movie.frame(place)
        ends.append(movie.axis.transData.inverted().transform(branches.clipbox.max)[0])
    assert ends[0] < 0.01
    assert ends[0] < ends[1] < 1 < ends[2]


def test_chains_are_where_their_samples_are(data):
    frames = {t: data.select(np.random.default_rng(t).permutation(60)[:5]) for t in (0, 3, 10, 30)}
    movie = plots.chains_in_time(data, frames)
    assert movie.titles == ("start", "after 3 sweeps", "after 10 sweeps", "after 30 sweeps")
    found = project(data, frames[0])
    trails, dots = movie.axis.collections[-2:]
    for place, samples in enumerate(frames.values()):
        movie.frame(place)
        np.testing.assert_allclose(dots.get_offsets(), found.place(features(samples)), atol=1e-6)
        assert [len(trail) for trail in trails.get_segments()] == [place + 1] * 5
    titles = [axis.get_title() for axis in movie.at_rest().axes[:4]]
    assert titles == list(movie.titles)
    with pytest.raises(sr.DataError, match="the same samples at each time"):
        plots.chains_in_time(data, {0: data, 1: data.head(3)})
    with pytest.raises(sr.DataError, match="at least one number of sweeps"):
        plots.pca_in_time(data, {})


def test_the_last_frame_is_seen_longest_and_pages_have_a_still():
    from PIL import Image

    movie = walk()
    found = moving_picture(movie, "title", "caption")
    assert found.source.startswith("data:image/gif;base64,")
    assert found.still.startswith("data:image/svg")
    with Image.open(io.BytesIO(base64.b64decode(found.source.split(",")[1]))) as read:
        assert read.n_frames == 3
        assert read.info["duration"] == MILLISECONDS
        read.seek(2)
        assert read.info["duration"] > MILLISECONDS


@pytest.mark.parametrize(("show", "last"), [("chains", "after 15 sweeps"), ("walk", "age 5"), ("tree", "age 5")])
def test_what_a_run_shows(run, show, last, tmp_path):
    options = {"until": "15", "n": 3} if show == "chains" else {}
    assert workflows.movie(run, show=show, **options).titles[-1].startswith(last)


def test_animate_refuses_what_a_picture_does_not_have(run, tmp_path):
    out = tmp_path / "m.gif"
    told = good("animate", run.path, "digits", "--show", "chains", "--until", 2, "-n", 3, "-o", out).out
    assert "3 frames, the last after 2 sweeps" in told
    assert "--until" in refused("animate", run.path, "--show", "walk", "--until", 3, "-o", tmp_path / "n.gif")
    assert "--show chains or tree" in refused("animate", run.path, "digits", "-o", tmp_path / "n.gif")
    assert "walk" in refused("animate", run.path, "--show", "walks", "-o", tmp_path / "n.gif")
    assert not (tmp_path / "n.gif").exists()
