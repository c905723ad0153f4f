"""What the sequences that a run learned from say of its columns."""

from __future__ import annotations

import numpy as np

from shortrun.data.core.alphabet import BINARY, DOSAGE
from shortrun.data.sequences.profile_alignment import log_odds
from shortrun.errors import ConfigError, DataError
from shortrun.settings import GenerateSettings
from shortrun.store import Trajectory
from shortrun.workflows._runs import training_data
from shortrun.workflows.generation import generate

NO_LETTERS = (BINARY, DOSAGE)  # of genotypes, images and music
GENERATED = 500  # samples that stand for the family where its file is gone


def check_sequences(run: Trajectory) -> None:
    """Check that a run learned a family of sequences.

    Raises
    ------
    ConfigError
        If it learned something else.
    """
    kind = run.kind
    if kind.alphabet is None or kind.alphabet in NO_LETTERS:
        raise ConfigError("run", f"a family of sequences expected, {run.called} was trained on {kind.words}")


def profile_of(run: Trajectory) -> np.ndarray:
    """Return the scores of letters at sites that sequences are aligned by: of the training data, else of generated."""
    try:
        return log_odds(training_data(run, reweight=None))
    except DataError:
        return log_odds(generate(run, settings=GenerateSettings.of(n=GENERATED)))
