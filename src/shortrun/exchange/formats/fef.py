"""The F&F authors' code (DsysDML/FeF, main): `W<N>, D<N>, vbias<N>, hbias<N>, lbias<N>`, colours before sites."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from shortrun.data.arrays.formats.hdf5 import opened
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats import _hdf5
from shortrun.exchange.machine import Arrays, Machine

SCHEMES = {"Rdm": "ff", "PCD": "pcd", "CD": "cd"}  # training_mode
MODES = {scheme: mode for mode, scheme in SCHEMES.items()} | {"rdm": "Rdm"}
KEYS = {"weight": "W", "bias": "vbias", "hidden_bias": "hbias", "label_weight": "D", "label_bias": "lbias"}


def read(path: Path) -> Machine:
    """Read all epochs that were kept; its hidden units pass on their means."""
    source = _hdf5.File(path)
    ages = _hdf5.ages_of(source, "W")
    with source.reading() as file:
        potts = len(_hdf5.shape_of(file, next(iter(ages.values())))) == 3
    return Machine(
        tuple(ages),
        partial(at, source),
        units="potts" if potts else "bernoulli",
        scheme=SCHEMES.get(_hdf5.text(source, "training_mode") or ""),
        steps=_hdf5.number(source, "NGibbs"),
        hidden_rule="mean",
    )


def at(source: _hdf5.File, age: int) -> Arrays:
    """Return the parameters at an age."""
    return swapped(_hdf5.arrays_at(source, {name: f"{key}{age}" for name, key in KEYS.items()}))


def swapped(arrays: Arrays) -> Arrays:
    """Return arrays with colours before sites as such with sites before colours, or back."""
    if arrays.weight.ndim != 3 or arrays.bias.ndim != 2:
        return arrays
    return arrays._replace(weight=arrays.weight.transpose(1, 0, 2), bias=arrays.bias.T)


def fits(path: Path) -> bool:
    """Return whether a file has weights of epochs, and of labels."""
    with opened(path) as file:
        ages = _hdf5.ages_in(file, "W")
        return bool(ages) and all(f"D{age}" in file for age in ages)


def write(file: BinaryIO, machine: Machine) -> None:
    """Write the ages as epochs, and what `loadRBM` asks for beside them."""
    _hdf5.write_file(file, partial(fill, machine))


def fill(machine: Machine, target: Any) -> None:
    """Write arrays under the names of the authors' code."""
    last = machine.ages[-1]
    for age in machine.ages:
        arrays = swapped(machine.at(age))
        _hdf5.put(target, {f"{key}{age}": getattr(arrays, name) for name, key in KEYS.items()})
    numbers = {"NGibbs": machine.steps or 10, "ep_tot": last, "up_tot": last, "ep_max": last, "numPCD": 0, "seed": 0}
    numbers |= {"miniBatchSize": 1, "UpdByEpoch": 1, "time_start": 0, "training_time": 0}
    rates = {"lr": 0.01, "lr_labels": 0.01, "L1_reg": 0.0, "L2_reg": 0.0, "var_init": 1e-4, "lab_frac": 1.0}
    texts = {"training_mode": MODES.get(machine.scheme or "", "Rdm"), "file_stamp": "", "dataset_filename": ""}
    texts |= {"model_stamp": "shortrun"}
    if texts["training_mode"] == "PCD":  # whose chains are asked for
        texts["training_mode"] = "Rdm"
    flags = {"updCentered": False, "partial_labels": False, "alltime": np.array(machine.ages)}
    _hdf5.put(target, {**numbers, **rates, **texts, **flags})


FORMAT = ModelFormat(
    program="the F&F authors' code",
    suffixes=_hdf5.SUFFIXES,
    read=read,
    fits=fits,
    write=write,
    labels=True,
    many=True,
    orders={21: "-GALMFWKQESPVICYHRNDT", 5: "-AGCU"},
)
