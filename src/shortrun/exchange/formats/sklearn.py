"""scikit-learn's BernoulliRBM: its attributes as arrays of an .npz file. Its pickles are never read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from shortrun.data.arrays.formats._arrays import array
from shortrun.errors import ConfigError
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats import npz
from shortrun.exchange.machine import Arrays, Machine

KEYS = ("components_", "intercept_visible_", "intercept_hidden_")


def read(path: Path) -> Machine:
    """Read the attributes `components_`, `intercept_visible_` and `intercept_hidden_`."""
    with npz.opened(path) as arrays:
        return machine_of(*(array(path, arrays, key) for key in KEYS))


def machine_of(components: np.ndarray, visible: np.ndarray, hidden: np.ndarray) -> Machine:
    """Return the machine of the attributes.

    Its chains went on from update to update (PCD): k = 1 says nothing of how many sweeps make a sample of noise.
    """
    arrays = Arrays(np.asarray(components).T, np.asarray(visible), np.asarray(hidden))
    return Machine((0,), lambda _: arrays, scheme="pcd")


def of_estimator(estimator: Any) -> Machine:
    """Return the machine of a fitted estimator.

    Raises
    ------
    ConfigError
        If it has no such attributes.
    """
    missing = [key for key in KEYS if not hasattr(estimator, key)]
    if missing:
        name = type(estimator).__name__
        raise ConfigError("source", f"a path, or a fitted BernoulliRBM expected: {name} has no '{missing[0]}'")
    return machine_of(*(getattr(estimator, key) for key in KEYS))


def fits(path: Path) -> bool:
    """Return whether arrays have the names of the attributes."""
    with npz.opened(path) as arrays:
        return all(key in arrays.files for key in KEYS)


def write(file: BinaryIO, machine: Machine) -> None:
    """Write the attributes of the last age."""
    arrays = machine.at(machine.ages[-1])
    if arrays.weight.ndim == 3:
        raise ConfigError("format", "BernoulliRBM has units of 0 and 1: sites of several colours do not fit")
    values = (arrays.weight.T, arrays.bias, arrays.hidden_bias)
    np.savez_compressed(file, allow_pickle=False, **dict(zip(KEYS, values, strict=True)))


FORMAT = ModelFormat(program="scikit-learn's BernoulliRBM", suffixes=npz.SUFFIXES, read=read, fits=fits, write=write)
