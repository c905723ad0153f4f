"""Rules between the columns of a table that every generated row keeps.

- `job, schooling`: only combinations of these that the training data have;
- `start <= end`, `age >= 17`: a column compared (=, !=, <, <=, >, >=) with another one, or with a value;
- `married = yes -> age >= 17`: where the first comparison holds, the second one does too.

A comparison with a missing cell is kept, as in SQL; `age = missing` asks for one. The name of the column of classes, or
`label`, is known too. A date compared with a time of day is compared by the day.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from shortrun.data.core.columns import Column, numbers
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.dates import DAYS, has_time
from shortrun.data.core.frames import written
from shortrun.data.core.kind import Kind
from shortrun.data.core.words import plain
from shortrun.data.tables.mentions import Mentions, says_missing, spelt, unquoted
from shortrun.errors import ConfigError, nearest
from shortrun.phrases import quoted

ARROW = "->"
SIGN = re.compile(r"<=|>=|!=|==|=|<|>")
COMPARISON = re.compile(r"(.+?)\s*(<=|>=|!=|==|=|<|>)\s*(.+)")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
MEANT = {"=>": ARROW, "→": ARROW, "⇒": ARROW, "=<": "<=", "≤": "<=", "≥": ">=", "≠": "!="}  # by signs that are none
MIRRORED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "=": "=", "!=": "!=", "==": "="}
ADVICE = {  # for what is not understood, by what it looks like
    r"\bbetween\b": "two rules say that: 'a >= 1' and 'a <= 9'",
    r"\bif\b|\bthen\b": "an implication is written 'a = x -> b >= 17'",
    r"\band\b|&": "give each part as a rule of its own",
    r"\bor\b|\||\bin\b": "rule out the other values instead, each with a rule of its own: 'a != x'",
    r"\bnot\b": "use the opposite sign, as in 'a != x'",
    r"\bis\b": "write 'a = x'",
    r"[+*]|\s[-/]\s": "rules know no arithmetic, they compare a column with a column or a value",
    r"^\(|\)$": "rules have no brackets",
}
LABEL = "label"
NUMBERS, DATES, TIMES, CATEGORIES = "numbers", "dates", "dates with a time of day", "categories"
DAY = 86400


@dataclass(frozen=True)
class Field:
    """A column as rules see it.

    Parameters
    ----------
    name : str
        As the data have it.
    what : str
        What it holds: NUMBERS, DATES, TIMES or CATEGORIES.
    known : tuple[str, ...]
        Texts in code order: categories, or what stands for each bin; empty for numbers without codes.
    column : Column, optional
        Where the table has columns of different kinds.
    """

    name: str
    what: str
    known: tuple[str, ...]
    column: Column | None = None

    @property
    def numeric(self) -> bool:
        """Whether its cells have an order."""
        return self.what != CATEGORIES

    @property
    def missing(self) -> bool:
        """Whether a cell can be missing."""
        return self.column is not None and self.column.missing


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
    def label(self) -> str:
        """The column of classes."""
        return self.kind.label_column or LABEL

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All columns, by name: the sites, and that of the classes."""
        found = {LABEL: Field(self.label, CATEGORIES, self.classes)} if self.classes else {}
        if self.classes:
            found[self.label] = found[LABEL]
        return found | {field.name: field for field in self._sites()}

    @cached_property
    def mentions(self) -> Mentions:
        """The names, to be found in texts."""
        return Mentions(tuple(self.fields))

    def find(self, text: str) -> Field:
        """Return the column that a text names.

        Raises
        ------
        ConfigError
            If there is no such column; names the nearest.
        """
        name = self.mentions.find(text)
        if name is None:
            raise ConfigError("rules", f"no column '{text}'", nearest(text, self.fields))
        return self.fields[name]

    def _sites(self) -> Iterator[Field]:
        if self.kind.columns is not None:
            yield from (Field(column.name, what_of(column), column.values, column) for column in self.kind.columns)
            return
        letters = () if self.kind.alphabet is None else (*self.kind.alphabet.letters,)
        what = NUMBERS if all(letter.isdecimal() for letter in letters) else CATEGORIES
        yield from (Field(name, what, letters) for name in self.kind.site_names)


