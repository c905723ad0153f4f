"""annaDCA: `update_N/{weight_matrix, vbias, hbias, label_matrix, lbias}`, as version 0.2.3 writes them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from shortrun import jsons
from shortrun.data.arrays.formats.hdf5 import opened
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats import _hdf5, _named
from shortrun.exchange.machine import Arrays, Machine

VOCABULARY, ALPHABET = "label_vocabulary", "alphabet"  # attributes of the file


def read(path: Path) -> Machine:
    """Read all updates, of which 0.2.3 keeps one; its training is PCD with sampled hidden units."""
    source = _hdf5.File(path)
    ages = _hdf5.ages_of(source)
    with source.reading() as file:
        potts = len(_hdf5.shape_of(_hdf5.first_group(file), "weight_matrix")) == 3
        about = {key: str(file.attrs[key]) for key in (VOCABULARY, ALPHABET) if key in file.attrs}
    return Machine(
        tuple(ages),
        partial(at, source, ages),
        scheme="pcd",
        units="potts" if potts else "bernoulli",
        classes=_named.classes_in(path, about.get(VOCABULARY)),
        letters=about.get(ALPHABET) if potts else None,
    )


def at(source: _hdf5.File, ages: dict[int, str], age: int) -> Arrays:
    """Return the parameters at an age."""
    keys = _hdf5.BIASES | _hdf5.OF_LABEL
    return _hdf5.arrays_at(source, {name: f"{ages[age]}/{key}" for name, key in keys.items()})


def fits(path: Path) -> bool:
    """Return whether the updates of a file have a label."""
    with opened(path) as file:
        return "label_matrix" in _hdf5.first_group(file)


def write(file: BinaryIO, machine: Machine) -> None:
    """Write the ages, of which annaDCA loads the last unless it is told another, with classes and alphabet."""
    _hdf5.write_file(file, partial(fill, machine))


def fill(machine: Machine, target: Any) -> None:
    """Write groups and attributes."""
    _hdf5.put_ages(machine, _hdf5.BIASES | _hdf5.OF_LABEL, target)
    target.attrs[VOCABULARY] = jsons.dumps(list(machine.classes))
    if machine.letters is not None:
        target.attrs[ALPHABET] = machine.letters


FORMAT = ModelFormat(
    program="annaDCA 0.2.3",
    suffixes=_hdf5.SUFFIXES,
    read=read,
    fits=fits,
    write=write,
    labels=True,
    many=True,
    orders=_hdf5.PROTEIN,
)
