"""All scores of generated samples against real ones: class by class, with floors and errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from shortrun.data import Dataset, Predictions
from shortrun.data.leaks import Leak
from shortrun.errors import ConfigError, DataError, nearest
from shortrun.registry import declared
from shortrun.scores._base import ALL, FEWEST, Known, Pair, Quantity, Score
from shortrun.scores._families import (
    ClassRows,
    Evidence,
    PredictionScores,
    ReconstructionScores,
    Row,
    Rows,
    ScoreFamily,
)
from shortrun.scores._summary import Scores
from shortrun.settings import takes
from shortrun.settings.keywords import checks
from shortrun.settings.scoring import ScoreSettings, ScoringSettings

UNDEFINED_ROW = Row(np.nan, np.nan, np.nan)


@cache
def offered() -> dict[str, tuple[Quantity, ScoreFamily]]:
    """Return every quantity by its name, with the family that measures it.

    Returns
    -------
    dict
        In the order of the files, and within a file in the order of its declaration.

    Raises
    ------
    TypeError
        If a module of this folder does not declare `SCORES`, or two declare a quantity of the same name.

    Examples
    --------
    >>> quantity, family = offered()["copies"]
    >>> quantity.ideal, quantity.direction, quantity.group
    (0.0, 'lower', 'memorisation')
    """
    families = declared("shortrun.scores", "SCORES", ScoreFamily)
    found: dict[str, tuple[Quantity, ScoreFamily]] = {}
    for module, family in families.items():
        for quantity in family.quantities:
            if quantity.name in found:
                raise TypeError(f"{module}: a score named '{quantity.name}' exists already")
            found[quantity.name] = (quantity, family)
    return found


def chosen(names: Sequence[str] | None, evidence: Evidence) -> list[Quantity]:
    """Return the quantities of these names; by default those that the data allow, without the slow ones.

    Raises
    ------
    ConfigError
        If a name is unknown, or the data lack what it needs.
    """
    lacking = {name: family.missing(quantity, evidence) for name, (quantity, family) in offered().items()}
    if names is None:
        return [it for name, (it, family) in offered().items() if not lacking[name] and not family.on_request]
    check_names(names)
    for name in names:
        if lacking[name]:
            raise ConfigError("scores", f"'{name}' needs {lacking[name]}, and there are none")
    return [offered()[name][0] for name in dict.fromkeys(names)]


def check_names(names: Iterable[str]) -> None:
    """Check names of scores.

    Raises
    ------
    ConfigError
        If there is no such score.

    Examples
    --------
    >>> check_names(["aai"])
    >>> check_names(["aay"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    shortrun.errors.ConfigError: scores: 'aay' is unknown, expected aai, ... (did you mean 'aai'?)
    """
    known = offered()
    for name in names:
        if name not in known:
            raise ConfigError("scores", f"'{name}' is unknown, expected {', '.join(known)}", nearest(name, known))


@checks(ScoringSettings)
def check_settings(settings: ScoringSettings) -> None:
    """Check the names of scores, before samples are read for them."""
    if settings.scores is None:
        return
    if not settings.scores:
        raise ConfigError("scores", "one name at least expected, or None for all that apply")
    check_names(settings.scores)


@takes(ScoreSettings)
def compare(
    reference: Dataset,
    generated: Dataset,
    *,
    held_out: Dataset | None = None,
    predictions: Predictions | None = None,
    rebuilt: tuple[Dataset, Dataset] | None = None,
    training: Dataset | None = None,
    floors: bool = True,
    known: Known | None = None,
    settings: ScoreSettings,
) -> Scores:
    """Return the scores of generated samples.

    Parameters
    ----------
    reference, generated, held_out : Dataset
        Real samples that the generator was trained on, its samples, and real samples that it has not seen (optional).
    predictions : Predictions, optional
        Labels to score too.
    rebuilt : tuple[Dataset, Dataset], optional
        Samples and what a chaotic network rebuilds of them.
    training : Dataset, optional
        All samples that it was trained on, where the reference is only a part.
    floors : bool, default True
        Score the real samples too; if False floors are nan, which saves time for many sets of generated samples.
    known : Known, optional
        Dictionary that keeps what is found of the reference alone, empty at first: comparisons of many generated sets
        with one reference, at one seed and convention, share it.

    Raises
    ------
    ConfigError
        If a score or the convention is unknown, or a score needs what the data lack.
    DataError
        If the data sets are not of one kind, or too small.

    Examples
    --------
    >>> from shortrun.data import read
    >>> data = read("digits").head(200)
    >>> (score,) = compare(data, data, scores=["copies"], per_class=False)
    >>> score.value
    1.0
    """
    generated, held_out = alike(reference, generated), held_out and alike(reference, held_out)
    whole = training and alike(reference, training)
    pair = Pair(reference, generated, held_out, settings.convention, settings.seed, whole)
    evidence = Evidence(pair, predictions, rebuilt)
    quantities, parts = chosen(settings.scores, evidence), split(pair, settings.per_class)
    wanted, known = frozenset(quantity.name for quantity in quantities), {} if known is None else known
    families = list(dict.fromkeys(offered()[quantity.name][1] for quantity in quantities))
    rows = {
        name: part_rows(part and replace(part, wanted=wanted), families, floors, known.setdefault(name, {}))
        for name, part in parts.items()
    }
    pooled = (family.measure_all(evidence, floors) for family in families)
    for cls, found in ((cls, found) for of_family in pooled for cls, found in of_family.items()):
        if cls == ALL or (settings.per_class and parts.get(cls, True)):
            rows.setdefault(cls, {}).update(found)
    return Scores(score for quantity in quantities for score in scores_of(quantity, reference, rows, parts))


def marked(found: Iterable[Score], leak: Leak | None, what: str = "held-out") -> Scores:
    """Return scores, where samples that should be new were trained on those marked that take them for new.

    Parameters
    ----------
    found : Iterable[Score]
        Scores.
    leak : Leak, optional
        What training and new samples have in common.
    what : str, default "held-out"
        What the new ones are called.
    """
    if leak is None or not leak.spoils:
        return Scores(found)
    reason = next(leak.lines(what))
    return Scores(replace(it, spoiled=reason) if takes_for_new(it.score) else it for it in found)


LIKE = ": read both alike, as sr.read(data, like=run)"
BESIDE_HELD_OUT = "c2st"  # compares with held-out samples where there are any


def takes_for_new(name: str) -> bool:
    """Return whether a score supposes that held-out samples, or those whose labels are predicted, are new."""
    quantity, family = offered()[name]
    labels = isinstance(family, PredictionScores | ReconstructionScores)
    return quantity.held_out or labels or name == BESIDE_HELD_OUT


def alike(reference: Dataset, other: Dataset) -> Dataset:
    """Return samples whose classes are coded like those of the reference.

    Parameters
    ----------
    reference, other : Dataset
        Two data sets of one kind.

    Raises
    ------
    DataError
        If they are not of one kind, or the reference lacks a class of the other.

    Examples
    --------
    >>> one, other = (Dataset.from_arrays([[0], [1]], labels=labels) for labels in (["a", "b"], ["b", "b"]))
    >>> alike(one, other).labels.tolist()
    [1, 1]
    """
    if reference.sites != other.sites:
        raise DataError(f"samples of {reference.kind.extent} and of {other.kind.extent} cannot be compared{LIKE}")
    if reference.alphabet != other.alphabet:
        one, two = (it.alphabet.letters if it.alphabet else "other values" for it in (reference, other))
        raise DataError(f"samples of '{one}' and of '{two}' cannot be compared{LIKE}")
    if reference.columns != other.columns:
        raise DataError(f"tables whose columns are coded differently cannot be compared{LIKE}")
    return other.recode(reference.classes) if reference.classes and other.classes else other


def sides(pair: Pair) -> list[Dataset]:
    """Return the data sets of a pair."""
    return [side for side in (pair.reference, pair.generated, pair.held_out) if side is not None]


def of_class(pair: Pair, code: int) -> Pair | None:
    """Return the samples of one class on every side, None if there are too few."""
    rows = [np.flatnonzero(side.labels == code) for side in sides(pair)]
    if min(map(len, rows)) == 0:
        return None
    reference, generated, *held_out = (side.select(row) for side, row in zip(sides(pair), rows, strict=True))
    return enough(replace(pair, reference=reference, generated=generated, held_out=held_out[0] if held_out else None))


def enough(pair: Pair) -> Pair | None:
    """Return a pair with enough samples to score, four of the reference and two on the other sides; else None."""
    return pair if len(pair.reference) >= FEWEST and min(map(len, sides(pair))) >= 2 else None


def split(pair: Pair, per_class: bool) -> dict[str, Pair | None]:
    """Return what is scored on its own: each class of the reference, or all samples.

    Raises
    ------
    DataError
        If there are too few samples for any score.
    """
    by_class = per_class and all(side.labelled.any() for side in sides(pair))
    codes = np.flatnonzero(pair.reference.class_counts).tolist() if by_class else []
    parts = {pair.reference.classes[code]: of_class(pair, code) for code in codes} or {ALL: enough(pair)}
    if not any(parts.values()):
        where = " of one class" if by_class else ""
        raise DataError(f"at least {FEWEST} reference samples and 2 generated ones{where} are needed for a score")
    return parts


def part_rows(pair: Pair | None, families: Iterable[ScoreFamily], floors: bool, known: Known) -> Rows:
    """Return value, error and floor of each quantity of one class, nothing if it has too few samples."""
    if pair is None:
        return {}
    shuffled = pair.shuffled().knowing(known)
    return {name: row for family in families for name, row in family.measure_part(shuffled, floors).items()}


def scores_of(
    quantity: Quantity, reference: Dataset, rows: ClassRows, parts: Mapping[str, Pair | None]
) -> Iterator[Score]:
    """Yield a quantity of all samples, as measured or averaged over the classes that have it, then class by class.

    A class whose samples were compared has a score even where its value is undefined.
    """
    compared = parts if offered()[quantity.name][1].compares_classes else ()
    classes = {
        cls: found.get(quantity.name, UNDEFINED_ROW)
        for cls, found in rows.items()
        if cls != ALL and (cls in compared or quantity.name in found)
    }
    overall = rows.get(ALL, {}).get(quantity.name) or average(classes.values())
    chance = quantity.chance_in(reference)
    for cls, (value, error, floor, note) in ({ALL: overall} | classes).items():
        yield Score(quantity.name, cls, value, error, floor, quantity.ideal, quantity.direction, chance, note)


def average(rows: Iterable[Row]) -> Row:
    """Return the mean of values and of floors, and the standard error of the mean value."""
    found = [row for row in rows if np.isfinite(row.value)] or [UNDEFINED_ROW]
    value, error, floor = np.array([row[:3] for row in found]).T
    return Row(float(value.mean()), float(np.sqrt(np.square(error).sum()) / len(error)), float(floor.mean()))
