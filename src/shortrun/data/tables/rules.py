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
from typing import Any, Protocol, runtime_checkable

import numpy as np

from shortrun.data.core.columns import Column, missing_among
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.frames import written
from shortrun.data.core.kind import Kind
from shortrun.errors import ConfigError, nearest

ARROW = "->"
COMPARISON = re.compile(r"(.+?)\s*(<=|>=|!=|==|=|<|>)\s*(.+)")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
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
class Names:
    """What rules can name.

    Parameters
    ----------
    kind : Kind
        Of a table.
    classes : tuple[str, ...]
        Of its rows.
    """

    kind: Kind
    classes: tuple[str, ...]

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns that have codes of their own, by name."""
        return {column.name: column for column in self.kind.columns or ()}

    @cached_property
    def all(self) -> list[str]:
        """The sites, and the column of classes."""
        label = [self.kind.reading.label_column, LABEL] if self.classes else []
        return [*self.kind.site_names, *(name for name in label if name)]

    def is_numeric(self, name: str) -> bool:
        """Return whether a column holds numbers or dates."""
        return name in self.columns and self.columns[name].edges is not None


@dataclass(frozen=True)
class Rows:
    """The rows of a table as rules see them.

    Parameters
    ----------
    data : Dataset
        With these rows.
    """

    data: Dataset

    @cached_property
    def _written(self) -> dict[str, tuple[Column, np.ndarray]]:
        return {column.name: (column, cells) for column, cells in written(self.data)}

    def codes(self, name: str) -> np.ndarray:
        """Return the (N,) codes of a column."""
        sites = self.data.kind.site_names
        return self.data.values[:, sites.index(name)] if name in sites else self.data.labels

    def texts(self, name: str) -> np.ndarray:
        """Return the (N,) cells of a column as texts."""
        if name in self._written:
            return self._written[name][1]
        if name in self.data.kind.site_names:
            return self.codes(name).astype(str).astype(object)
        return np.array([*self.data.classes, ""], dtype=object)[self.data.labels]

    def numbers(self, name: str) -> np.ndarray:
        """Return the (N,) cells of a column of numbers, NaN where they are none."""
        column, cells = self._written[name]
        return column.numbers_in(cells)


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
    """A column compared with another one, where `value` is None, or with a value."""

    text: str
    left: str
    sign: str
    right: str
    value: float | str | None
    numeric: bool

    def holds(self, rows: Rows) -> np.ndarray:
        """Return where it holds."""
        return self._known(rows) & self._compared(rows)

    def broken(self, rows: Rows) -> np.ndarray:
        """Return where it does not hold, and both sides are known."""
        return self._known(rows) & ~self._compared(rows)

    def _known(self, rows: Rows) -> np.ndarray:
        sides = [self.left, *([self.right] if self.value is None else [])]
        return ~np.logical_or.reduce([missing_among([*map(str, rows.texts(side))]) for side in sides])

    def _compared(self, rows: Rows) -> np.ndarray:
        side = rows.numbers if self.numeric else rows.texts
        right = side(self.right) if self.value is None else self.value
        return np.asarray(OPERATORS[self.sign](side(self.left), right), bool)


@dataclass(frozen=True)
class Implication:
    """A comparison that holds wherever another one does."""

    text: str
    condition: Comparison
    consequence: Comparison

    def broken(self, rows: Rows) -> np.ndarray:
        """Return where the condition holds and the consequence does not."""
        return self.condition.holds(rows) & self.consequence.broken(rows)


def rules_of(
    texts: Sequence[str], kind: Kind, classes: tuple[str, ...], train: Callable[[], Dataset]
) -> tuple[Rule, ...]:
    """Return the rules that texts are.

    Parameters
    ----------
    texts : Sequence[str]
        Rules.
    kind : Kind
        Of the table whose columns they name.
    classes : tuple[str, ...]
        Of its rows.
    train : Callable[[], Dataset]
        Returns the training data, whose combinations are known.

    Raises
    ------
    ConfigError
        If a text is no rule, or a column or category is unknown.
    """
    names = Names(kind, classes)
    return tuple(rule_of(text.strip(), names, train) for text in texts)


def rule_of(text: str, names: Names, train: Callable[[], Dataset]) -> Rule:
    """Return the rule that a text is."""
    if ARROW in text:
        first, _, second = text.partition(ARROW)
        return Implication(text, comparison_of(first.strip(), names), comparison_of(second.strip(), names))
    if COMPARISON.fullmatch(text):
        return comparison_of(text, names)
    columns = tuple(known_name(name.strip(), names) for name in text.split(","))
    if len(columns) < 2:
        raise ConfigError("rule", f"'a, b' or 'a <= b' or 'a = x -> b >= y' expected, got '{text}'")
    return Combinations(text, columns, frozenset(combined(Rows(train()), columns)))


def comparison_of(text: str, names: Names) -> Comparison:
    """Return the comparison that a text is; what stands right is a column if one is called so, else a value."""
    found = COMPARISON.fullmatch(text)
    if found is None:
        raise ConfigError("rule", f"a comparison such as 'age >= 17' expected, got '{text}'")
    left, sign, right = (part.strip() for part in found.groups())
    known_name(left, names)
    numeric = names.is_numeric(left)
    if sign not in ("=", "==", "!=") and not numeric:
        raise ConfigError("rule", f"'{text}': column '{left}' holds no numbers, only = and != compare categories")
    if right not in names.all:
        return Comparison(text, left, sign, right, value_of(text, left, right, names), numeric)
    if names.is_numeric(right) != numeric:
        raise ConfigError("rule", f"'{text}': only one of the columns '{left}' and '{right}' holds numbers")
    return Comparison(text, left, sign, right, None, numeric)


def known_name(name: str, names: Names) -> str:
    """Return the name of a column.

    Raises
    ------
    ConfigError
        If there is no such column; names the nearest.
    """
    if name not in names.all:
        raise ConfigError("rule", f"no column '{name}'", nearest(name, names.all))
    return name


def value_of(text: str, name: str, value: str, names: Names) -> float | str:
    """Return the number, or the category, that a text is in a column.

    Raises
    ------
    ConfigError
        If the column cannot have it.
    """
    column = names.columns.get(name)
    if column is not None and names.is_numeric(name):
        found = float(column.numbers_in([value])[0])
        if np.isnan(found):
            expected = "a number" if column.date is None else f"a date as {column.values[0]}"
            hint = nearest(value, names.all)
            raise ConfigError("rule", f"'{text}': {expected} or a column expected, got '{value}'", hint)
        return found
    bits = ("0", "1") if name in names.kind.site_names else names.classes
    known = bits if column is None else column.values
    if value not in known:
        raise ConfigError("rule", f"'{text}': '{value}' is no value of column '{name}'", nearest(value, known))
    return value


def combined(rows: Rows, names: Sequence[str]) -> list[tuple[int, ...]]:
    """Return the combination of codes of each row."""
    return [*map(tuple, np.column_stack([rows.codes(name) for name in names]).tolist())]


def broken(rules: Sequence[Rule], data: Dataset) -> np.ndarray:
    """Return which rows break which rules, (rules, N) bool."""
    rows = Rows(data)
    return np.array([rule.broken(rows) for rule in rules]).reshape(len(rules), len(data))
