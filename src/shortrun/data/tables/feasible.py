"""Which rules no row can keep, known before any is drawn: from the training range, what is held, and one another.

What each column can have is a span of numbers, or nothing more, for each of its codes. Rules narrow it until nothing
changes; where nothing is left of a column whose cells cannot be missing, no row keeps the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from shortrun.data.core.columns import Column
from shortrun.data.tables.rules import DATES, DAY, MIRRORED, TIMES, Combinations, Comparison, Field, Implication, Rule
from shortrun.errors import ConfigError
from shortrun.phrases import joined

PASSES = 1_000  # through all rules, at most
OPPOSITE = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "=": "!=", "!=": "="}


class Why(NamedTuple):
    """What has narrowed a column, and what else than the rules the user can change about that."""

    reasons: tuple[str, ...] = ()
    change: frozenset[str] = frozenset()

    def and_of(self, *others: Why) -> Why:
        """Return these reasons after those of others, each once."""
        reasons = dict.fromkeys(reason for each in (*others, self) for reason in each.reasons)
        return Why(tuple(reasons), self.change.union(*(each.change for each in others)))


NOTHING = Why()


class Span(NamedTuple):
    """Numbers from the lowest to the highest."""

    low: float
    high: float


@dataclass(frozen=True)
class Domain:
    """What a column can still have.

    Parameters
    ----------
    field : Field
        The column.
    spans : Mapping[int, Span or None]
        Code -> its numbers; None of a category.
    missing : bool
        Whether its cells can be missing.
    why : Why
        What has narrowed it.
    """

    field: Field
    spans: Mapping[int, Span | None]
    missing: bool
    why: Why = NOTHING

    @property
    def empty(self) -> bool:
        """Whether no row can have such a column."""
        return not self.spans and not self.missing

    @property
    def whole(self) -> Span:
        """The lowest and the highest number."""
        spans = [span for span in self.spans.values() if span is not None]
        return Span(min(span.low for span in spans), max(span.high for span in spans))

    @property
    def words(self) -> str:
        """What the training data have in a column of numbers."""
        column, ends = self.field.column, np.array(self.whole)
        low, high = map("{:g}".format, ends) if column is None else column.written(ends)
        return f"column '{self.field.name}' has {low} to {high} in training"

    def narrowed(self, spans: Mapping[int, Span | None], why: Why, *, missing: bool | None = None) -> Domain:
        """Return what is left of it; the reason is kept where that is less."""
        missing = self.missing if missing is None else missing
        if spans == self.spans and missing == self.missing:
            return self
        return replace(self, spans=spans, missing=missing, why=why.and_of(self.why))


Domains = dict[str, Domain]


def domain_of(field: Field) -> Domain:
    """Return what a column has in the training data."""
    column = field.column
    if not field.numeric:
        return Domain(field, dict.fromkeys(range(len(field.known))), field.missing)
    if column is None:
        numbers = [float(text) for text in field.known] or [-np.inf, np.inf]
        if not field.known:
            return Domain(field, {0: Span(*numbers)}, missing=False)
        return Domain(field, {code: Span(number, number) for code, number in enumerate(numbers)}, missing=False)
    return Domain(field, dict(enumerate(spans_of(column))), field.missing)


def spans_of(column: Column) -> Iterator[Span]:
    """Yield the numbers that a column writes for each of its codes."""
    if column.within:
        yield from (Span(part[0], part[-1]) for part in column.within)
    else:
        yield from (Span(number, number) for number in column.numbers_in(column.values).tolist())


def clipped(domain: Domain, sign: str, other: Span) -> dict[int, Span | None]:
    """Return the numbers of a column that compare so with a number between two others."""
    field = domain.field
    column = field.column
    whole = field.what in (DATES, TIMES) or column is None
    step = 1.0 if whole else 10.0**-column.digits if column is not None and column.digits is not None else 0.0
    found: dict[int, Span | None] = {}
    for code, span in domain.spans.items():
        assert span is not None
        low, high = span
        if sign in ("<=", "=", "<"):
            high = min(high, below(other.high, step) if sign == "<" else other.high)
        if sign in (">=", "=", ">"):
            low = max(low, -below(-other.low, step) if sign == ">" else other.low)
        if low <= high and not (sign == "!=" and low == high == other.low == other.high):
            found[code] = Span(low, high)
    return found


def below(number: float, step: float) -> float:
    """Return the number that comes before one."""
    return number - step if step and np.isfinite(number) else float(np.nextafter(number, -np.inf))


def left_of(domains: Domains, rule: Comparison, sign: str) -> dict[int, Span | None]:
    """Return what the left column can have if it compares so with the right side and neither is missing."""
    left = domains[rule.left.name]
    if rule.right is not None:
        return beside(left, sign, domains[rule.right.name])
    if isinstance(rule.value, str):
        return {c: span for c, span in left.spans.items() if (rule.left.known[c] == rule.value) == (sign == "=")}
    assert rule.value is not None
    low = rule.value * (DAY if rule.by_day else 1)
    high = low + DAY - 1 if rule.by_day else low  # a day has many times
    return clipped(left, sign, Span(high if sign == ">" else low, low if sign == "<" else high))


def beside(left: Domain, sign: str, right: Domain) -> dict[int, Span | None]:
    """Return what a column can have if it compares so with another one."""
    if not right.spans or (left is right and sign in ("!=", "<", ">")):
        return {}
    if left.field.numeric:
        return clipped(left, sign, right.whole)
    texts = {right.field.known[code] for code in right.spans}
    if sign == "=":
        return {code: span for code, span in left.spans.items() if left.field.known[code] in texts}
    return {c: s for c, s in left.spans.items() if texts != {left.field.known[c]}}


def narrow(domains: Domains, rule: Comparison, why: Why) -> None:
    """Narrow what columns can have to what keeps a comparison."""
    left = domains[rule.left.name]
    if rule.of_missing:
        wanted = rule.sign == "="
        domains[left.field.name] = left.narrowed({} if wanted else left.spans, why, missing=wanted and left.missing)
        return
    if is_untold(rule):
        return
    if rule.right is None:
        domains[left.field.name] = left.narrowed(left_of(domains, rule, rule.sign), why)
        return
    right = domains[rule.right.name]
    if not right.missing:  # else a comparison that is not made would be kept
        domains[left.field.name] = left.narrowed(beside(left, rule.sign, right), why.and_of(right.why))
    if not left.missing:
        new = right.narrowed(beside(right, MIRRORED[rule.sign], left), why.and_of(left.why))
        domains[right.field.name] = new


def is_untold(rule: Comparison) -> bool:
    """Return whether only rows that are drawn tell whether they can keep a comparison: its columns differ in units."""
    return rule.by_day and rule.right is not None


def surely(domains: Domains, rule: Comparison) -> bool:
    """Return whether a comparison holds in every row."""
    left = domains[rule.left.name]
    if rule.of_missing:
        return not left.spans if rule.sign == "=" else not left.missing
    if left.missing or not left.spans or (rule.right is not None and domains[rule.right.name].missing):
        return False
    return not is_untold(rule) and not left_of(domains, rule, OPPOSITE[rule.sign])


def keep_known(domains: Domains, rule: Combinations) -> None:
    """Narrow what columns can have to the combinations that are known."""
    mine = [domains[field.name] for field in rule.fields]
    codes = [{*each.spans} | ({len(each.field.known)} if each.missing else set()) for each in mine]
    left = [row for row in rule.known if all(code in those for code, those in zip(row, codes, strict=True))]
    for place, domain in enumerate(mine):
        here = {row[place] for row in left}
        spans = {code: span for code, span in domain.spans.items() if code in here}
        why = Why((f"'{rule.text}'",)).and_of(*(each.why for each in mine))
        missing = domain.missing and len(domain.field.known) in here
        domains[domain.field.name] = domain.narrowed(spans, why, missing=missing)


def fields_of(rule: Rule) -> list[Field]:
    """Return the columns that a rule is about."""
    if isinstance(rule, Combinations):
        return [*rule.fields]
    assert isinstance(rule, Comparison | Implication)
    parts = [rule] if isinstance(rule, Comparison) else [rule.condition, rule.consequence]
    return [field for part in parts for field in (part.left, part.right) if field is not None]


def check_range(rules: Sequence[Rule], domains: Domains) -> None:
    """Raise ConfigError for a rule that asks for what no row of the training data could have, wherever it is known."""
    for rule in rules:
        if isinstance(rule, Combinations):
            continue
        part = rule.consequence if isinstance(rule, Implication) else rule
        assert isinstance(part, Comparison)
        if part.of_missing or is_untold(part) or left_of(domains, part, part.sign):
            continue
        hint = f" (or say the opposite of '{rule.condition.text}')" if isinstance(rule, Implication) else ""
        reason = f"{told(part, domains)}; change the rule{hint}"
        raise ConfigError("rules", f"no row can keep '{rule.text}': {reason}")


def told(rule: Comparison, domains: Domains) -> str:
    """Return why no row of the training data could keep a comparison."""
    left = domains[rule.left.name]
    if isinstance(rule.value, float) and rule.sign == "=" and left.whole.low <= rule.value <= left.whole.high:
        return f"column '{rule.left.name}' has no such cell in training"
    if rule.left.numeric:
        return joined([domains[field.name].words for field in fields_of(rule)])
    names = joined([f"'{field.name}'" for field in fields_of(rule)])
    return f"{names} have no value in common in training" if rule.sign == "=" else f"{names} has no other value"


def check(rules: Sequence[Rule], held: Sequence[Domain]) -> None:
    """Check that rows can keep rules, as far as that is known before any is drawn.

    Parameters
    ----------
    rules : Sequence[Rule]
        Of a table.
    held : Sequence[Domain]
        Of the columns that have one value in all rows.

    Raises
    ------
    ConfigError
        If none can; says which rules, and what is held, contradict one another.
    """
    domains: Domains = {field.name: domain_of(field) for rule in rules for field in fields_of(rule)}
    check_range(rules, domains)
    domains |= {domain.field.name: domain for domain in held}
    for _ in range(PASSES):
        before = dict(domains)
        for rule in rules:
            apply(domains, rule)
            emptied = next((domains[field.name] for field in fields_of(rule) if domains[field.name].empty), None)
            if emptied is not None:
                raise contradiction(rule, emptied)
        if domains == before:
            return


def apply(domains: Domains, rule: Rule) -> None:
    """Narrow what columns can have to what keeps a rule."""
    why = Why((f"'{rule.text}'",))
    if isinstance(rule, Combinations):
        keep_known(domains, rule)
    elif isinstance(rule, Comparison):
        narrow(domains, rule, why)
    elif isinstance(rule, Implication) and surely(domains, rule.condition):
        causes = (domains[field.name].why for field in fields_of(rule.condition))
        narrow(domains, rule.consequence, why.and_of(*causes))


def contradiction(rule: Rule, emptied: Domain) -> ConfigError:
    """Return the error for a rule that leaves nothing of a column."""
    own = f"'{rule.text}'"
    others = [reason for reason in emptied.why.reasons if reason != own]
    together = f" together with {joined(others)}" if others else ""
    several = any(reason.startswith("'") for reason in others)
    *first, last = [*sorted(emptied.why.change), "the rules" if several else "the rule"]
    change = f"{', '.join(first)} or {last}" if first else last
    return ConfigError("rules", f"no row can keep {own}{together}; change {change}")
