"""What the sequences that a run learned from say of its columns."""

from __future__ import annotations

import numpy as np

from shortrun.data.sequences.profile_alignment import log_odds
from shortrun.errors import DataError
from shortrun.settings import GenerateSettings
from shortrun.store import Trajectory
from shortrun.workflows._runs import training_data
from shortrun.workflows.generation import generate

GENERATED = 500  # samples that stand for the family where its file is gone


def profile_of(run: Trajectory) -> np.ndarray:
    """Return the scores of letters at sites that sequences are aligned by: of the training data, else of generated."""
    try:
        return log_odds(training_data(run, reweight=None))
    except DataError:
        return log_odds(generate(run, settings=GenerateSettings.of(n=GENERATED)))
