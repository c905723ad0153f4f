"""All scores of one data set against another: class by class, with floors and errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from types import ModuleType

import numpy as np

from shortrun.data import Dataset, Predictions
from shortrun.errors import ConfigError, DataError, nearest
from shortrun.registry import modules
from shortrun.scores._base import ALL, FEWEST, Pair, Quantity, Score
from shortrun.settings import takes
from shortrun.settings.scoring import ScoreSettings

Row = tuple[float, float, float]  # value, error, floor
Rebuilt = tuple[Dataset, Dataset]  # samples, and what a network makes of what it kept of them
NOTHING: Row = (np.nan, np.nan, np.nan)


@cache
def offered() -> dict[str, tuple[Quantity, ModuleType]]:
    """Return every quantity by its name with the module that measures it."""
    return {each.name: (each, module) for module in modules("shortrun.scores") for each in module.quantities}


def chosen(
    names: Sequence[str] | None, pair: Pair, predictions: Predictions | None, rebuilt: Rebuilt | None = None
) -> list[Quantity]:
    """Return the quantities of these names, by default all that the data allow but for slow ones.

    Raises
    ------
    ConfigError
        If a name is unknown, or needs what there is not.
    """
    known = {name: quantity for name, (quantity, _) in offered().items()}
    lacking = {name: missing(*offer, pair, predictions, rebuilt) for name, offer in offered().items()}
    if names is None:
        slow = {name for name, (_, module) in offered().items() if hasattr(module, "ON_REQUEST")}
        return [quantity for name, quantity in known.items() if not lacking[name] and name not in slow]
    for name in names:
        if name not in known:
            raise ConfigError("scores", f"'{name}' is unknown, expected {', '.join(known)}", nearest(name, known))
        if lacking[name]:
            raise ConfigError("scores", f"'{name}' needs {lacking[name]}, and there are none")
    return [known[name] for name in dict.fromkeys(names)]


def missing(
    quantity: Quantity, module: ModuleType, pair: Pair, predictions: Predictions | None, rebuilt: Rebuilt | None
) -> str:
    """Return what a quantity needs that there is not, empty if there is all."""
    if quantity.held_out and pair.held_out is None:
        return "held-out samples"
    if hasattr(module, "judge") and (predictions is None or predictions.accuracy is None):
        return "predictions of known labels"
    if hasattr(module, "rebuild") and rebuilt is None:
        return "samples rebuilt by a chaotic network of two layers"
    if hasattr(module, "across") and not pair.generated.labelled.any():
        return "labels of generated samples"
    return "" if not hasattr(module, "applies") or module.applies(pair.reference) else module.NEEDS


@takes(ScoreSettings)
def compare(
    reference: Dataset,
    generated: Dataset,
    *,
    held_out: Dataset | None = None,
    predictions: Predictions | None = None,
    rebuilt: Rebuilt | None = None,
    floors: bool = True,
    settings: ScoreSettings,
) -> list[Score]:
    """Return the scores of generated samples; `workflows.score` has the parameters.

    Without `floors`, which need the real samples alone, those are nan: for many sets of generated samples.
    """
    generated, held_out = alike(reference, generated), held_out and alike(reference, held_out)
    whole = Pair(reference, generated, held_out, settings.convention, settings.seed)
    quantities = chosen(settings.scores, whole, predictions, rebuilt)
    pairs, wanted = parts(whole, settings.per_class), modules_of(quantities)
    rows = {name: measured(pair.shuffled(), wanted, floors) if pair else {} for name, pair in pairs.items()}
    for module in wanted:
        for cls, found in of_all_classes(module, whole, predictions, rebuilt).items():
            if cls == ALL or (settings.per_class and pairs.get(cls, True)):
                rows.setdefault(cls, {}).update(found)
    return [score for quantity in quantities for score in told(quantity, rows, pairs)]


def alike(reference: Dataset, other: Dataset) -> Dataset:
    """Return samples with the classes of the reference.

    Raises
    ------
    DataError
        If they are not of one kind, or have a class that the reference has not.
    """
    if reference.sites != other.sites:
        raise DataError(f"samples of {reference.sites} and of {other.sites} sites cannot be compared")
    if reference.alphabet != other.alphabet:
        one, two = (it.alphabet.letters if it.alphabet else "other values" for it in (reference, other))
        raise DataError(f"samples of '{one}' and of '{two}' cannot be compared: read them with one alphabet")
    if reference.columns != other.columns:
        raise DataError(
            "tables whose columns are coded differently cannot be compared: read both with the same columns"
        )
    return other.recode(reference.classes) if reference.classes and other.classes else other


def sides(pair: Pair) -> list[Dataset]:
    """Return the data sets of a pair."""
    return [side for side in (pair.reference, pair.generated, pair.held_out) if side is not None]


def of_class(pair: Pair, code: int) -> Pair | None:
    """Return the samples of a class on every side, None where there are not enough."""
    rows = [np.flatnonzero(side.labels == code) for side in sides(pair)]
    if min(map(len, rows)) == 0:
        return None
    reference, generated, *held_out = (side.select(row) for side, row in zip(sides(pair), rows, strict=True))
    return enough(replace(pair, reference=reference, generated=generated, held_out=held_out[0] if held_out else None))


def enough(pair: Pair) -> Pair | None:
    """Return a pair that can be scored: four samples of the reference, two of the others; else None."""
    return pair if len(pair.reference) >= FEWEST and min(map(len, sides(pair))) >= 2 else None


def parts(pair: Pair, per_class: bool) -> dict[str, Pair | None]:
    """Return what is scored on its own: each class of the reference, or all samples.

    Raises
    ------
    DataError
        If there are not enough samples for any score.
    """
    classes = per_class and all(side.labelled.any() for side in sides(pair))
    occurring = np.flatnonzero(pair.reference.class_counts).tolist() if classes else []
    found = {pair.reference.classes[k]: of_class(pair, k) for k in occurring} or {ALL: enough(pair)}
    if not any(found.values()):
        where = " of one class" if classes else ""
        raise DataError(f"at least {FEWEST} reference samples and 2 generated ones{where} are needed for a score")
    return found


def modules_of(quantities: Sequence[Quantity]) -> list[ModuleType]:
    """Return the modules that measure some quantities."""
    return list(dict.fromkeys(offered()[quantity.name][1] for quantity in quantities))


def measured(pair: Pair, wanted: Sequence[ModuleType], floors: bool = True) -> dict[str, Row]:
    """Return value, error and floor of each quantity of the modules that compare samples class by class."""
    rows: dict[str, Row] = {}
    for module in wanted:
        if hasattr(module, "measure"):
            found = floors_of(module, pair) if floors else {}
            for name, estimate in module.measure(pair).items():
                rows[name] = (estimate.value, estimate.error(), found.get(name, np.nan))
    return rows


def of_all_classes(
    module: ModuleType, pair: Pair, predictions: Predictions | None, rebuilt: Rebuilt | None = None
) -> dict[str, dict[str, Row]]:
    """Return {class: {name: value, error, floor}} of a module that needs all classes at once, or predictions."""
    if hasattr(module, "judge") and predictions is not None:
        return module.judge(predictions)
    if hasattr(module, "rebuild") and rebuilt is not None:
        return module.rebuild(*rebuilt)
    return module.across(pair.shuffled()) if hasattr(module, "across") else {}


def floors_of(module: ModuleType, pair: Pair) -> dict[str, float]:
    """Return what the module says real samples get, else the values of the halves of the reference."""
    if hasattr(module, "floors"):
        return module.floors(pair)
    return {name: estimate.value for name, estimate in module.measure(pair.halves()).items()}


def told(quantity: Quantity, rows: dict[str, dict[str, Row]], pairs: Iterable[str]) -> Iterator[Score]:
    """Yield a quantity of all samples, as measured or averaged over the classes that have it, then class by class.

    Classes whose samples were compared are there even where they have no value.
    """
    compared = () if hasattr(offered()[quantity.name][1], "judge") else pairs
    found = {
        cls: row.get(quantity.name, NOTHING)
        for cls, row in rows.items()
        if cls != ALL and (cls in compared or quantity.name in row)
    }
    whole = rows.get(ALL, {}).get(quantity.name) or averaged([*found.values()])
    for cls, row in ({ALL: whole} | found).items():
        yield Score(quantity.name, cls, *row, quantity.ideal, quantity.direction)


def averaged(rows: Sequence[Row]) -> Row:
    """Return the mean of values and floors, and the standard error of the former."""
    value, error, floor = np.array([row for row in rows if np.isfinite(row[0])] or [NOTHING]).T
    return float(value.mean()), float(np.sqrt(np.square(error).sum()) / len(error)), float(floor.mean())
