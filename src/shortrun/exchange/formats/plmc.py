"""plmc, version 2 of its files of parameters, which EVcouplings reads: frequencies in them are zeros."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from shortrun.errors import ConfigError
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.pairwise import Pairwise

UNKNOWN = "-"  # letter of a target sequence that is not there


def write_pairs(file: BinaryIO, machine: Pairwise) -> None:
    """Write sizes, five numbers of the inference (0), letters, positions, then f_i, h_i, f_ij, J_ij for i < j."""
    sites, colours = machine.fields.shape
    if not machine.letters.isascii():
        raise ConfigError("format", f"plmc has ASCII letters, these are '{machine.letters}'")
    i, j = np.triu_indices(sites, 1)
    couplings = machine.couplings[i, j].astype("<f4")
    file.write(np.array([sites, colours, 0, 0, 0], "<i4").tobytes())
    file.write(np.zeros(5, "<f4").tobytes())
    file.write(machine.letters.encode() + UNKNOWN.encode() * sites)
    file.write(machine.positions.astype("<i4").tobytes())
    file.write(np.zeros((sites, colours), "<f4").tobytes() + machine.fields.astype("<f4").tobytes())
    file.write(bytes(couplings.nbytes))
    file.write(couplings.tobytes())


FORMAT = ModelFormat(program="plmc and EVcouplings", suffixes=(".model", ".eij"), write_pairs=write_pairs)
