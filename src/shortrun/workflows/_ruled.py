"""Rows that keep rules: those that break one are drawn again, with the same label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from shortrun.data import Dataset, Kind
from shortrun.data.tables.feasible import Domain, Span, Why, check, domain_of
from shortrun.data.tables.rules import Names, Rule, broken, rules_of
from shortrun.errors import ConfigError, DataError
from shortrun.phrases import counted, joined

DRAWS = 500  # of a row, at most
PATIENCE = 5_000  # draws one after the other of which none keeps the rules, until rows are given up on
DOUBTFUL = 500  # the same, where no row of the training data keeps them either
AT_ONCE = 2_000  # draws of a turn, beside the first of each row
MOST_OF_A_ROW = 64  # draws of a row in a turn
AGAIN = 0x9E3779B1  # seeds of turns

Draw = Callable[[np.ndarray, int], Dataset]  # labels of rows, number of the turn -> rows


@dataclass(frozen=True)
class Wanted:
    """The rules that rows keep, and what all of them hold.

    Parameters
    ----------
    rules : tuple[Rule, ...]
        Of a table.
    kind : Kind
        Of its rows.
    classes : tuple[str, ...]
        Of its rows.
    codes : ndarray
        (N,) codes of the classes of the rows to draw.
    fixed : Mapping[int, str]
        Site -> the cell that all rows have.
    training : Callable[[], Dataset]
        Returns the training data.
    """

    rules: tuple[Rule, ...]
    kind: Kind
    classes: tuple[str, ...]
    codes: np.ndarray
    fixed: Mapping[int, str]
    training: Callable[[], Dataset]

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        of: tuple[Kind, tuple[str, ...]],
        held: tuple[np.ndarray, Mapping[int, str]],
        training: Callable[[], Dataset],
    ) -> Wanted:
        """Return the rules that texts are, checked as far as that is possible before any row is drawn.

        Raises
        ------
        ConfigError
            If a rule cannot be read, or no row can keep it.
        """
        kind, classes = of
        codes, fixed = held
        wanted = cls(rules_of(texts, kind, classes, training), kind, classes, codes, fixed, training)
        wanted.check()
        return wanted

    def check(self) -> None:
        """Raise ConfigError if rows of a class that is asked for cannot keep the rules."""
        names = Names(self.kind, self.classes)
        fixed = [held_at(names, site, text) for site, text in self.fixed.items()]
        if not self.classes:
            check(self.rules, fixed)
            return
        label = domain_of(names.fields[names.label]) if names.label in names.fields else None
        if label is None or label.field.column is not None:
            check(self.rules, fixed)
            return
        for code in np.unique(self.codes).tolist():
            why = Why((f"class '{self.classes[code]}'",), frozenset({"--label"}))
            check(self.rules, [*fixed, label.narrowed({code: None}, why, missing=False)])

    @cached_property
    def in_training(self) -> tuple[np.ndarray, np.ndarray] | None:
        """(rules, N) which rows of the training data break which rules, and (N,) which have what is held; or None."""
        try:
            train = self.training()
        except DataError:
            return None
        like = np.isin(train.labels, self.codes) if self.classes else np.ones(len(train), bool)
        for site, text in self.fixed.items():
            like &= train.values[:, site] == self.kind.encode(site, text)
        return broken(self.rules, train), like

    @property
    def notes(self) -> list[str]:
        """Which rules rows of the training data break, a line each; nothing where these are not at hand."""
        if self.in_training is None:
            return []
        breaks, _ = self.in_training
        rows, pairs = counted(breaks.shape[1], "training row"), zip(self.rules, breaks.sum(1).tolist(), strict=True)
        return [f"note: rule '{rule.text}' is broken by {n:,} of {rows}" for rule, n in pairs if n]

    @property
    def like(self) -> tuple[int, int]:
        """How many rows of the training data have what is held, and how many of them keep all rules."""
        if self.in_training is None:
            return 0, 0
        breaks, like = self.in_training
        return int(like.sum()), int((like & ~breaks.any(0)).sum())


def held_at(names: Names, site: int, text: str) -> Domain:
    """Return what a column has that is fixed."""
    domain = domain_of(names.fields[names.kind.site_names[site]])
    column, code = domain.field.column, int(names.kind.encode(site, text)) if domain.field.known else 0
    why = Why((f"{domain.field.name}={text or 'missing'} (fixed)",), frozenset({"--fix"}))
    if domain.missing and code == len(domain.field.known):
        return replace(domain, spans={}, why=why)
    spans = {code: domain.spans[code]}
    if domain.field.numeric:
        number = float(column.numbers_in([text])[0]) if column is not None else float(text)
        spans = {code: spans[code] if np.isnan(number) else Span(number, number)}
    return replace(domain, spans=spans, missing=False, why=why)


@dataclass
class Tally:
    """How many rows were drawn, and how many of them broke each rule."""

    rules: tuple[Rule, ...]
    drawn: int = 0
    broke: int = 0
    by_rule: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def add(self, breaks: np.ndarray) -> None:
        """Count (rules, N) which rows broke which rules."""
        self.drawn += breaks.shape[1]
        self.broke += int(breaks.any(0).sum())
        self.by_rule = breaks.sum(1) + (self.by_rule if len(self.by_rule) else 0)

    @property
    def words(self) -> str:
        """Which share of rows broke each rule that one broke."""
        pairs = zip(self.rules, self.by_rule.tolist(), strict=True)
        parts = [f"'{rule.text}' by {share(n, self.drawn)}" for rule, n in pairs if n]
        return joined(parts) if parts else "none"


def share(part: int, whole: int) -> str:
    """Return a share in per cent; all and none only where it is so."""
    text = f"{part / whole:.1%}"
    return {"100.0%": "100%" if part == whole else "more than 99.9%", "0.0%": "less than 0.1%"}.get(text, text)


def kept(wanted: Wanted, draw: Draw) -> Dataset:
    """Return rows that keep all rules, with notes on what was drawn again and what was given up on.

    Raises
    ------
    ConfigError
        If no row is left.
    """
    made, rules = draw(wanted.codes, 0), wanted.rules
    breaks = broken(rules, made)
    tally = Tally(rules)
    tally.add(breaks)
    values, wrong = made.values.copy(), np.flatnonzero(breaks.any(0))
    turn, each, since = 0, 1, 0
    doubtful = wanted.like[0] and not wanted.like[1]
    while len(wrong) and each < DRAWS and since < (DOUBTFUL if doubtful and len(wrong) == len(made) else PATIENCE):
        turn, many = turn + 1, int(np.clip(AT_ONCE // len(wrong), 1, min(2**turn, MOST_OF_A_ROW)))
        rows = np.repeat(wrong, many)
        again = replace(draw(made.labels[rows], turn), names=made.names[rows])  # numbers within bins go by the name
        breaks = broken(rules, again)
        tally.add(breaks)
        good = np.flatnonzero(~breaks.any(0))
        places, first = np.unique(rows[good], return_index=True)
        values[places] = again.values[good[first]]
        wrong, each = np.setdiff1d(wrong, places), each + many
        since = 0 if len(places) else since + len(rows)
    return finished(wanted, replace(made, values=values), wrong, tally)


def finished(wanted: Wanted, made: Dataset, wrong: np.ndarray, tally: Tally) -> Dataset:
    """Return the rows that keep the rules, with notes.

    Raises
    ------
    ConfigError
        If there is none.
    """
    rules = counted(len(tally.rules), "rule")
    which = f" ({tally.words})" if tally.broke and len(tally.rules) > 1 else ""
    broke = f"{share(tally.broke, tally.drawn)} of {tally.drawn:,} drawn"
    if not len(wrong):
        again = f"; {broke} did not{which}, and were drawn again" if tally.broke else ""
        return made.with_notes(*wanted.notes, f"all rows keep {rules}{again}")
    alike, keeping = wanted.like
    held = " with what is held" if wanted.in_training and alike < wanted.in_training[0].shape[1] else ""
    known = f"; of {counted(alike, 'training row')}{held}, {keeping:,} keep {rules}" if alike else ""
    why = f"{broke} break {'one' if which else 'it'}{which}{known}"
    if len(wrong) == len(made):
        *first, last = [*["--label"] * bool(wanted.classes), *["--fix"] * bool(wanted.fixed), "the rules"]
        change = f"{', '.join(first)} or {last}" if first else last
        raise ConfigError("rules", f"no row keeps {rules}: {why}; change {change}")
    left = np.setdiff1d(np.arange(len(made)), wrong)
    lost = f"warning: {len(left):,} of {counted(len(made), 'row')} keep {rules} and are written"
    return made.select(left).with_notes(*wanted.notes, f"{lost}; {len(wrong):,} given up on: {why}")
