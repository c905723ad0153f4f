"""The tree of samples from the ages of a run: `tree`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from shortrun import landscape
from shortrun.data import Dataset
from shortrun.equilibrium import spaced
from shortrun.landscape import Stage, Tree
from shortrun.models import parts_of
from shortrun.settings import TreeSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._runs import Machines, check_kind, chosen_ages, opened, rbm_of


@takes(TreeSettings)
def tree(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    progress: Callable[[Stage], None] | None = None,
    settings: TreeSettings,
) -> Tree:
    """Make the tree of samples: their mean-field fixed points at the oldest age, which merge at younger ones.

    It does not look at the labels of the samples (theory: DRS23).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder; one trained near equilibrium, with many ages.
    data : Dataset
        Samples with the sites and the alphabet of the training data; its leaves are these, or the `n` that
        `leaves_of` chooses.
    progress : Callable[[Stage], None], optional
        Called after each age.

    Returns
    -------
    Tree
        Its leaves are the samples, its nodes are fixed points.

    Raises
    ------
    ConfigError
        For a chaotic network, or settings out of range.
    DataError
        If the samples are not of the kind that the machine knows.
    StoreError
        For ages that were not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> data = sr.read("digits").head(50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(data, out=f"{folder}/run", hidden=8, updates=3)
    ...     found = sr.tree(run, data)
    >>> found.levels
    (Level(age=3, clusters=1),)
    """
    run = opened(run, raw=settings.raw)
    model = rbm_of(run, "mean-field fixed points")
    check_kind(run, data)
    chosen = sorted({*chosen_ages(run, settings.ages, len(run.ages))})
    ages = spaced(model, Machines(run, chosen), settings)
    visible = parts_of(model.spec, torch.from_numpy(np.array(leaves_of(data, settings).values)))
    oldest_first = ((age, run.at(age)) for age in reversed(ages))
    starts = landscape.starts_of(model, visible)
    return landscape.tree(oldest_first, model, starts, progress=progress, settings=settings)


def leaves_of(data: Dataset, settings: TreeSettings) -> Dataset:
    """Return the samples that are leaves: all, or `n` of them at random, in their order."""
    if settings.n is None or settings.n >= len(data):
        return data
    chosen = np.random.default_rng(settings.seed).choice(len(data), settings.n, replace=False)
    return data.select(np.sort(chosen))
