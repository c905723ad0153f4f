"""bmDCA: the lines of adabmDCA with colours as numbers from 0."""

from __future__ import annotations

from typing import BinaryIO

from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats.adabmdca import write_lines
from shortrun.exchange.pairwise import Pairwise


def write_pairs(file: BinaryIO, machine: Pairwise) -> None:
    """Write couplings of pairs i < j, then fields."""
    write_lines(file, machine, [*map(str, range(len(machine.letters)))])


FORMAT = ModelFormat(program="bmDCA", suffixes=(".dat", ".txt"), write_pairs=write_pairs)
