"""The texts of a column, each different one kept once: what files of a hundred thousand rows are read into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Texts(Sequence[str]):
    """N texts as codes into the different ones, each of which occurs.

    Parameters
    ----------
    different : tuple[str, ...]
        Texts that differ, in the order of their first occurrence where they were not selected from others.
    codes : ndarray
        (N,) int32 positions in `different`.

    Examples
    --------
    >>> column = Texts.of(["b", "a", "b"])
    >>> column.different, column.codes.tolist(), column[2], len(column)
    (('b', 'a'), [0, 1, 0], 'b', 3)
    """

    different: tuple[str, ...]
    codes: np.ndarray

    @classmethod
    def of(cls, cells: Iterable[str]) -> Texts:
        """Return the texts of an iterable; these themselves if they are such already."""
        if isinstance(cells, Texts):
            return cells
        return Texts(*codes_of(cells if isinstance(cells, np.ndarray) else [*cells]))

    @classmethod
    def joined(cls, parts: Iterable[Texts]) -> Texts:
        """Return the texts of all parts, in order."""
        growing = GrowingTexts()
        for part in parts:
            growing.add(part.cells.tolist())
        return growing.whole()

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: Any) -> Any:
        return self.select(row) if isinstance(row, slice) else self.different[self.codes[row]]

    def select(self, rows: Any) -> Texts:
        """Return the texts at `rows`: indices, a mask or a slice."""
        codes = self.codes[rows]
        occurs = np.bincount(codes, minlength=len(self.different)) > 0
        if occurs.all():
            return Texts(self.different, codes)
        code = (np.cumsum(occurs) - 1).astype(np.int32)
        return Texts(tuple(self.array[occurs].tolist()), code[codes])

    @cached_property
    def array(self) -> np.ndarray:
        """The (D,) different texts as objects, to be picked from by codes."""
        return np.array([*self.different, ""], dtype=object)[:-1]

    @property
    def cells(self) -> np.ndarray:
        """The (N,) texts as an array of objects."""
        return self.array[self.codes]

    @property
    def counts(self) -> np.ndarray:
        """How often each of `different` occurs, (D,)."""
        return np.bincount(self.codes, minlength=len(self.different))

    @cached_property
    def _known(self) -> dict[Any, np.ndarray]:
        return {}

    def of_each(self, function: Callable[..., np.ndarray], *more: Any) -> np.ndarray:
        """Return what a function says of `different`, (D,); asked once, as there can be a hundred thousand of them."""
        key = (function, *more)
        if key not in self._known:
            self._known[key] = function(self.different, *more)
        return self._known[key]

    def where(self, wanted: Collection[str]) -> np.ndarray:
        """Return which texts are among those wanted, (N,) bool."""
        return np.fromiter((text in wanted for text in self.different), bool, len(self.different))[self.codes]


def codes_of(cells: Sequence[str] | np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the texts that differ, in the order of their first occurrence, and the int32 code of each text."""
    import pandas as pd

    block = cells if isinstance(cells, np.ndarray) else np.empty(len(cells), object)
    if block is not cells:
        block[:] = cells
    codes, different = pd.factorize(block)
    return tuple(different.tolist()), codes.astype(np.int32)


class GrowingTexts:
    """Texts that come block by block."""

    def __init__(self) -> None:
        self.code: defaultdict[str, int] = defaultdict()
        self.code.default_factory = self.code.__len__
        self.parts: list[np.ndarray] = []

    def add(self, cells: Sequence[str]) -> None:
        """Add the texts of further rows."""
        different, codes = codes_of(cells)  # a small table in the cache first: three times as fast
        code = np.fromiter(map(self.code.__getitem__, different), np.int32, len(different))
        self.parts.append(code[codes])

    def whole(self) -> Texts:
        """Return all texts."""
        codes = np.concatenate(self.parts) if self.parts else np.zeros(0, np.int32)
        return Texts(tuple(self.code), codes)
