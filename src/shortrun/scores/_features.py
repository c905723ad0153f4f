"""Samples as the vectors that scores compare."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from shortrun.data import Dataset


def features(data: Dataset) -> Float[np.ndarray, "N F"]:
    """Return binary or continuous values as they are and more colours one-hot: float32 (N, S) or (N, S q)."""
    colours = data.colours
    if colours is None or colours == 2:
        return data.values.astype(np.float32)
    return np.eye(colours, dtype=np.float32)[data.values].reshape(len(data), -1)
