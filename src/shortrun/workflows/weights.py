"""What the weights of a run are, for figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.engine.chaotic import random_couplings
from shortrun.errors import ConfigError, DataError
from shortrun.models import ChaoticNetwork, Layer, Model
from shortrun.store import Trajectory
from shortrun.typing import Theta
from shortrun.workflows._runs import opened, theta_of

VALUES = 10  # singular values of each matrix
COLUMNS = ("age", "matrix", "rank", "value")
FIELDS = 32  # hidden units


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
        for name, matrix in matrices(model, theta).items()
        for rank, value in enumerate(largest(matrix, count), start=1)
    ]
    return pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)})


def receptive_fields(
    run: Trajectory | Path | str, *, age: int | None = None, count: int = FIELDS
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
    model, theta = run.model, theta_of(run, age)
    if isinstance(model, ChaoticNetwork):
        return fields_of_network(run, model, theta, count)
    strength = matrices(model, theta)["W"].square().sum(0)
    strongest = torch.argsort(strength, descending=True, stable=True)[:count]
    fields = torch.zeros(len(strongest), run.sites)
    weight = model.view(theta).weight
    for layer, rows in zip(model.spec.observed, model.slices, strict=True):
        if layer in model.spec.visible:
            holds = slice(None) if layer.holds is None else list(layer.holds)
            fields[:, holds] = of_sites(layer, weight[rows][:, strongest]).T
    return fields.numpy()


def fields_of_network(run: Trajectory, model: ChaoticNetwork, theta: Theta, count: int) -> Float[np.ndarray, "n S"]:
    """Return W + A of the hidden units with the largest norm of A."""
    edge = next((e for e, (i, j) in enumerate(model.spec.edges) if i == 0 and j > 0), None)
    if not model.spec.hidden_layers or edge is None:
        raise DataError(f"{run.path} has no hidden units, whose receptive fields this shows")
    trained = model.view(theta)[0][edge]
    fixed = random_couplings(model.spec, theta.device, theta.dtype)[edge][0]
    strongest = torch.argsort(trained.square().sum(0), descending=True, stable=True)[:count]
    return (fixed + trained)[:, strongest].T.numpy()


def matrices(model: Model, theta: Theta) -> dict[str, Float[Tensor, "_ _"]]:
    """Return W, the weights of all visible features, and D, those of the label where there is one; or each A."""
    if isinstance(model, ChaoticNetwork):
        names = [layer.name for layer in model.spec.layers]
        edges = zip(model.spec.edges, model.view(theta)[0], strict=True)
        return {f"A: {names[i]} and {names[j]}": block for (i, j), block in edges}
    weight = model.view(theta).weight
    parts = [weight[rows] for rows in model.slices]
    visible = [part for i, part in enumerate(parts) if i != model.spec.label]
    found = {"W": torch.cat(visible)}
    return found if model.spec.label is None else found | {"D": parts[model.spec.label]}


def largest(matrix: Float[Tensor, "F H"], count: int) -> list[float]:
    """Return the largest singular values, from the smaller of the two products in double precision."""
    exact = matrix.double()
    gram = exact @ exact.T if len(exact) < exact.shape[1] else exact.T @ exact
    return torch.linalg.eigvalsh(gram).flip(0)[:count].clamp_min(0).sqrt().tolist()


def of_sites(layer: Layer, weight: Float[Tensor, "F H"]) -> Float[Tensor, "s H"]:
    """Return a value a site and hidden unit: the weight, or the norm over colours around their mean."""
    if layer.units.width == 1:
        return weight
    by_colour = weight.unflatten(0, (layer.sites, layer.units.width))
    return (by_colour - by_colour.mean(1, keepdim=True)).norm(dim=1)


def at_least_one(count: int) -> None:
    """Raise ConfigError for a count below 1."""
    if count < 1:
        raise ConfigError("count", f"at least 1 expected, got {count}")
