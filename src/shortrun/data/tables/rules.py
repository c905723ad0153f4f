"""Rules between the columns of a table that every generated row keeps.

- `job, schooling`: only combinations of these that the training data have;
- `start <= end`, `age >= 17`: a column compared (=, !=, <, <=, >, >=) with another one, or with a value;
- `married = yes -> age >= 17`: where the first comparison holds, the second one does too.

A comparison with a missing cell is kept, as in SQL. The name of the column of classes, or `label`, is known too.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from shortrun.data.core.columns import Column, missing_among, numbers
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.frames import written
from shortrun.errors import ConfigError, nearest

ARROW = "->"
COMPARISON = re.compile(r"(.+?)\s*(<=|>=|!=|==|=|<|>)\s*(.+)")
OPERATORS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "==": operator.eq,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
LABEL = "label"


@dataclass(frozen=True)
class Rows:
    """The rows of a data set as rules see them.

    Parameters
    ----------
    data : Dataset
        Of a table.
    """

    data: Dataset

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns that have codes, by name."""
        return {column.name: column for column in self.data.columns or ()}

    @cached_property
    def names(self) -> list[str]:
        """The columns that rules can name."""
        kind = self.data.kind
        label = (
            [name for name in dict.fromkeys([kind.reading.label_column, LABEL]) if name] if self.data.classes else []
        )
        return [*kind.site_names, *label]

    @cached_property
    def _written(self) -> dict[str, np.ndarray]:
        return {column.name: cells for column, cells in written(self.data)}

    def codes(self, name: str) -> np.ndarray:
        """Return the (N,) codes of a column."""
        sites = self.data.kind.site_names
        return self.data.values[:, sites.index(name)] if name in sites else self.data.labels

    def texts(self, name: str) -> np.ndarray:
        """Return the (N,) cells of a column as texts."""
        if name in self._written:
            return self._written[name]
        if name in self.data.kind.site_names:
            return self.codes(name).astype(str).astype(object)
        return np.array([*self.data.classes, ""], dtype=object)[self.data.labels]

    def values(self, name: str) -> np.ndarray:
        """Return the (N,) cells of a column as numbers, NaN where they are none."""
        column = self.columns.get(name)
        return numbers([str(cell) for cell in self.texts(name)], None if column is None else column.date)

    def is_numeric(self, name: str) -> bool:
        """Return whether a column holds numbers or dates."""
        return name in self.columns and self.columns[name].edges is not None


@runtime_checkable
class Rule(Protocol):
    """Something that every row keeps."""

    @property
    def text(self) -> str:
        """As the user wrote it."""
        ...

    def broken(self, rows: Rows) -> np.ndarray:
        """Return which rows break it, (N,) bool."""
        ...


@dataclass(frozen=True)
class Combinations:
    """Only combinations of columns that are known."""

    text: str
    columns: tuple[str, ...]
    known: frozenset[tuple[int, ...]]

    def broken(self, rows: Rows) -> np.ndarray:
        """Return which rows have another combination."""
        return np.array([each not in self.known for each in combined(rows, self.columns)], bool)


@dataclass(frozen=True)
class Comparison:
    """A column compared with another one or with a value."""

    text: str
    left: str
    sign: str
    right: str
    with_column: bool

    def broken(self, rows: Rows) -> np.ndarray:
        """Return where it does not hold, and both sides are known."""
        return ~self.holds(rows) & self.known(rows)

    def known(self, rows: Rows) -> np.ndarray:
        """Return where no side is missing."""
        sides = [self.left, *([self.right] if self.with_column else [])]
        return ~np.logical_or.reduce([missing_among([str(cell) for cell in rows.texts(side)]) for side in sides])

    def holds(self, rows: Rows) -> np.ndarray:
        """Return where it holds."""
        if rows.is_numeric(self.left):
            left = rows.values(self.left)
            right = rows.values(self.right) if self.with_column else self.constant(rows, len(left))
        else:
            left = rows.texts(self.left)
            right = rows.texts(self.right) if self.with_column else np.full(len(left), self.right, object)
        return self.known(rows) & OPERATORS[self.sign](left, right)

    def constant(self, rows: Rows, count: int) -> np.ndarray:
        """Return the number, or date, that the right side is."""
        return np.repeat(numbers([self.right], rows.columns[self.left].date), count)


