"""What a notebook asks of a run: figures, chains with names of dimensions, a bar that ends as a line."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import shortrun as sr
from shortrun import progress
from shortrun.errors import MissingExtraError


@pytest.fixture(scope="module")
def data():
    return sr.read("digits").head(120)


@pytest.fixture(scope="module")
def run(data):
    return sr.fit(data, hidden=8, updates=60, seed=1)


def test_figures_of_a_run(run, data):
    first, last = run.plot.samples([1, 10], columns=2).axes, run.plot.samples(columns=3).axes
    assert [axis.get_title() for axis in first] == ["$t_G$ = 1", "$t_G$ = 10 = k"]
    assert len(last) == 1
    assert len(run.plot.pca(data).axes) == 3  # with a histogram beside each component
    assert run.plot.fields(count=4).axes[1].get_ylabel() == "weight"
    assert run.plot.confusion(data).axes[0].get_xlabel() != ""
    assert all(
        len(figure.axes) for figure in (run.plot.training(), run.plot.weights(count=3), run.plot.reliability(data))
    )
    assert "training, samples, pca, weights" in repr(run.plot)


def test_samples_after_several_times_are_images(data):
    plain = sr.Dataset.from_arrays(data.values, data.labels)
    with pytest.raises(sr.DataError, match="images only"):
        sr.fit(plain, hidden=4, updates=2).plot.samples([1, 10])


def test_chains_are_those_that_generate_gives(run):
    pytest.importorskip("xarray")
    found = run.to_xarray([1, 10], n=6, labels="3", seed=4)
    assert found["values"].dims == ("chain", "draw", "site")
    assert found["draw"].values.tolist() == [0, 1, 10]
    assert set(found["label"].values) == {"3"}
    made = sr.generate(run, n=6, labels="3", seed=4)
    assert np.array_equal(found["values"].sel(draw=10).values, made.values)
    assert not np.array_equal(found["values"].sel(draw=0).values, made.values)
    assert found.attrs["k"] == 10
    with pytest.raises(sr.ConfigError, match="times: at least 1"):
        run.to_xarray([0])


def test_chains_without_xarray_say_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortrun\[xarray\]'"):
        run.to_xarray([1])


class Display:
    """What IPython shows in the output of a cell."""

    def __init__(self):
        self.shown = []

    def __call__(self, page, display_id):
        self.update(page)
        return self

    def update(self, page):
        self.shown.append(page)


@pytest.fixture
def notebook(monkeypatch):
    display = Display()
    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(HTML=str, display=display))
    monkeypatch.setattr(progress, "LOOK", 0.0)
    return display


def test_a_bar_in_a_notebook_ends_as_a_line(notebook, data):
    sr.fit(data, hidden=4, updates=3, log_every=1)
    assert [text.startswith("<progress value=") for text in notebook.shown] == [True, True, True, False]
    assert "3 updates" in notebook.shown[-1]
    assert "accuracy" in notebook.shown[-1]


def test_no_bar_where_none_is_asked_for(notebook, data):
    sr.fit(data, hidden=4, updates=2, progress=None)
    assert notebook.shown == []


def test_no_bar_elsewhere():
    assert not progress.in_notebook()
    assert progress.automatic() is None  # standard error is no terminal here


def test_real_samples_without_labels_are_drawn_beside_generated_ones(run, data):
    assert len(run.plot.pca(data.with_labels([""] * len(data))).axes) == 3


def test_a_training_that_goes_back_says_so_while_it_runs():
    record = {"update": 500, "set_back_to": 316, "because": "it ran away", "p_dd": 0.52, "p_gg": 0.49}
    assert progress.monitored(record) == "back to age 316, as it ran away:  P_DD 0.520  P_GG 0.490"
