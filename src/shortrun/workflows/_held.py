"""Sites that every generated sample holds: those that are fixed, and those that are kept of a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shortrun.data import Dataset, Kind
from shortrun.data.core.columns import Column
from shortrun.data.core.frames import written
from shortrun.data.core.words import plain
from shortrun.data.tables.encoding import with_cells
from shortrun.data.tables.mentions import Mentions, says_missing, spelt
from shortrun.data.tables.rules import LABEL
from shortrun.errors import ConfigError, DataError, nearest
from shortrun.phrases import plural, quoted
from shortrun.settings.text import whole_numbers

Fix = Mapping[int | str, str] | Sequence[str] | None


def sites_of(kind: Kind, word: int | str, option: str) -> tuple[int, ...]:
    """Return the sites, from 0, that the name of a column, or a number or a range of numbers from 1, stands for.

    Raises
    ------
    ConfigError
        If there is no such site.
    """
    if isinstance(word, str) and (name := Mentions(tuple(kind.site_names)).find(word)) is not None:
        return (kind.site_names.index(name),)
    if isinstance(word, str) and kind.is_table and (kind.columns or not word.strip().replace("-", "").isdecimal()):
        if kind.label_column is not None and plain(word) in (plain(kind.label_column), LABEL):
            raise ConfigError(option, f"'{word}' is the column of classes, which --label sets")
        raise ConfigError(option, f"no column '{word}'", nearest(word, kind.site_names))
    numbers = whole_numbers(word, option) if isinstance(word, str) else (word,)
    for number in numbers:
        if not 1 <= number <= kind.sites:
            what = "the number of a column" if kind.is_table else "a site"
            raise ConfigError(option, f"{what} from 1 to {kind.sites:,} expected, got {number}")
    return tuple(number - 1 for number in numbers)


def kept_sites(kind: Kind, words: Iterable[int | str]) -> list[int]:
    """Return the sites of a template that words, which may list some, ask to keep."""
    found: list[int] = []
    for word in words:
        parts = Mentions(tuple(kind.site_names)).listed([word]) if isinstance(word, str) else [word]
        found += [site for part in parts for site in sites_of(kind, part, "keep")]
    return found


def fixed_cells(kind: Kind, fix: Fix) -> dict[int, str]:
    """Return site, from 0, -> the cell or letter that every sample has there.

    Raises
    ------
    ConfigError
        If a text is no name with a value, a site does not exist, or one is fixed twice.
    """
    names = Mentions(tuple(kind.site_names))
    if fix is None or isinstance(fix, Mapping):
        pairs: list[tuple[int | str, str]] = [(word, str(text)) for word, text in (fix or {}).items()]
    else:
        pairs = [*names.pairs(fix, lambda name: cells_at(kind, name))]
    found: dict[int, str] = {}
    for word, text in pairs:
        if not isinstance(fix, Mapping) and not (word and text):
            raise ConfigError("fix", f"name=value pairs expected, got '{word or text}'")
        for site in sites_of(kind, word, "fix"):
            cell = cell_at(kind, site, text)
            if found.setdefault(site, cell) != cell:
                raise ConfigError("fix", f"'{word}' is given twice, as '{found[site]}' and '{cell}'")
    return found


def cells_at(kind: Kind, name: str) -> tuple[str, ...]:
    """Return the categories of a column, or nothing of numbers and of what is no column."""
    column = next((column for column in kind.columns or () if column.name == name), None)
    return () if column is None or column.edges is not None else column.values


def cell_at(kind: Kind, site: int, text: str) -> str:
    """Return a cell in the spelling of its column; a number stays as it is, and `missing` is ''."""
    if kind.columns is None:
        letters = () if kind.alphabet is None else kind.alphabet.letters
        return (spelt(text, [*letters]) or text) if kind.table.names and set(letters) == {"0", "1"} else text
    column = kind.columns[site]
    if says_missing(text, column.values):
        return "" if column.missing else text
    return text if column.edges is not None else spelt(text, column.values) or text


def encoded(kind: Kind, site: int, text: str) -> float | int:
    """Return the value that a text stands for at a site.

    Raises
    ------
    ConfigError
        If it stands for none.
    """
    try:
        return kind.encode(site, text)
    except DataError as error:
        raise ConfigError("fix", str(error)) from None


def holding(kind: Kind, fixed: Mapping[int, str]) -> tuple[Kind, tuple[str, ...]]:
    """Return the kind of samples in which numbers that are fixed are written as they are, and notes on their bins."""
    if kind.columns is None:
        return kind, ()
    columns, notes = [*kind.columns], []
    for site, text in fixed.items():
        try:
            columns[site], note = columns[site].holding(text)
        except DataError as error:
            raise ConfigError("fix", str(error)) from None
        notes += [note] if note else []
    return replace(kind, codes=tuple(columns)), tuple(notes)


@dataclass(frozen=True)
class Kept:
    """The cells of a template that samples keep as they are.

    Parameters
    ----------
    cells : Mapping[int, ndarray]
        Site -> the (N,) cells of the template.
    notes : tuple[str, ...]
        On what the machine is told of them.
    """

    cells: Mapping[int, np.ndarray]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: Kind, template: Dataset | None, sites: Iterable[int]) -> Kept:
        """Return the cells that a template of columns of different kinds has at some sites; nothing of other data.

        Raises
        ------
        ConfigError
            If a column has whole numbers, and a cell is none.
        """
        if template is None or kind.columns is None:
            return cls({})
        pairs = [*written(template)]
        cells = {site: as_written(*pairs[site]) for site in sorted(sites)}
        binned = [column.name for site, column in enumerate(kind.columns) if site in cells and column.edges is not None]
        columns = f"{plural(len(binned), 'column')} {quoted(binned)}"
        told = f"{columns} as in the template; the machine is told the bins of the numbers"
        return cls(cells, (told,) if binned else ())

    def within(self, samples: Dataset, first: int) -> Dataset:
        """Return samples, of which the first has this number, with the cells that they keep."""
        if not self.cells:
            return samples
        rows = np.arange(first, first + len(samples))
        return with_cells(samples, {site: cells[rows % len(cells)] for site, cells in self.cells.items()})


def as_written(column: Column, cells: np.ndarray) -> np.ndarray:
    """Return cells as a column writes them, numbers with more decimals than it has as they are.

    Raises
    ------
    ConfigError
        If the column has whole numbers, and a cell is none.
    """
    numbers = np.full(len(cells), np.nan) if column.edges is None else column.numbers_in(cells)
    known = np.flatnonzero(~np.isnan(numbers))
    if column.is_whole and len(known) and (numbers[known] != np.rint(numbers[known])).any():
        wrong = known[numbers[known] != np.rint(numbers[known])][0]
        raise ConfigError("keep", f"column '{column.name}': a whole number expected, got '{cells[wrong]}'")
    found = cells.astype(object)
    texts = column.written(numbers[known]) if len(known) else found[known]
    found[known] = np.where(column.numbers_in(texts) == numbers[known], texts, cells[known])
    return found
