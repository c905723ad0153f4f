"""How many sweeps until the chains of a run forget their start, age by age: `mixing`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from shortrun import scores as scoring
from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.models import whole_of
from shortrun.phrases import counted
from shortrun.regimes.mixing import Mixing, plan, times_at
from shortrun.settings import takes
from shortrun.settings.regimes import MixingSettings
from shortrun.settings.scoring import ScoreSettings
from shortrun.store import Trajectory
from shortrun.typing import State
from shortrun.workflows._runs import check_kind, chosen_ages, opened, rbm_of
from shortrun.workflows._shared import shared

AGES = 10
E2 = ScoreSettings(scores=("second-moment",), per_class=False)

Progress = Callable[[str], None]


@takes(MixingSettings)
@shared
def mixing(
    run: Trajectory | Path | str,
    data: Dataset | None = None,
    *,
    settings: MixingSettings,
    progress: Progress | None = None,
) -> Mixing:
    """Measure relaxation times of a run against its age, in sweeps of chains with every layer free (theory 6.1 to 6.3).

    At each age chains from data and chains from noise (p0) are followed, twice as long again and again until the times
    are known or `sweeps` is reached. A time that the run was too short for has `resolved` False and is a lower bound
    (a rate of jumps an upper bound).

    - "t-0.1", "tau-int", "tau-exp" of "sites" (a random choice of features, together) and "mode 1", ... (projections
      on left singular vectors of W): autocorrelations of the chains from data (from noise without data), the first
      third left out. They start from data because they are then in the valleys of the machine at once, in about the
      right proportions; persistent chains exist for the last age only;
    - "overlap" of chains "from noise" and "from data": the first t / 2 beyond which a chain is no more similar to its
      own past x(t / 2) than to another chain. Chains from noise that all reach the same valley pass this test at once;
    - "two-start" of "energy" (free energy), modes and "second-moment" (E2 to the data): sweeps after which chains from
      noise and from data agree within three standard errors;
    - "jumps": rate, per chain and sweep, at which chains change their cluster, of k-means in the data's principal
      plane.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder; ten of its ages by default, evenly on a logarithmic scale, with the last.
    data : Dataset, optional
        Real samples, for chains from data, two starts, and jumps; labelled ones for a run with labels.
    progress : Progress, optional
        Called with a line after each age.

    Returns
    -------
    Mixing
        A table of times and one of autocorrelations.

    Raises
    ------
    ConfigError
        For a chaotic network, numbers out of range, or a record that would not fit into 1 GB.
    DataError
        If the data are not of the run's kind, or have no labels where they are needed.
    StoreError
        For ages that were not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), hidden=4, updates=2, out=tempfile.mkdtemp() + "/run")
    >>> found = sr.mixing(run, chains=4, sweeps=16, ages="last")
    >>> found.k, sorted(set(found.table["estimator"]))
    (10, ['overlap', 't-0.1', 'tau-exp', 'tau-int'])
    """
    run = opened(run, raw=settings.raw)
    model = rbm_of(run, "stationary distribution that its noise could reach")
    real = None if data is None else usable(run, data)
    planned = plan(model, real, settings, None if real is None else partial(second_moment, run, real))
    ages = chosen_ages(run, settings.ages, AGES)
    found = {}
    for done, age in enumerate(ages, 1):
        found[age] = times_at(run.at(age), planned)
        if progress is not None:
            sweeps = counted(found[age].sweeps, "sweep")
            progress(f"age {age:,} ({done} of {len(ages)}): {sweeps}, {found[age].slowest}")
    return Mixing.of(found, run.recipe["steps"], "random" if real is None else "data")


def usable(run: Trajectory, data: Dataset) -> Dataset:
    """Return the samples that chains of a run can start from, with its classes."""
    check_kind(run, data)
    if not run.classes:
        return data
    if not data.labelled.any():
        raise DataError("chains of a machine with labels start from labelled samples, and these have no labels")
    return data.select(data.labelled).recode(run.classes)


def second_moment(run: Trajectory, data: Dataset, state: State) -> tuple[float, float]:
    """Return E2 of chains to the data, with its standard error."""
    rows = np.arange(len(state[0])) % len(data)
    values = whole_of(run.spec, state, run.sites).numpy()
    chains = data.select(rows).with_values(values)
    (found,) = scoring.compare(data, chains, floors=False, settings=E2)
    return found.value, found.error