def what_of(column: Column) -> str:
    """Return what a column holds."""
    if column.edges is None:
        return CATEGORIES
    return NUMBERS if column.date is None else TIMES if has_time(column.date) else DATES


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

    def _site(self, field: Field) -> int:
        names = self.data.kind.site_names
        return names.index(field.name) if field.name in names else -1

    def codes(self, field: Field) -> np.ndarray:
        """Return the (N,) codes of a column."""
        site = self._site(field)
        return self.data.values[:, site] if site >= 0 else self.data.labels

    def texts(self, field: Field) -> np.ndarray:
        """Return the (N,) cells of a column of categories, '' where they are missing."""
        return np.array([*field.known, ""], dtype=object)[self.codes(field)]

    def numbers(self, field: Field) -> np.ndarray:
        """Return the (N,) cells of a column of numbers, NaN where they are none."""
        if field.column is not None:
            return field.column.numbers_in(self._cells(field))
        if not field.known:
            return self.data.in_units[:, self._site(field)]
        return np.array([*map(float, field.known)])[self.codes(field)]

    def missing(self, field: Field) -> np.ndarray:
        """Return in which of the (N,) rows the cell of a column is missing."""
        if field.column is None:
            return self.codes(field) < 0 if not field.numeric else np.zeros(len(self.data), bool)
        return self.codes(field) == len(field.known)

    def _cells(self, field: Field) -> np.ndarray:
        return self._written[field.name][1]


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
    fields: tuple[Field, ...]
    known: frozenset[tuple[int, ...]]

    def broken(self, rows: Rows) -> np.ndarray:
        """Return which rows have another combination."""
        return np.array([each not in self.known for each in combined(rows, self.fields)], bool)


