"""A user's script that calls every public function: type checkers know what each returns, none is Any.

Not run: `make types` reads it, because pyproject.toml names it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pandas as pd

import shortrun as sr
from shortrun.equilibrium.samples import Likelihood
from shortrun.landscape import Basins, Contacts, Couplings, Tree
from shortrun.plots import Movie
from shortrun.regimes.learning_curves import LearningFlow
from shortrun.regimes.mixing import Mixing
from shortrun.scores import Evaluation
from shortrun.sklearn import ShortRunClassifier, ShortRunGenerator


def data_of(frame: pd.DataFrame, values: np.ndarray) -> sr.Dataset:
    """Read data in every way, and write them."""
    assert_type(sr.from_pandas(frame, label_column="y"), sr.Dataset)
    assert_type(sr.from_numpy(values, labels=["a", "b"]), sr.Dataset)
    data = assert_type(sr.read("digits"), sr.Dataset)
    assert_type(sr.split(data, 0.2, seed=1), tuple[sr.Dataset, sr.Dataset])
    assert_type(sr.write("digits.npz", data), None)
    assert_type(data.sites, int)
    assert_type(data.classes, tuple[str, ...])
    return data


def models(data: sr.Dataset, values: np.ndarray) -> sr.Trajectory:
    """Train, and take over models of others."""
    run = assert_type(sr.fit(data, out=None, hidden=64, updates=100), sr.Trajectory)
    assert_type(run.save("run"), sr.Trajectory)
    assert_type(sr.Trajectory.open("run"), sr.Trajectory)
    assert_type(sr.import_model("model.h5", out=None), sr.Trajectory)
    assert_type(sr.from_parameters(values, values, values, out=None), sr.Trajectory)
    assert_type(sr.export_model(run, "model.h5"), tuple[str, ...])
    assert_type(run.recipe, dict[str, Any])
    assert_type(run.log_table(), pd.DataFrame)
    return run


def samples(run: sr.Trajectory, data: sr.Dataset) -> None:
    """Generate, predict and judge."""
    new = assert_type(sr.generate(run, labels=3, n=100), sr.Dataset)
    assert_type(sr.stream(run, times=[5, 10]), Iterator[dict[int, sr.Dataset]])
    assert_type(sr.frames(run), dict[int, sr.Dataset])
    assert_type(sr.animate(run, out="run.gif"), Movie)
    assert_type(sr.reconstruct(run, data), sr.Dataset)
    found = assert_type(sr.predict(run, data), sr.Predictions)
    assert_type(found.accuracy, float | None)
    assert_type(sr.predictions(run, data), Iterator[sr.Predictions])
    for each in sr.score(data, new):
        assert_type(each, sr.Score)
        assert_type(each.value, float)
    judged = assert_type(sr.evaluate(run), Evaluation)
    assert_type(judged.page(), str)
    assert_type(sr.curves(run, data), pd.DataFrame)
    assert_type(sr.fold(new, "folded"), pd.DataFrame)


def physics(run: sr.Trajectory, data: sr.Dataset) -> None:
    """Ask what the model has learned."""
    assert_type(sr.fixed_points(run, data), Basins)
    tree = assert_type(sr.tree(run, data), Tree)
    assert_type(sr.write_tree(tree, run, data, Path("tree")), None)
    assert_type(sr.couplings(run), Couplings)
    assert_type(sr.contacts(run), Contacts)
    assert_type(sr.mutations(run, "wildtype.fasta"), pd.DataFrame)
    assert_type(sr.phases(run), pd.DataFrame)
    assert_type(sr.lyapunov(run), pd.DataFrame)
    assert_type(sr.likelihood_by_age(run, {"test": data}), tuple[pd.DataFrame, tuple[str, ...]])
    assert_type(sr.mixing(run), Mixing)
    assert_type(sr.likelihood(run, data), Likelihood)
    assert_type(sr.learning_flow(data), LearningFlow)


def estimators(values: np.ndarray, y: np.ndarray) -> None:
    """Use scikit-learn."""
    assert_type(ShortRunClassifier(hidden=32).fit(values, y), ShortRunClassifier)
    assert_type(ShortRunGenerator(hidden=32).fit(values), ShortRunGenerator)
    assert_type(ShortRunClassifier().fit(values, y).predict(values), np.ndarray)
