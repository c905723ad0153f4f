"""Mi3-GPU: an .npy array (pairs, q q) of energies, of the opposite sign, with the fields shared among the pairs."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from shortrun.errors import ConfigError
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.pairwise import Pairwise


def write_pairs(file: BinaryIO, machine: Pairwise) -> None:
    """Write E_ij(a, b) = - J_ij(a, b) - (h_i(a) + h_j(b)) / (S - 1): a sequence has the sum over its pairs."""
    sites = len(machine.fields)
    if sites < 2:
        raise ConfigError("format", "Mi3 has pairs only: at least two sites expected")
    i, j = np.triu_indices(sites, 1)
    share = machine.fields / (sites - 1)
    energy = -machine.couplings[i, j] - share[i][:, :, None] - share[j][:, None, :]
    np.save(file, energy.reshape(len(i), -1).astype(np.float32), allow_pickle=False)


FORMAT = ModelFormat(program="Mi3-GPU", suffixes=(".npy",), write_pairs=write_pairs)
