"""clusterbm (DsysDML): `update_N/{weight_matrix, vbias, hbias}`, or `epoch_N`, without a group `params`; no labels."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from shortrun.data.arrays.formats.hdf5 import opened
from shortrun.errors import FormatError
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats import _hdf5
from shortrun.exchange.machine import Arrays, Machine
from shortrun.phrases import counted

COUPLINGS = "coupling_matrix"
RESIDUES = 21


def read(path: Path) -> Machine:
    """Read all ages; where chains started, and for how long, the file does not say."""
    machine, shape = machine_in(path)
    return machine.noted(taken(shape[0], shape[1], "couplings-inference")) if machine.units == "potts" else machine


def machine_in(path: Path) -> tuple[Machine, tuple[int, ...]]:
    """Return what a file holds, and the shape of its weights.

    Raises
    ------
    FormatError
        If it is a machine without hidden units, or with a label.
    """
    source = _hdf5.File(path)
    ages = _hdf5.ages_of(source)
    with source.reading() as file:
        group = _hdf5.first_group(file)
        if COUPLINGS in group:
            raise FormatError(path, None, "is a Boltzmann machine of couplings: it has no hidden units to read")
        if "label_matrix" in group:
            raise FormatError(path, None, "has labels, which clusterbm knows nothing of: --from annadca reads them")
        shape = _hdf5.shape_of(group, "weight_matrix")
    return Machine(tuple(ages), partial(at, source, ages), units="potts" if len(shape) == 3 else "bernoulli"), shape


def taken(sites: int, colours: int, other: str) -> str:
    """Return what weights whose layout the file does not say are taken for."""
    told = f"weights are taken for those of {counted(sites, 'site')} with {counted(colours, 'state')}"
    return f"{told}, by their shape; --from {other} takes it the other way round"


def at(source: _hdf5.File, ages: dict[int, str], age: int) -> Arrays:
    """Return the parameters at an age."""
    return _hdf5.arrays_at(source, {name: f"{ages[age]}/{key}" for name, key in _hdf5.BIASES.items()})


def fits(path: Path) -> bool:
    """Return whether ages hold arrays themselves, without labels, and sites before colours as far as shapes tell."""
    with opened(path) as file:
        group = _hdf5.first_group(file)
        return COUPLINGS in group or (is_flat(group) and not colours_first(group))


def is_flat(group: Any) -> bool:
    """Return whether an age holds the arrays of a machine without labels itself."""
    return {*_hdf5.BIASES.values()} <= {*group} and not {"params", "label_matrix"} & {*group}


def colours_first(group: Any) -> bool:
    """Return whether the rows of weights are colours, as in couplings_inference: 21 are, else the fewer."""
    shape = _hdf5.shape_of(group, "weight_matrix")
    if len(shape) != 3:
        return False
    return shape[0] == RESIDUES if RESIDUES in shape[:2] else shape[0] < shape[1]


def write(file: BinaryIO, machine: Machine) -> None:
    """Write the ages."""
    _hdf5.write_file(file, partial(_hdf5.put_ages, machine, _hdf5.BIASES))


FORMAT = ModelFormat(
    program="clusterbm 0.1",
    suffixes=_hdf5.SUFFIXES,
    read=read,
    fits=fits,
    write=write,
    many=True,
    orders=_hdf5.PROTEIN,
)
