"""The sequences that a run learned from, read again, and what they say of its columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortrun.data import Dataset, read
from shortrun.data.sequences.profile_alignment import log_odds
from shortrun.errors import DataError, ShortrunError
from shortrun.settings import GenerateSettings
from shortrun.store import Trajectory
from shortrun.workflows.generation import generate

NOT_AS_A_WHOLE = "is not what the run was trained on (it has changed, or only a part of it was)"
GENERATED = 500  # samples that stand for the family where its file is gone


def training_data(run: Trajectory, *, weighted: bool = True, **given: Any) -> Dataset:
    """Return all samples of the training file, read as they were, without their weights if those are not asked for.

    Options of reading that are given go before those of the run.

    Raises
    ------
    DataError
        If they cannot be read, or are other samples now.
    """
    if run.kind.source is None:
        raise DataError(f"{run.path} does not know where its training data came from")
    reading = run.kind.reading.model_copy(update=({} if weighted else {"reweight": None}) | given)
    try:
        data = read(run.kind.source, settings=reading)
    except (ShortrunError, OSError) as error:
        raise DataError(f"the training data cannot be read again ({error})") from None
    data = as_known(run, data)
    if data.hash != run.data["hash"]:
        raise DataError(f"{run.kind.source} {NOT_AS_A_WHOLE}")
    return data


def as_known(run: Trajectory, data: Dataset) -> Dataset:
    """Return samples without their labels if the run has not looked at labels, as a chaotic network may not."""
    return data if run.classes or not data.classes else data.with_labels([""] * len(data))


def profile_of(run: Trajectory) -> np.ndarray:
    """Return the scores of letters at sites that sequences are aligned by: of the training data, else of generated."""
    try:
        return log_odds(training_data(run, weighted=False))
    except DataError:
        return log_odds(generate(run, settings=GenerateSettings.of(n=GENERATED)))
