"""adabmDCA and bmDCA: lines `J i j a b value` and `h i a value`, sites from 0, colours as letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from shortrun.errors import ConfigError
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.pairwise import Pairwise


def write_pairs(file: BinaryIO, machine: Pairwise) -> None:
    """Write couplings of pairs i < j, then fields, as adabmDCA's `load_params` reads them."""
    blank = next((letter for letter in machine.letters if letter.isspace()), None)
    if blank is not None:
        raise ConfigError("format", f"lines of words cannot hold the letter '{blank}'")
    write_lines(file, machine, machine.letters)


def write_lines(file: BinaryIO, machine: Pairwise, words: Sequence[str]) -> None:
    """Write the lines, with a word for each colour."""
    sites = range(len(machine.fields))
    for i in sites:
        for j in sites[i + 1 :]:
            values = machine.couplings[i, j].tolist()
            lines = (
                f"J {i} {j} {a} {b} {value:.9g}\n"
                for a, row in zip(words, values, strict=True)
                for b, value in zip(words, row, strict=True)
            )
            file.write("".join(lines).encode())
    for i in sites:
        lines = (f"h {i} {a} {value:.9g}\n" for a, value in zip(words, machine.fields[i].tolist(), strict=True))
        file.write("".join(lines).encode())


FORMAT = ModelFormat(program="adabmDCA", suffixes=(".dat", ".txt"), write_pairs=write_pairs)