@dataclass(frozen=True)
class Comparison:
    """A column compared with another one, `right`, or with a value; or with `missing`, where both are None.

    Parameters
    ----------
    text : str
        As the user wrote it.
    left : Field
        The column.
    sign : str
        How it is compared.
    right : Field, optional
        Another column.
    value : float or str, optional
        A number, or a category.
    by_day : bool, default False
        Whether a time of day does not count.
    """

    text: str
    left: Field
    sign: str
    right: Field | None = None
    value: float | str | None = None
    by_day: bool = False

    @property
    def of_missing(self) -> bool:
        """Whether it asks for cells that are missing, or are not."""
        return self.right is None and self.value is None

    def holds(self, rows: Rows) -> np.ndarray:
        """Return where it holds."""
        return self._known(rows) & self._compared(rows)

    def broken(self, rows: Rows) -> np.ndarray:
        """Return where it does not hold, and both sides are known."""
        return self._known(rows) & ~self._compared(rows)

    def _known(self, rows: Rows) -> np.ndarray:
        if self.of_missing:
            return np.ones(len(rows.data), bool)
        sides = [self.left, *([self.right] if self.right is not None else [])]
        return ~np.logical_or.reduce([rows.missing(side) for side in sides])

    def _compared(self, rows: Rows) -> np.ndarray:
        if self.of_missing:
            return rows.missing(self.left) == (self.sign == "=")
        right = self.value if self.right is None else self._side(rows, self.right)
        return np.asarray(OPERATORS[self.sign](self._side(rows, self.left), right), bool)

    def _side(self, rows: Rows, field: Field) -> np.ndarray:
        if not field.numeric:
            return rows.texts(field)
        found = rows.numbers(field)
        return np.floor(found / DAY) if self.by_day and field.what == TIMES else found


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
    """Return the rules that texts are, each once.

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
    return tuple(rule_of(text, names, train) for text in dict.fromkeys(texts))


def rule_of(text: str, names: Names, train: Callable[[], Dataset]) -> Rule:
    """Return the rule that a text is; a sign that is none is said first where it is none."""
    form = plain(text)
    try:
        return read(form, names, train)
    except ConfigError as error:
        check_signs(form, names)
        if (advice := advice_on(form, names)) is not None:
            raise ConfigError("rules", f"'{form}' is not understood: {advice}") from error
        raise


def advice_on(text: str, names: Names) -> str | None:
    """Return how to say what a text that is no rule seems to mean, None where it is not clear."""
    *condition, last = text.rpartition(ARROW)
    parts, signs = [part.strip() for part in SIGN.split(last)], SIGN.findall(last)
    known = [names.mentions.find(part) is not None for part in parts]
    misspelt = not known[0] and nearest(parts[0], names.mentions.names) is not None
    if len(signs) in (1, 2) and all(parts) and known[1] and not misspelt and (len(signs) == 2 or not known[0]):
        left, middle, *right = parts
        rules = [f"{left} {signs[0]} {middle}" if known[0] else f"{middle} {MIRRORED[signs[0]]} {left}"]
        rules += [f"{middle} {signs[1]} {right[0]}"] if right else []
        written = quoted(["".join(condition) + (" " if condition[1] else "") + rule for rule in rules])
        return f"write {'two rules, ' if right else ''}{written}"
    rest = text.replace(ARROW, " ")
    for name in names.mentions.names:
        rest = rest.replace(plain(name), "a")
    return next((advice for pattern, advice in ADVICE.items() if re.search(pattern, rest, re.IGNORECASE)), None)


def read(text: str, names: Names, train: Callable[[], Dataset]) -> Rule:
    """Return the rule that a text is: combinations if it lists known names, else an implication or a comparison."""
    words = names.mentions.listed([text])
    if len(words) > 1 and all(map(names.mentions.find, words)):
        return combinations_of(text, words, names, train)
    found = implication_of(text, names)
    if isinstance(found, Implication):
        return found
    parts = parts_of(text, names)
    if parts is not None:
        try:
            return comparison_of(text, names)
        except ConfigError as error:
            raise (error if found is None or ARROW in parts[0] else found) from None
    if found is not None:
        raise found
    return combinations_of(text, words, names, train)


def implication_of(text: str, names: Names) -> Implication | ConfigError | None:
    """Return the implication that a text is; else why it is none, or nothing where it has no arrow."""
    refused = None
    for arrow in re.finditer(ARROW, text):
        try:
            condition = comparison_of(text[: arrow.start()].strip(), names)
        except ConfigError as error:
            refused = refused or error
            continue
        try:
            return Implication(text, condition, comparison_of(text[arrow.end() :].strip(), names))
        except ConfigError as error:
            refused = error
    return refused


def combinations_of(text: str, words: Sequence[str], names: Names, train: Callable[[], Dataset]) -> Combinations:
    """Return the rule that columns have only combinations of the training data.

    Raises
    ------
    ConfigError
        If a column is unknown or has no codes, or there is one only.
    """
    fields = tuple(map(names.find, words))
    if len(fields) < 2:
        raise ConfigError("rules", f"'a, b' or 'a <= b' or 'a = x -> b >= y' expected, got '{text}'")
    if not all(field.known for field in fields):
        raise ConfigError(
            "rules", f"'{text}': combinations of columns with categories or bins expected, not of numbers"
        )
    return Combinations(text, fields, frozenset(combined(Rows(train()), fields)))


def parts_of(text: str, names: Names) -> tuple[str, str, str] | None:
    """Return the sides and the sign of a comparison, known names first; None where a text has no sign."""
    for name, rest in names.mentions.beginning(text):
        if (sign := SIGN.match(rest)) is not None:
            return name, sign.group(), rest[sign.end() :].strip()
        if rest.startswith(","):
            return None
    found = COMPARISON.fullmatch(text)
    return None if found is None else (found.group(1), found.group(2), found.group(3))


def check_signs(text: str, names: Names) -> None:
    """Raise ConfigError for a sign outside of names that means another one."""
    for name in sorted(map(plain, names.fields), key=len, reverse=True):
        text = text.replace(name, " ") if any(sign in name for sign in MEANT) else text
    for sign, meant in MEANT.items():
        if sign in text:
            raise ConfigError("rules", f"'{text}': the sign for that is '{meant}', not '{sign}'")


def comparison_of(text: str, names: Names) -> Comparison:
    """Return the comparison that a text is; what stands right is a column if one is called so, else a value."""
    parts = parts_of(text, names)
    if parts is None:
        raise ConfigError("rules", f"a comparison such as 'age >= 17' expected, got '{text}'")
    left, sign, right = parts
    sign = "=" if sign == "==" else sign
    field, other = names.find(left), names.mentions.find(right)
    if sign not in ("=", "!=") and not field.numeric:
        reason = f"column '{field.name}' holds no numbers, only = and != compare categories"
        raise ConfigError("rules", f"'{text}': {reason}")
    if other is None:
        return with_value(text, field, sign, right, names)
    return with_column(text, field, sign, names.fields[other])


def with_column(text: str, left: Field, sign: str, right: Field) -> Comparison:
    """Return the comparison of two columns.

    Raises
    ------
    ConfigError
        If they hold what cannot be compared.
    """
    times = {left.what, right.what} == {DATES, TIMES}
    if left.what != right.what and not times:
        reason = f"column '{left.name}' holds {left.what} and column '{right.name}' {right.what}"
        raise ConfigError("rules", f"'{text}': {reason}, which cannot be compared")
    return Comparison(text, left, sign, right, by_day=times)


def with_value(text: str, field: Field, sign: str, value: str, names: Names) -> Comparison:
    """Return the comparison of a column with a number, a date, a category or `missing`.

    Raises
    ------
    ConfigError
        If the column cannot have it.
    """
    if says_missing(value, field.known) and value:
        if not field.missing or sign not in ("=", "!="):
            why = "only = and != go with it" if field.missing else f"column '{field.name}' had no such cell in training"
            raise ConfigError("rules", f"'{text}': '{value}' says that a cell is missing; {why}")
        return Comparison(text, field, sign)
    if field.numeric:
        found, by_day = number_of(field, value)
        if np.isnan(found):
            expected = f"a date as {field.known[0]}" if field.what in (DATES, TIMES) else "a number"
            hint = nearest(value, names.fields)
            raise ConfigError("rules", f"'{text}': {expected} or a column expected, got '{value}'", hint)
        return Comparison(text, field, sign, value=found, by_day=by_day)
    cell = spelt(value, field.known)
    if cell is None:
        hint = nearest(value, field.known)
        raise ConfigError("rules", f"'{text}': '{value}' is no value of column '{field.name}'", hint)
    return Comparison(text, field, sign, value=cell)


def number_of(field: Field, text: str) -> tuple[float, bool]:
    """Return the number or date that a text is in a column, NaN if none, and whether it is a day in one of times."""
    form = None if field.column is None else field.column.date
    text = unquoted(text)
    cell = spelt(text, field.known) if field.what == NUMBERS else None
    found = float(numbers([cell or text], form)[0])
    if not np.isnan(found) or form is None or field.what != TIMES:
        return found, False
    day = max((day for day in DAYS if form.startswith(day)), key=len)
    return float(numbers([text], day)[0]), True


def combined(rows: Rows, fields: Sequence[Field]) -> list[tuple[int, ...]]:
    """Return the combination of codes of each row."""
    return [*map(tuple, np.column_stack([rows.codes(field) for field in fields]).tolist())]


def broken(rules: Sequence[Rule], data: Dataset) -> np.ndarray:
    """Return which rows break which rules, (rules, N) bool."""
    rows = Rows(data)
    return np.array([rule.broken(rows) for rule in rules]).reshape(len(rules), len(data))