@dataclass(frozen=True)
class Implication:
    """A comparison that holds wherever another one does."""

    text: str
    condition: Comparison
    consequence: Comparison

    def broken(self, rows: Rows) -> np.ndarray:
        """Return where the condition holds and the consequence does not."""
        return self.condition.holds(rows) & self.consequence.broken(rows)


def rules_of(texts: Sequence[str], train: Callable[[], Dataset], like: Dataset) -> tuple[Rule, ...]:
    """Return the rules that texts are.

    Parameters
    ----------
    texts : Sequence[str]
        Rules.
    train : Callable[[], Dataset]
        Returns the training data, whose combinations are known.
    like : Dataset
        Samples with the columns that rules name.

    Raises
    ------
    ConfigError
        If a text is no rule, or a column or category is unknown.
    """
    rows = Rows(like)
    return tuple(rule_of(text.strip(), train, rows) for text in texts)


def rule_of(text: str, train: Callable[[], Dataset], rows: Rows) -> Rule:
    """Return the rule that a text is."""
    if ARROW in text:
        first, _, second = text.partition(ARROW)
        return Implication(text, comparison_of(first.strip(), rows), comparison_of(second.strip(), rows))
    if COMPARISON.fullmatch(text):
        return comparison_of(text, rows)
    names = tuple(known_name(name.strip(), rows) for name in text.split(","))
    if len(names) < 2:
        raise ConfigError("rule", f"'a, b' or 'a <= b' or 'a = x -> b >= y' expected, got '{text}'")
    return Combinations(text, names, frozenset(combined(Rows(train()), names)))


def comparison_of(text: str, rows: Rows) -> Comparison:
    """Return the comparison that a text is; what stands right is a column if one is called so, else a value."""
    found = COMPARISON.fullmatch(text)
    if found is None:
        raise ConfigError("rule", f"a comparison such as 'age >= 17' expected, got '{text}'")
    left, sign, right = (part.strip() for part in found.groups())
    known_name(left, rows)
    with_column = right in rows.names
    numeric = rows.is_numeric(left)
    if sign not in ("=", "==", "!=") and not numeric:
        raise ConfigError("rule", f"'{text}': column '{left}' holds no numbers, only = and != compare categories")
    if with_column and rows.is_numeric(right) != numeric:
        raise ConfigError("rule", f"'{text}': only one of the columns '{left}' and '{right}' holds numbers")
    if not with_column:
        check_value(text, left, right, rows)
    return Comparison(text, left, sign, right, with_column)


def known_name(name: str, rows: Rows) -> str:
    """Return the name of a column.

    Raises
    ------
    ConfigError
        If there is no such column; names the nearest.
    """
    if name not in rows.names:
        raise ConfigError("rule", f"no column '{name}'", nearest(name, rows.names))
    return name


def check_value(text: str, name: str, value: str, rows: Rows) -> None:
    """Raise an error unless a value is one that a column can have."""
    column = rows.columns.get(name)
    if rows.is_numeric(name):
        assert column is not None
        if np.isnan(numbers([value], column.date))[0]:
            expected = "a number" if column.date is None else f"a date as {column.values[0]}"
            hint = nearest(value, rows.names)
            raise ConfigError("rule", f"'{text}': {expected} or a column expected, got '{value}'", hint)
        return
    known = column.values if column is not None else ("0", "1") if name in rows.data.kind.site_names else None
    known = rows.data.classes if known is None else known
    if value not in known:
        raise ConfigError("rule", f"'{text}': '{value}' is no value of column '{name}'", nearest(value, known))


def combined(rows: Rows, names: Sequence[str]) -> list[tuple[int, ...]]:
    """Return the combination of codes of each row."""
    return [*map(tuple, np.column_stack([rows.codes(name) for name in names]).tolist())]


def broken(rules: Sequence[Rule], data: Dataset) -> np.ndarray:
    """Return which rows break which rules, (rules, N) bool."""
    rows = Rows(data)
    return np.array([rule.broken(rows) for rule in rules]).reshape(len(rules), len(data))
