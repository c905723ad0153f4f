"""Texts in the spelling in which they are compared, `words.plain`, and what to tell a user of those that were not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from shortrun.data.core.texts import Texts
from shortrun.data.core.words import composed, plain
from shortrun.phrases import NAMED, counted

SPACE = re.compile(r"[^\S\n]")


def respelled(texts: Texts) -> Texts:
    """Return texts in the form in which they are compared; these themselves where all are."""
    whole = "\n".join(texts.different)  # one look at all is faster than one at each
    if whole.isascii() and whole.count("\n") < len(texts.different) and not SPACE.search(whole):
        return texts
    bare = tuple(map(plain, texts.different))
    if bare == texts.different:
        return texts
    found = Texts.of(bare)
    return Texts(found.different, found.codes[texts.codes])


def notes_on_spelling(found: Mapping[str, Texts], what: str = "cell") -> Iterator[str]:
    """Yield what to tell of texts that `respelled` changes, with counts; cells of nothing but spaces are missing ones.

    Parameters
    ----------
    found : Mapping[str, Texts]
        The texts as they were, by their place, as "column 'a'"; "" where there is only one.
    what : str, default "cell"
        What a text is.
    """
    spaced = {place: counts for place, texts in found.items() if (counts := spaced_in(texts))}
    if spaced:
        total = sum(sum(counts.values()) for counts in spaced.values())
        told = [f"{sum(counts.values()):,} in {place}" for place, counts in [*spaced.items()][:NAMED] if place]
        told += [f"the rest in {len(spaced) - NAMED:,} more"] if len(spaced) > NAMED else []
        both = (text for place in spaced for text in spaced[place] if text.strip() in found[place].different)
        merged = next((f"; '{text}' and '{text.strip()}' are one" for text in both), "")
        yield f"spaces around {counted(total, what)} left out{': ' * bool(told)}{', '.join(told)}{merged}"
    for place, texts in found.items():
        for text, many in twice_composed(texts).items():
            where = f" in {place}" if place else ""
            yield f"{many} spellings of '{text}'{where}, with composed and decomposed letters (Unicode), are one"


def spaced_in(texts: Texts) -> dict[str, int]:
    """Return the texts that have spaces around them, and how often each occurs."""
    counts = texts.counts
    different = enumerate(texts.different)
    return {text: int(counts[i]) for i, text in different if text[:1].isspace() or text[-1:].isspace() if text.strip()}


def twice_composed(texts: Texts) -> dict[str, int]:
    """Return the texts that have several spellings of the same letters, and how many."""
    bare = {text.strip() for text in texts.different if not text.isascii()}
    if not bare:
        return {}
    different, many = np.unique([composed(text) for text in bare], return_counts=True)
    return {str(text): int(count) for text, count in zip(different, many, strict=True) if count > 1}
