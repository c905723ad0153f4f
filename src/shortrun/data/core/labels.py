"""Class labels: from whatever a file holds to codes and class names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from shortrun.data.core.spelling import notes_on_spelling
from shortrun.data.core.texts import Texts
from shortrun.data.core.values import NO_TEXTS, plain_array
from shortrun.data.core.words import counterpart, is_missing, one_spelling, plain
from shortrun.errors import DataError, nearest

UNKNOWN = -1  # the code of a missing label
UNLABELLED = frozenset({"-1", "uncategorized"})  # what means so in labels only, in any case


def encode_labels(labels: Any, classes: Sequence[str] | None = None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the (N,) int64 codes of labels and the class names.

    Without `classes` the names are sorted, as numbers where all are numbers. With `classes`, integers are
    codes into it and texts must be in it. Missing labels (what `words.is_missing` says, -1, 'uncategorized', in any
    case) become -1. Spellings of true and false are two classes.

    Raises
    ------
    DataError
        If labels are not a plain list, or name a class that is not in `classes`.
    """
    if isinstance(labels, Texts):
        codes, classes = encode_labels(labels.array, classes)
        return codes[labels.codes], classes
    array = plain_array(labels)
    if array.dtype.kind in NO_TEXTS:
        raise DataError(f"labels must be numbers or texts, got {array.dtype}")
    if array.ndim != 1:
        raise DataError(f"labels must be one a sample, got an array of shape {array.shape}")
    if classes is not None and array.dtype.kind in "iu":
        return array.astype(np.int64), tuple(classes)
    different, place = (array, slice(None)) if array.dtype == object else np.unique(array, return_inverse=True)
    texts = [label_text(label) for label in different.tolist()]
    classes = sorted_classes(texts) if classes is None else tuple(classes)
    return codes_of(texts, classes)[place], classes


def label_text(label: Any) -> str:
    """Return a label as text, empty where it is missing."""
    if isinstance(label, bytes):
        label = label.decode(errors="replace")
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    text = "" if label is None else plain(str(label))
    return "" if is_missing(text) or text.casefold() in UNLABELLED else text


def notes_on_labels(labels: Any, what: str = "label") -> list[str]:
    """Return what to tell of labels, or groups, of which some are in another spelling than they are compared in."""
    if labels is None or isinstance(labels, Texts):  # those are cells of a table, which says so itself
        return []
    array = plain_array(labels)
    texts = [text for text in array.ravel().tolist() if isinstance(text, str)] if array.dtype.kind in "OU" else []
    odd = any(text != plain(text) for text in set(texts))
    return [*notes_on_spelling({"": Texts.of(texts)}, what)] if odd else []


def sorted_classes(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the different class names in order: as numbers where all are numbers, else as texts.

    Of several spellings of true there is one, and of false.
    """
    names = sorted(set(one_spelling(set(texts) - {""}).values()))
    try:
        return tuple(sorted(names, key=float))
    except ValueError:
        return tuple(names)


def codes_of(texts: Iterable[str], classes: Sequence[str]) -> np.ndarray:
    """Return the (N,) int64 positions of class names, -1 for an empty one; true and false in any spelling.

    Raises
    ------
    DataError
        If a name is not one of `classes`; names the nearest known one.
    """
    texts = list(texts)
    code = {text: code_of(text, classes) for text in set(texts) - {""}} | {"": UNKNOWN}
    unknown = next((text for text in texts if code[text] is None), None)
    if unknown is not None:
        raise DataError(f"unknown class '{unknown}'{did_you_mean(unknown, classes)}")
    return np.array([code[text] for text in texts], dtype=np.int64)


def code_of(text: str, classes: Sequence[str]) -> int | None:
    """Return the position of a class, true and false in any spelling; None if it is not there."""
    name = text if text in classes else next((each for each in classes if plain(each) == plain(text)), None)
    name = counterpart(text, classes) if name is None else name
    return None if name is None else list(classes).index(name)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest known one, else the first few."""
    known = list(known)
    guess = nearest(name, known)
    if guess is not None:
        return f" (did you mean '{guess}'?)"
    return f" (known: {', '.join(known[:8])}{', ...' if len(known) > 8 else ''})" if known else ""
