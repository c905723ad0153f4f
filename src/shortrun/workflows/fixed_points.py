"""The mean-field fixed points of a run at one age: `fixed_points`."""

from __future__ import annotations

from pathlib import Path

from shortrun.data import Dataset
from shortrun.landscape import Basins, basins
from shortrun.settings import FixedPointsSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._runs import age_of, check_kind, opened, rbm_of


@takes(FixedPointsSettings)
def fixed_points(run: Trajectory | Path | str, data: Dataset, *, settings: FixedPointsSettings) -> Basins:
    """Find the mean-field fixed points that samples, or random starts, come to, with their basins.

    The iteration does not look at labels of samples; they are only counted.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset
        Samples with the sites and the alphabet of the training data.

    Returns
    -------
    Basins
        Fixed points, how many starts came to each, and their classes.

    Raises
    ------
    ConfigError
        For a chaotic network, or settings out of range.
    DataError
        If the samples are not of the kind that the machine knows.
    StoreError
        For an age that was not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> data = sr.read("digits").head(50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(data, out=f"{folder}/run", hidden=8, updates=3)
    ...     found = sr.fixed_points(run, data, n=20)
    >>> found.age, int(found.points.basin.sum())
    (3, 20)
    """
    run = opened(run, raw=settings.raw)
    model = rbm_of(run, "mean-field fixed points")
    check_kind(run, data)
    age = age_of(run, settings.age)
    return basins(model, run.at(age), data, age=age, settings=settings)
