"""Names of columns in what a user types: known names, the longest first, whatever signs they hold themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from shortrun.data.core.words import counterpart, is_missing, plain

MISSING = "missing"  # says that a cell is so
ANSWERS = {"yes": "true", "y": "true", "no": "false", "n": "false"}
QUOTES = {('"', '"'), ("'", "'"), ("`", "`"), ("\u201c", "\u201d"), ("\u2018", "\u2019"), ("\u201e", "\u201c")}
PLAIN = re.compile(r"\s*[^,=]+=")  # what begins a further pair, where its name is not known


def unquoted(text: str) -> str:
    """Return a text without the quotes around it.

    Examples
    --------
    >>> unquoted("'nurse'"), unquoted("O'Hara")
    ('nurse', "O'Hara")
    """
    inside = len(text) > 2 and (text[0], text[-1]) in QUOTES
    return text[1:-1].strip() if inside else text


@dataclass(frozen=True)
class Mentions:
    """The names that a text can mention.

    Parameters
    ----------
    names : tuple[str, ...]
        As the data have them.
    """

    names: tuple[str, ...]

    @cached_property
    def _by_form(self) -> dict[str, str]:
        return {plain(name): name for name in reversed(self.names)}

    @cached_property
    def _longest(self) -> list[str]:
        return sorted(filter(None, self._by_form), key=len, reverse=True)

    def find(self, text: str) -> str | None:
        """Return the name that a text is, perhaps in quotes; None if it is none."""
        form = plain(text)
        return self._by_form.get(form, self._by_form.get(unquoted(form)))

    def beginning(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield each name that a text, in the form of `plain`, begins with and what follows it, the longest first."""
        for form in self._longest:
            if text.startswith(form):
                yield self._by_form[form], text[len(form) :].lstrip()

    def listed(self, texts: Iterable[str]) -> list[str]:
        """Return the words that texts list with commas between; names that hold commas are one word.

        Examples
        --------
        >>> Mentions(("a, b", "c")).listed(["a, b,c", "x,y"])
        ['a, b', 'c', 'x', 'y']
        """
        words = []
        for text in texts:
            rest = plain(text)
            while rest:
                unknown, _, after = rest.partition(",")
                known = ((name, more) for name, more in self.beginning(rest) if more[:1] in ("", ","))
                word, rest = next(((name, more[1:]) for name, more in known), (unknown.strip(), after))
                words += [word] if word else []
                rest = rest.strip()
        return words

    def pairs(self, texts: Iterable[str], cells: Callable[[str], Collection[str]]) -> list[tuple[str, str]]:
        """Return name and value of texts like "a=1,b=2"; known names and `cells` of columns may hold commas and '='.

        A part that is no pair has the value ''.

        Examples
        --------
        >>> Mentions(("a=b", "place")).pairs(["a=b=1, place=x, y,z=3"], lambda name: ("x, y",))
        [('a=b', '1'), ('place', 'x, y'), ('z', '3')]
        """
        found = []
        for text in texts:
            rest = plain(text)
            while rest:
                unknown, _, after = rest.partition("=")
                known = ((name, more[1:].strip()) for name, more in self.beginning(rest) if more.startswith("="))
                name, rest = next(known, (unknown.strip(), after.strip()))
                value, rest = self._value(rest, cells(name))
                found.append((name, value))
        return found

    def _value(self, text: str, cells: Collection[str]) -> tuple[str, str]:
        """Return the value that a text begins with, and the pairs behind it."""
        for cell, rest in Mentions(tuple(cells)).beginning(text):
            if rest[:1] in ("", ","):
                return cell, rest[1:].strip()
        for place in (found.start() for found in re.finditer(",", text)):
            rest = text[place + 1 :].strip()
            if PLAIN.match(rest) or any(more.startswith("=") for _, more in self.beginning(rest)):
                return text[:place].strip(), rest
        return text, ""


def spelt(text: str, known: Sequence[str]) -> str | None:
    """Return which of the known cells a text means, None if none: true, 1 and yes are one where `known` are truths.

    Examples
    --------
    >>> spelt("yes", ("False", "True")), spelt("true", ("no", "yes")), spelt("1", ("1.5", "2"))
    ('True', 'yes', None)
    """
    found = Mentions(tuple(known)).find(text)
    if found is not None:
        return found
    answers = {ANSWERS.get(cell.casefold(), cell): cell for cell in known}
    meant = counterpart(ANSWERS.get(plain(text).casefold(), plain(text)), answers)
    return None if meant is None else answers[meant]


def says_missing(text: str, known: Sequence[str]) -> bool:
    """Return whether a text says that a cell holds nothing: `missing`, NA, ..., unless that is a known cell."""
    return Mentions(tuple(known)).find(text) is None and (plain(text).casefold() == MISSING or is_missing(plain(text)))
