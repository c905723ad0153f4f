"""Reconstruction error of a chaotic network: does it recover the data from its hidden layer? Lower is better."""

from __future__ import annotations

import math

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import ALL, Quantity
from shortrun.scores._families import ClassRows, ReconstructionScores, Row

NAME = "reconstruction-error"


def squared_errors(data: Dataset, rebuilt: Dataset) -> np.ndarray:
    """Return the (N,) mean over sites of (xi - phi)^2, both from -1 to 1 whatever the range of the data."""
    low = -1.0 if data.continuous and data.kind.image.full_scale is None else 0.0
    scale = 2 / (1 - low)
    difference = scale * (data.values.astype(np.float64) - rebuilt.values)
    return np.square(difference).mean(1)


def measure(data: Dataset, rebuilt: Dataset) -> ClassRows:
    """Return the mean error E_R of all samples (FU24 eq. 18; theory 12.16), its standard error, and no floor."""
    errors = squared_errors(data, rebuilt)
    spread = float(errors.std(ddof=1) / math.sqrt(len(errors))) if len(errors) > 1 else math.nan
    return {ALL: {NAME: Row(float(errors.mean()), spread, math.nan)}}


SCORES = ReconstructionScores(
    quantities=(
        Quantity(
            NAME,
            ideal=0.0,
            direction="lower",
            meaning="0: the hidden layer keeps all of the data; higher: it loses some of it (networks of two layers).",
        ),
    ),
    measure=measure,
)
