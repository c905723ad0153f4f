"""Samples of a data set as the observed layers of a machine."""

from __future__ import annotations

import numpy as np
import torch

from shortrun.data import Dataset
from shortrun.models import RBM, Stored, filled, state_of
from shortrun.typing import State


def all_samples(data: Dataset) -> State:
    """Return every sample of a data set, in its order.

    Parameters
    ----------
    data : Dataset
        The samples.

    Examples
    --------
    >>> import shortrun as sr
    >>> from shortrun.regimes.samples import all_samples
    >>> [layer.shape for layer in all_samples(sr.Dataset.from_arrays([[0, 1, 1], [1, 0, 0]]))]
    [torch.Size([2, 3])]
    """
    parts = state_of(data, torch.device("cpu"))
    return tuple(part[torch.arange(len(part))] if isinstance(part, Stored) else part for part in parts)


def random_samples(model: RBM, data: Dataset, count: int, seed: int) -> State:
    """Return samples in random order, again and again if there are not enough."""
    rows = np.resize(np.random.default_rng([seed, 4]).permutation(len(data)), count)
    chosen = data.select(rows)
    return filled(model.spec, torch.from_numpy(np.ascontiguousarray(chosen.values)), torch.from_numpy(chosen.labels))
