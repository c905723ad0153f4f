"""How probable a machine finds samples: `likelihood`, and against the age of the training `likelihood_by_age`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool
from torch import Tensor

from shortrun.data import Dataset
from shortrun.data.core.blocks import taken
from shortrun.errors import ConfigError, DataError, nearest
from shortrun.likelihood import (
    TARGET,
    Estimate,
    along_training,
    by_annealing,
    by_enumeration,
    log_likelihood,
    possible,
    pseudo_log_likelihood,
)
from shortrun.models import RBM, filled
from shortrun.store import Trajectory
from shortrun.typing import State, Theta
from shortrun.workflows._runs import check_kind, opened, rbm_of, spread, theta_of
from shortrun.workflows.tempering import ladder
from shortrun.workflows.time_courses import AGES

METHODS = ("exact", "ais", "trajectory")
CHAINS, TEMPERATURES, SWEEPS = 200, 1000, 1000
COLUMNS = ("age", "data", "samples", "mean_log_likelihood", "per_site", "standard_error", "log_z", "error")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """How ln Z is estimated.

    Parameters
    ----------
    method : str, optional
        "exact", "ais" or "trajectory"; by default exact where it is possible, else by annealing.
    chains : int, default CHAINS
        Of the sampling methods.
    temperatures : int, default TEMPERATURES
        Of annealing.
    sweeps : int, default SWEEPS
        Of every machine of a trajectory, by PTT.
    acceptance : float, default TARGET
        Of swaps, that its machines are chosen for.
    seed : int, default 0
        Of the noise.
    """

    method: str | None = None
    chains: int = CHAINS
    temperatures: int = TEMPERATURES
    sweeps: int = SWEEPS
    acceptance: float = TARGET
    seed: int = 0

    def __post_init__(self):
        if self.method is not None and self.method not in METHODS:
            known = ", ".join(METHODS)
            raise ConfigError("method", f"one of {known} expected, got '{self.method}'", nearest(self.method, METHODS))
        for name, least in (("chains", 2), ("temperatures", 1), ("sweeps", 10)):
            if getattr(self, name) < least:
                raise ConfigError(name, f"at least {least} expected, got {getattr(self, name)}")


@dataclass(frozen=True)
class Likelihood:
    """ln Z of a machine and the log-likelihood of samples, in nats.

    Parameters
    ----------
    age, method : int or str
        Which machine, and how ln Z was found.
    estimate : Estimate
        Ln Z, its error, its effective sample size, estimates from either side, warnings.
    options : Options
        How it was found.
    samples : pd.DataFrame
        A row a sample: name, label, log_likelihood, and pseudo_log_likelihood where it was asked for.
    sites : int
        S of a sample, without the label.
    """

    age: int
    method: str
    estimate: Estimate
    options: Options
    samples: pd.DataFrame
    sites: int

    @property
    def mean(self) -> float:
        """The mean over the samples."""
        return float(self.samples["log_likelihood"].mean())

    @property
    def standard_error(self) -> float:
        """The standard error of that mean over the samples; that of ln Z, common to all, is not in it."""
        return float(self.samples["log_likelihood"].sem())


def likelihood(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    age: int | None = None,
    marginal: bool = False,
    pseudo: bool = False,
    **options: Any,
) -> Likelihood:
    """Measure the log-likelihood ln p(x) = - F(x) - ln Z of samples, with ln Z by enumeration or sampling.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset
        Samples with the sites and the alphabet of the training data.
    age : int, optional
        Which age of the training; by default the last.
    marginal : bool, default False
        Sum the label over, ln p(v); by default ln p(v, label), but of samples without one.
    pseudo : bool, default False
        The pseudo-likelihood too, sum_i ln p(x_i | all others), a label one more site; unknown without it.
    options : Any
        Method, chains, temperatures, sweeps, acceptance, seed of the estimate of ln Z, as in `Options`.

    Raises
    ------
    ConfigError
        For a chaotic network, options out of range, a machine too large to enumerate.
    DataError
        If the samples are not of the run's kind.
    """
    run, settings = opened(run), Options(**options)
    model, age = rbm_of(run, "likelihood"), run.ages[-1] if age is None else age
    state, unknown = observed(run, data)
    method = chosen(model, settings)
    estimate = estimates(run, model, state, (age,), method, settings)[age]
    theta = theta_of(run, age)
    table = pd.DataFrame({"name": data.names, "label": named_labels(data)})
    summed = unknown | marginal
    table["log_likelihood"] = log_likelihood(model, theta, state, estimate.log_z, summed).numpy()
    if pseudo:
        values = pseudo_log_likelihood(model, theta, state)
        table["pseudo_log_likelihood"] = values.masked_fill(unknown, math.nan).numpy()
    return Likelihood(age, method, estimate, settings, table, run.sites)


def likelihood_by_age(
    run: Trajectory | Path | str,
    data: Mapping[str, Dataset],
    *,
    ages: Sequence[int] | None = None,
    marginal: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Measure the mean log-likelihood of some data sets, as "train" and "test", at many ages.

    Parameters
    ----------
    data : Mapping[str, Dataset]
        By name; annealing starts from the first.
    ages : Sequence[int], optional
        By default six of those that were kept, evenly on a logarithmic scale, with the last.
    progress : Progress, optional
        Called after each age with (ages done, ages); along a trajectory all come at once.
    options : Any
        Of the estimate of ln Z, as in `Options`.

    Returns
    -------
    pandas.DataFrame
        columns age, data, samples, mean_log_likelihood, per_site, standard_error (over samples), log_z, error (of ln Z)
    tuple of str
        what speaks against it
    """
    run, settings = opened(run), Options(**options)
    model = rbm_of(run, "likelihood")
    chosen_ages = tuple(ages) if ages is not None else spread(run.ages, AGES)
    filled = {name: observed(run, samples) for name, samples in data.items()}
    method = chosen(model, settings)
    first = next(iter(filled.values()))[0]
    found = estimates(run, model, first, chosen_ages, method, settings, progress)
    rows = []
    for age in chosen_ages:
        theta, it = theta_of(run, age), found[age]
        for name, (state, unknown) in filled.items():
            values = log_likelihood(model, theta, state, it.log_z, unknown | marginal)
            mean, error = values.mean().item(), values.std().item() / max(1, len(values)) ** 0.5
            row = (age, name, len(values), mean, mean / run.sites, error, it.log_z, it.error)
            rows.append(dict(zip(COLUMNS, row, strict=True)))
    told = dict.fromkeys(line for it in found.values() for line in it.warnings)
    return pd.DataFrame(rows), tuple(told)


