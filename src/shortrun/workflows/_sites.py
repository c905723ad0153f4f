"""The sites of a trained machine, and how its data name them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int

from shortrun.errors import ConfigError, nearest
from shortrun.landscape import Method, Sites, sites_of
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened, rbm_of, theta_of

METHODS = ("exact", "gaussian")
OUT_OF_EQUILIBRIUM = ("ff", "rdm")


def sites_at(run: Trajectory, age: int | None, label: str | None, quantity: str) -> Sites:
    """Return the sites of the machine of a run at an age; its label is held at a class if one is given."""
    return sites_of(rbm_of(run, quantity), theta_of(run, age), label=class_code(run, label))


def class_code(run: Trajectory, label: str | None) -> int | None:
    """Return the code of a class, None for none.

    Raises
    ------
    ConfigError
        If the machine does not know it.
    """
    if label is None or label in run.classes:
        return None if label is None else run.classes.index(label)
    known = f"one of {', '.join(run.classes)} expected" if run.classes else f"{run.path} was trained without labels"
    raise ConfigError("label", f"'{label}' is no class: {known}", nearest(label, run.classes))


def check_method(method: str) -> Method:
    """Return the method.

    Raises
    ------
    ConfigError
        If it is unknown.
    """
    if method not in METHODS:
        raise ConfigError("method", f"'{method}' is unknown, expected exact or gaussian", nearest(method, METHODS))
    return method


def positions(run: Trajectory, sites: Sites) -> Int[np.ndarray, " S"]:
    """Return the columns of the data, from 1, that the sites are; of the alignment where some were left out."""
    places, columns = np.array(sites.places), run.kind.alignment.columns
    return (places if columns is None else np.array(columns.kept)[places]) + 1


def columns(run: Trajectory) -> int:
    """Return how many columns the data have, those that were left out among them."""
    columns = run.kind.alignment.columns
    return run.sites if columns is None else columns.of


def letters(run: Trajectory, sites: Sites) -> list[str]:
    """Return what is written for each colour of each site of the data, row by row."""
    return [text for place in sites.places for text in run.kind.texts(place)]


def trained_out_of_equilibrium(run: Trajectory | Path | str) -> bool:
    """Return whether the chains of a training started from noise, so that its parameters are no couplings (BDFRS24)."""
    return opened(run).recipe["name"] in OUT_OF_EQUILIBRIUM
