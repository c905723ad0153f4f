"""What the weights of a run are, for figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.errors import ConfigError, DataError
from shortrun.models import Model
from shortrun.settings.shared import WhichAge
from shortrun.store import Trajectory
from shortrun.typing import Theta
from shortrun.workflows._runs import opened, theta_of
from shortrun.workflows._sites import named_sites

VALUES = 10  # singular values of each matrix
COLUMNS = ("age", "matrix", "rank", "value")
FIELDS = 32  # hidden units
MOTIFS = 6


def singular_values(run: Trajectory | Path | str, *, count: int = VALUES) -> pd.DataFrame:
    """Return the largest singular values of the weights at every age that was kept.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    count : int, default VALUES
        Of each matrix, at most.

    Returns
    -------
    pandas.DataFrame
        age, matrix ("W": sites to hidden units, "D": labels to hidden units; of a chaotic network "A" and the
        two coupled layers), rank from 1, value

    Raises
    ------
    ConfigError
        If `count` is below 1.
    """
    at_least_one(count)
    run = opened(run)
    model = run.model
    rows = [
        (age, name, rank, value)
        for age, theta in run
        for name, values in modes(model, theta, count).items()
        for rank, value in enumerate(values, start=1)
    ]
    return pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)})


def modes(model: Model, theta: Theta, count: int = VALUES) -> dict[str, list[float]]:
    """Return the largest singular values of each matrix of weights, by its name."""
    return {name: largest(matrix, count) for name, matrix in model.weight_matrices(theta).items()}


def receptive_fields(
    run: Trajectory | Path | str, *, age: WhichAge = "best", count: int = FIELDS
) -> Float[np.ndarray, "n S"]:
    """Return the weights of the hidden units with the largest norm, strongest first, a value a site.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    age : int, optional
        Of the training; by default the last.
    count : int, default FIELDS
        Hidden units, at most.

    Returns
    -------
    numpy.ndarray
        (n, S): the weight of sites of one feature, the norm over colours (in the zero-sum gauge) of Potts sites; of a
        chaotic network W + A, what visible units feel of a hidden one (FU24 fig. 4), strongest by A

    Raises
    ------
    ConfigError
        If `count` is below 1.
    DataError
        If it is a network without hidden units.
    StoreError
        If the age was not kept.
    """
    at_least_one(count)
    run = opened(run)
    fields = run.model.receptive_fields(theta_of(run, age), run.sites, count)
    if not len(fields):
        raise DataError(f"{run.called} has no hidden units, whose receptive fields this shows")
    return fields.numpy()


def motifs(
    run: Trajectory | Path | str, *, age: WhichAge = "best", count: int = MOTIFS
) -> tuple[Float[np.ndarray, "n S q"], str, np.ndarray, list[str]]:
    """Return the weights of the hidden units with the largest norm, strongest first, a value a letter.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    age : int, optional
        Of the training; by default the best.
    count : int, default MOTIFS
        Hidden units, at most.

    Returns
    -------
    tuple
        (n, S, q) weights in zero-sum gauge, the letters, the (S,) columns of the alignment, names of the units

    Raises
    ------
    ConfigError
        If `count` is below 1, or the run is a chaotic network.
    DataError
        If the data are no letters of one alphabet.
    StoreError
        If the age was not kept.
    """
    at_least_one(count)
    run = opened(run)
    if run.kind.alphabet is None:
        raise DataError(f"motifs are letters of one alphabet, {run.called} was trained on {run.kind.words}")
    named = named_sites(run, age, None, "weights")
    every = named.sites.weight[: named.sites.rows]
    strongest = every.square().sum(0).argsort(descending=True, stable=True)[:count]
    letters = run.kind.alphabet.letters
    weights = every[:, strongest].T.unflatten(1, (-1, len(letters))).numpy()
    return weights, letters, named.positions, [f"unit {unit + 1}" for unit in strongest.tolist()]


def largest(matrix: Float[Tensor, "F H"], count: int) -> list[float]:
    """Return the largest singular values, from the smaller of the two products in double precision."""
    exact = matrix.double()
    gram = exact @ exact.T if len(exact) < exact.shape[1] else exact.T @ exact
    return torch.linalg.eigvalsh(gram).flip(0)[:count].clamp_min(0).sqrt().tolist()


def at_least_one(count: int) -> None:
    """Raise ConfigError for a count below 1."""
    if count < 1:
        raise ConfigError("count", f"at least 1 expected, got {count}")
