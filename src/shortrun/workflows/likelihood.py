"""How probable a machine finds samples: `likelihood`, and against the age of the training `likelihood_by_age`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch

from shortrun.data import Dataset
from shortrun.equilibrium import (
    Estimate,
    Likelihood,
    along_training,
    by_annealing,
    by_enumeration,
    ladder,
)
from shortrun.equilibrium.estimates import method_for
from shortrun.equilibrium.samples import mean_rows, observed, sample_table, spread
from shortrun.settings import LikelihoodByAgeSettings, LikelihoodSettings, LogZSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._runs import Machines, age_of, check_kind, chosen_ages, opened, rbm_of
from shortrun.workflows._shared import shared
from shortrun.workflows.tempering import machines_up_to

AGES = 6

Progress = Callable[[int, int], None]


@takes(LikelihoodSettings)
@shared
def likelihood(run: Trajectory | Path | str, data: Dataset, *, settings: LikelihoodSettings) -> Likelihood:
    """Measure the log-likelihood ln p(x) = - F(x) - ln Z of samples, with ln Z by enumeration or sampling.

    The label of a sample without one is summed over; its pseudo-likelihood, sum_i ln p(x_i | all others) with the label
    as one more site, is unknown.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset
        Samples with the sites and the alphabet of the training data.

    Returns
    -------
    Likelihood
        ln Z, and the log-likelihood of each sample in nats.

    Raises
    ------
    ConfigError
        For a chaotic network, options out of range, a machine too large to enumerate.
    DataError
        If the samples are not of the run's kind.
    StoreError
        For an age that was not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> data = sr.read("digits").head(50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(data, out=f"{folder}/run", hidden=8, updates=3)
    ...     found = sr.likelihood(run, data)
    >>> found.method, len(found.samples), found.mean < 0
    ('exact', 50, True)
    """
    run = opened(run, raw=settings.raw)
    model, age = rbm_of(run, "likelihood"), age_of(run, settings.age)
    check_kind(run, data)
    method = method_for(model, settings)
    estimate = estimates(run, (age,), data, method, settings)[age]
    table = sample_table(model, run.at(age), data, run.classes, estimate.log_z, settings)
    return Likelihood(age, method, estimate, settings, table, run.sites)


@takes(LikelihoodByAgeSettings)
@shared
def likelihood_by_age(
    run: Trajectory | Path | str,
    data: Mapping[str, Dataset],
    *,
    progress: Progress | None = None,
    settings: LikelihoodByAgeSettings,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Measure the mean log-likelihood of some data sets, as "train" and "test", at many ages.

    By default at six of the ages that were kept, evenly on a logarithmic scale, with the last.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Mapping[str, Dataset]
        By name; annealing starts from the first.
    progress : Progress, optional
        Called after each age with (ages done, ages); along a trajectory all come at once.

    Returns
    -------
    pandas.DataFrame
        columns age, data, samples, mean_log_likelihood, per_site, standard_error (over samples), log_z, error (of ln Z)
    tuple of str
        Warnings.

    Raises
    ------
    ConfigError, DataError, StoreError
        As for `likelihood`.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> data = sr.read("digits").head(50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(data, out=f"{folder}/run", hidden=8, updates=3)
    ...     table, warnings = sr.likelihood_by_age(run, {"train": data}, ages=(1, 3))
    >>> table["age"].tolist(), warnings
    ([1, 3], ())
    """
    run = opened(run, raw=settings.raw)
    model, ages = rbm_of(run, "likelihood"), chosen_ages(run, settings.ages, AGES)
    for samples in data.values():
        check_kind(run, samples)
    found = estimates(run, ages, next(iter(data.values())), method_for(model, settings), settings, progress)
    rows = []
    for age in ages:
        how = {"sites": run.sites, "marginal": settings.marginal}
        each = mean_rows(model, run.at(age), data, run.classes, found[age], **how)
        rows += [{"age": age} | row for row in each]
    warnings = dict.fromkeys(line for it in found.values() for line in it.warnings)
    return pd.DataFrame(rows), tuple(warnings)


def estimates(
    run: Trajectory,
    ages: Sequence[int],
    data: Dataset,
    method: str,
    settings: LogZSettings,
    progress: Progress | None = None,
) -> dict[int, Estimate]:
    """Return ln Z at some ages."""
    model, machines = rbm_of(run, "likelihood"), Machines(run, ages)
    if method == "trajectory":
        rows, options = torch.arange(settings.chains), settings.model_dump(include={"acceptance", "seed"})
        rungs = ladder(model, machines_up_to(run, max(ages), ages), rows=rows, keep=ages, **options)
        return along_training(rungs, machines, rounds=settings.sweeps, seed=settings.seed).estimates
    begin = () if method == "exact" else observed(model, spread(data, settings.chains), run.classes).state
    found = {}
    for done, (age, theta) in enumerate(machines.items(), 1):
        exact = method == "exact"
        found[age] = by_enumeration(model, theta) if exact else by_annealing(model, theta, begin, settings=settings)
        if progress is not None:
            progress(done, len(ages))
    return found
