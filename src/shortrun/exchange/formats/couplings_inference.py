"""couplings_inference (DsysDML): the arrays of clusterbm, with colours before sites."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from shortrun.data.arrays.formats.hdf5 import opened
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats import _hdf5, clusterbm
from shortrun.exchange.formats.fef import swapped
from shortrun.exchange.machine import Arrays, Machine


def read(path: Path) -> Machine:
    """Read all updates."""
    machine, shape = clusterbm.machine_in(path)
    if machine.units == "potts":
        machine = machine.noted(clusterbm.taken(shape[1], shape[0], "clusterbm"))
    return replace(machine, at=partial(turned, machine))


def turned(machine: Machine, age: int) -> Arrays:
    """Return the parameters at an age with sites and colours in the other order."""
    return swapped(machine.at(age))


def fits(path: Path) -> bool:
    """Return whether a file is like one of clusterbm, with fewer rows than columns."""
    with opened(path) as file:
        group = _hdf5.first_group(file)
        return clusterbm.is_flat(group) and clusterbm.colours_first(group)


def write(file: BinaryIO, machine: Machine) -> None:
    """Write the ages."""
    clusterbm.write(file, replace(machine, at=partial(turned, machine)))


FORMAT = ModelFormat(
    program="couplings_inference",
    suffixes=_hdf5.SUFFIXES,
    read=read,
    fits=fits,
    write=write,
    many=True,
    orders=_hdf5.PROTEIN,
)
