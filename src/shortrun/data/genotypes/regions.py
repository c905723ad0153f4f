"""Stretches of a genome: `22`, `22:16050000-17000000`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from shortrun.errors import ConfigError, FormatError

STRETCH = re.compile(r"(?P<chromosome>\S+?)(?::(?P<first>[\d,]+)(?P<more>-(?P<last>[\d,]+)?)?)?")
FAR = 2**31 - 1  # the last position that VCF and its indices can hold
POSITION = re.compile(r"-?0*\d{1,10}")
EXPECTED = f"a whole number up to {FAR:,} expected"


class Region(NamedTuple):
    """A chromosome and its positions `first` to `last` (from 1, both in it)."""

    chromosome: str
    first: int = 1
    last: int = FAR

    def __str__(self) -> str:
        return f"{self.chromosome}:{self.first}-{self.last}"

    def holds(self, chromosome: str, position: int) -> bool:
        """Return whether a site lies in the region."""
        return chromosome == self.chromosome and self.first <= position <= self.last

    @classmethod
    def of(cls, text: str | None) -> Region | None:
        """Return the region that a text names: CHROMOSOME, CHROMOSOME:FROM-TO, CHROMOSOME:FROM- or CHROMOSOME:AT.

        Raises
        ------
        ConfigError
            If it names none.
        """
        if text is None:
            return None
        found = STRETCH.fullmatch(text)
        first = number(found["first"], 1) if found else 1
        last = number(found["last"], FAR if found["more"] or not found["first"] else first) if found else 0
        if found is None or not 1 <= first <= last:
            raise ConfigError("region", f"CHROMOSOME:FROM-TO expected, as 22:16050000-17000000, got '{text}'")
        return cls(found["chromosome"], first, last)


def position_in(path: Path, line: int, text: str, least: int = 0) -> int:
    """Return the position that a line of a file gives.

    Raises
    ------
    FormatError
        If it is no whole number, or one that other formats cannot hold.
    """
    if POSITION.fullmatch(text) and least <= int(text) <= FAR:
        return int(text)
    raise FormatError(path, line, f"position: {EXPECTED}, got '{text[:30]}'")


def number(text: str | None, default: int) -> int:
    """Return a whole number written with or without commas."""
    digits = (text or "").replace(",", "")
    return int(digits) if digits else default