def chosen(model: RBM, options: Options) -> str:
    """Return the method."""
    if options.method is not None:
        return options.method
    return "exact" if possible(model) else "ais"


def estimates(
    run: Trajectory,
    model: RBM,
    data: State,
    ages: Sequence[int],
    method: str,
    options: Options,
    progress: Progress | None = None,
) -> dict[int, Estimate]:
    """Return ln Z at some ages."""
    thetas = {age: theta_of(run, age) for age in ages}
    if method == "trajectory":
        rungs = ladder(
            run,
            age=max(ages),
            keep=ages,
            acceptance=options.acceptance,
            chains=options.chains,
            seed=options.seed,
        )
        return along_training(rungs, thetas, rounds=options.sweeps, seed=options.seed).estimates
    found = {}
    for done, (age, theta) in enumerate(thetas.items(), 1):
        found[age] = one(model, theta, data, method, options)
        if progress is not None:
            progress(done, len(ages))
    return found


def one(model: RBM, theta: Theta, data: State, method: str, options: Options) -> Estimate:
    """Return ln Z of one machine that needs no others."""
    if method == "exact":
        return by_enumeration(model, theta)
    sizes = {"chains": options.chains, "temperatures": options.temperatures, "seed": options.seed}
    return by_annealing(model, theta, data, **sizes)


def observed(run: Trajectory, data: Dataset) -> tuple[State, Bool[Tensor, " N"]]:
    """Return the observed layers filled with samples, and of which of them the label is unknown.

    Raises
    ------
    DataError
        If the samples are not of the run's kind, or there are none.
    """
    check_kind(run, data)
    if not len(data):
        raise DataError("at least one sample expected")
    values = torch.from_numpy(np.ascontiguousarray(taken(data.values, slice(None))))
    labels = torch.from_numpy(data.recode(run.classes).labels if run.classes and data.classes else data.labels)
    unknown = labels < 0 if run.classes else torch.zeros(len(data), dtype=torch.bool)
    return filled(run.spec, values, labels), unknown


def named_labels(data: Dataset) -> list[str]:
    """Return the class of each sample, nothing where it is not known."""
    return [data.classes[code] if code >= 0 else "" for code in data.labels] if data.classes else [""] * len(data)
