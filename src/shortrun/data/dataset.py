"""The one value that every reader makes, every model learns from and every generator returns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from shortrun.data.alphabet import Alphabet
from shortrun.errors import DataError

UNKNOWN = -1  # the code of a missing label


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Labelled samples.

    Parameters
    ----------
    values : (N, S) uint8 codes in 0..q-1, or float32 for continuous data
    labels : (N,) int64 codes into `classes`, -1 where unknown
    weights : (N,) float32, non-negative; how much each sample counts
    names : (N,) strings, one a sample
    classes : the class names in code order; empty for unlabelled data
    alphabet : what the codes mean; None for continuous data
    groups : (N,) strings or None; samples of one group must not be split apart
    meta : anything a writer needs to give the file back (source path, site names, shape of an image...)
    """

    values: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    names: np.ndarray
    classes: tuple[str, ...] = ()
    alphabet: Alphabet | None = None
    groups: np.ndarray | None = None
    meta: dict[str, Any] = field(default_factory=dict)
