"""What figures are drawn of, checked before anything is drawn."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.errors import DataError
from shortrun.phrases import described

if TYPE_CHECKING:
    import pandas as pd

# Classes are known by their names: a figure of arrays imports none of them.
CLASSES = {
    "Dataset": "samples as sr.read returns them",
    "Predictions": "what sr.predict returns",
    "DataFrame": "a table",
    "Curves": "curves as an evaluation has them (evaluation.curves)",
    "Tree": "what sr.tree returns",
}


def usable(draw: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> inspect.BoundArguments:
    """Return the arguments of a figure; of a result with a table, where that is drawn, the table.

    Raises
    ------
    DataError
        If one is missing, or of another kind than the function says.
    """
    form = inspect.signature(draw)
    try:
        given = form.bind(*args, **options)
    except TypeError as error:
        raise DataError(f"plots.{draw.__name__}({', '.join(form.parameters)}): {error}") from None
    for name, it in given.arguments.items():
        kind = str(form.parameters[name].annotation)
        it = it.table if "DataFrame" in kind and is_a(getattr(it, "table", None), "DataFrame") else it
        given.arguments[name] = it
        expected = complaint(kind.removesuffix(" | None"), it)
        if expected is not None and not (it is None and kind.endswith(" | None")):
            hint = "; run.plot has the figures of a run" if is_a(it, "Trajectory") else ""
            raise DataError(f"plots.{draw.__name__}: {name}: {expected} expected, got {described(it)}{hint}")
    return given


def is_a(it: Any, name: str) -> bool:
    """Return whether something is of the class of that name, or of one made from it."""
    return any(each.__name__ == name for each in type(it).__mro__)


def complaint(kind: str, it: Any) -> str | None:
    """Return what an argument of this annotation should be, None if it is that."""
    inner = kind.removeprefix("Sequence[").removesuffix("]").rpartition(".")[2]
    if inner in CLASSES:
        many = kind.startswith("Sequence[")
        fits = not many or isinstance(it, Sequence)
        fits = fits and all(is_a(each, inner) for each in (it if many else [it]))
        return None if fits else f"{'a list of ' * many}{CLASSES[inner]}"
    if kind.startswith("Mapping["):
        return None if isinstance(it, Mapping) else "a mapping of names to what is drawn"
    if kind == "str":
        return None if isinstance(it, str) else "a text"
    if "np.ndarray" in kind and not kind.startswith("Sequence["):
        return None if holds_numbers(it) else "an array of numbers"
    return None


def holds_numbers(it: Any) -> bool:
    """Return whether something is an array of numbers, or becomes one."""
    try:
        return np.asarray(it).dtype.kind in "biuf"
    except ValueError:
        return False


def check_columns(table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Check that a table has columns and rows.

    Raises
    ------
    DataError
        If it lacks them.
    """
    if not set(columns).issubset(table.columns) or table.empty:
        raise DataError(f"columns {', '.join(columns)} expected, got {', '.join(map(str, table.columns))}")
