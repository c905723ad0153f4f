"""rbms (DsysDML): `update_N/params/{weight_matrix, vbias, hbias}`, as version 0.5 writes them; no labels."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from shortrun.data.arrays.formats.hdf5 import opened
from shortrun.errors import FormatError, nearest
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats import _hdf5
from shortrun.exchange.machine import Arrays, Machine

UNITS = {"BBRBM": "bernoulli", "PBRBM": "potts"}  # model_type
RATE = 0.01  # of the hyperparameters, where rbms expects one


def read(path: Path) -> Machine:
    """Read all updates; the file says k, but not from where chains started."""
    source = _hdf5.File(path)
    ages, name = _hdf5.ages_of(source), _hdf5.text(source, "model_type")
    if name is None:  # as in earlier versions
        with source.reading() as file:
            potts = len(_hdf5.shape_of(_hdf5.first_group(file), "params/weight_matrix")) == 3
        name = "PBRBM" if potts else "BBRBM"
    if name not in UNITS:
        hint = nearest(name, UNITS)
        told = f" (did you mean '{hint}'?)" if hint else ""
        raise FormatError(path, None, f"model_type {' or '.join(UNITS)} expected, found '{name[:50]}'{told}")
    steps = _hdf5.number(source, "hyperparameters/gibbs_steps")
    return Machine(tuple(ages), partial(at, source, ages), units=UNITS[name], steps=steps)


def at(source: _hdf5.File, ages: dict[int, str], age: int) -> Arrays:
    """Return the parameters at an age."""
    return _hdf5.arrays_at(source, {name: f"{ages[age]}/params/{key}" for name, key in _hdf5.BIASES.items()})


def fits(path: Path) -> bool:
    """Return whether the updates of a file have groups of parameters."""
    with opened(path) as file:
        group = _hdf5.first_group(file)
        return "params" in group and hasattr(group["params"], "keys")


def write(file: BinaryIO, machine: Machine) -> None:
    """Write the ages as rbms loads them: with one chain of zeros, and the hyperparameters that it asks for."""
    _hdf5.write_file(file, partial(fill, machine))


def fill(machine: Machine, target: Any) -> None:
    """Write groups, `params` and the same arrays beside it as links, as rbms does."""
    sites, hidden = len(machine.at(machine.ages[0]).weight), len(machine.at(machine.ages[0]).hidden_bias)
    for age in machine.ages:
        arrays, group = machine.at(age), target.create_group(f"update_{age}")
        inner = group.create_group("params")
        for name, key in _hdf5.BIASES.items():
            inner[key] = getattr(arrays, name)
            group[key] = inner[key]
        group["time"] = 0.0
        group.create_group("flags")
    target["model_type"] = next(name for name, units in UNITS.items() if units == machine.units)
    target["parallel_chains"] = np.zeros((1, sites), np.float32)
    numbers = {"num_hiddens": hidden, "num_visibles": sites, "num_chains": 1, "batch_size": 1, "seed": 0}
    rates = {"learning_rate": RATE, "L1": 0.0, "L2": 0.0, "train_size": 1.0}
    _hdf5.put(target.create_group("hyperparameters"), {**numbers, **rates, "gibbs_steps": machine.steps or 1})


FORMAT = ModelFormat(
    program="rbms 0.5", suffixes=_hdf5.SUFFIXES, read=read, fits=fits, write=write, many=True, orders=_hdf5.PROTEIN
)
