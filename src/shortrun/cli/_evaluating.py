"""The real samples that a run is judged by: those of its training, and others that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shortrun.cli import _reading
from shortrun.errors import DataError

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.store import Trajectory


@dataclass(frozen=True)
class Real:
    """Real samples.

    Parameters
    ----------
    train : Dataset or None
        That the run learned from, None if they are not at hand.
    test : Dataset or None
        That it did not, None without any.
    notes : tuple[str, ...]
        What they are and where they come from, a line each.
    """

    train: Dataset | None
    test: Dataset | None
    notes: tuple[str, ...]


def real_samples(run: Trajectory, test: str | None, train: str | None, reading: Mapping[str, Any]) -> Real:
    """Return the samples to judge a run by.

    Those of the training are read again from where they came from, or from `train`. Test samples are those of the file
    `test`; without one the test part of the training file, else what the training kept aside.
    """
    whole, notes = training_samples(run, train)
    if test is not None:
        part = _reading.part_of(run, test, reading)
        unseen = _reading.further_data(run, test, dict(reading) | ({"part": part} if part else {}))
        notes += (_reading.summary(test, unseen, part),)
        return Real(whole if whole is None else learned(run, whole)[0], unseen, notes)
    if whole is None:
        return Real(None, None, notes)
    seen, aside = learned(run, whole)
    source = run.kind.source
    if train is None and aside is None and source is not None and _reading.part_of(run, source, {}) == "test":
        return real_samples(run, source, None, {"part": "test"} | dict(reading))
    notes += () if aside is None else (said_of(aside),)
    return Real(seen, aside, notes)


def said_of(aside: Dataset) -> str:
    """Return a line about the samples that a training kept aside, of which there may be more."""
    from shortrun.workflows._runs import DRAWN

    some = next((note for note in aside.notes if note.endswith(DRAWN)), None)
    if some is None:
        return f"test samples: the {len(aside):,} that the training kept aside"
    return f"test samples, of those that the training kept aside: {some}"


def training_samples(
    run: Trajectory, path: str | None, reading: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Dataset | None, tuple[str, ...]]:
    """Return the samples of a training, None if they are not where they were, and a line about them."""
    from shortrun.workflows._runs import NOT_AS_A_WHOLE, as_known, training_data

    if path is not None:
        data = as_known(run, _reading.further_data(run, path, reading))
        other = () if data.hash == run.data["hash"] else (f"{path} {NOT_AS_A_WHOLE}: taken as training data as it is",)
        return data, (_reading.summary(path, data), *other)
    try:
        data = training_data(run, reweight=None, **reading)
    except DataError as error:
        return None, (f"{error}: give the training data with --train FILE",)
    return data, (_reading.summary(str(run.kind.source), data, run.kind.reading.part),)


def learned(run: Trajectory, data: Dataset) -> tuple[Dataset, Dataset | None]:
    """Return the samples that the run learned from and those that it kept aside; all of other data given for them."""
    from shortrun import workflows

    return workflows.parts_of_training(run, data) if data.hash == run.data["hash"] else (data, None)
