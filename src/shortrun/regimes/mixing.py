"""How long chains remember at one age: followed from noise and from data until their times are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from shortrun.data import Dataset
from shortrun.dynamics import Noise, Stream, start
from shortrun.errors import ConfigError
from shortrun.models import RBM
from shortrun.phrases import counted
from shortrun.regimes.autocorrelation import Autocorrelation, Measured, autocorrelation, t_alpha, tau_exp, tau_int
from shortrun.regimes.recording import Chains, Observables, leading_modes
from shortrun.regimes.relaxation import (
    AGREE,
    Clusters,
    agreement_time,
    chain_overlaps,
    jump_rate,
    merging_time,
    settling_time,
    standard_errors_apart,
)
from shortrun.regimes.samples import random_samples
from shortrun.settings.regimes import MixingSettings
from shortrun.shown import Shown
from shortrun.typing import State, Theta

SITES, CLUSTERS = 48, 10
FIRST = 256  # sweeps after which the chains are first looked at; they double until they are long enough
RECORD = 2**28  # numbers that are recorded at one age, 4 bytes each
SAMPLES = 5000  # that clusters are found in
LAGS = 200  # of each autocorrelation that is kept, evenly on a logarithmic scale
COLUMNS = ("age", "observable", "estimator", "value", "error", "resolved", "sweeps")
FUNCTIONS = ("age", "observable", "lag", "rho", "error")

Time = tuple[str, str, Measured]
Point = tuple[str, int, float, float]
Moment = Callable[[State], tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Plan:
    """What is measured, the same at every age.

    Parameters
    ----------
    model : RBM
        The machine.
    settings : MixingSettings
        Numbers of chains, sweeps and modes; the seed.
    sites : Int64[Tensor, " s"]
        Features that are recorded.
    data : Dataset or None
        Real samples that chains start from.
    clusters : Clusters or None
        Of these samples.
    moment : Callable or None
        Second-moment error of chains to these samples, with its standard error.
    """

    model: RBM
    settings: MixingSettings
    sites: Int64[Tensor, " s"]
    data: Dataset | None = None
    clusters: Clusters | None = None
    moment: Moment | None = None


@dataclass(frozen=True, eq=False)
class TimesAtAge:
    """What was measured at one age.

    Parameters
    ----------
    sweeps : int
        How long the chains were followed.
    times : tuple[Time, ...]
        Observable, estimator and value of each.
    functions : tuple[Point, ...]
        Observable, lag, rho and its error.
    """

    sweeps: int
    times: tuple[Time, ...]
    functions: tuple[Point, ...]

    @property
    def slowest(self) -> str:
        """The longest tau_int in words."""
        found = [(what, it) for what, how, it in self.times if how == "tau-int"]
        name, longest = max(found, key=lambda each: each[1].value)
        return f"tau-int {'' if longest.resolved else '> '}{longest.value:.3g} ({name})"


@dataclass(frozen=True, eq=False, repr=False)
class Mixing(Shown):
    """Relaxation times of a run against its age.

    Parameters
    ----------
    table : pd.DataFrame
        Age, observable, estimator, value, error, resolved, sweeps (that the chains were followed at that age).
    functions : pd.DataFrame
        Age, observable, lag, rho, error.
    k : int
        Sweeps of the training's chains.
    start : str
        Where the chains of the autocorrelations start, "data" or "random".
    """

    table: pd.DataFrame
    functions: pd.DataFrame
    k: int
    start: str

    def said(self) -> tuple[str, str]:
        """Return what was measured, and the longest time."""
        ages = self.table["age"].drop_duplicates().tolist()
        first = f"Mixing: {counted(len(self.table), 'time')} at {counted(len(ages), 'age')}, from {self.start} starts"
        rows = (row.to_dict() for _, row in self.table.iterrows())
        times = [row for row in rows if row["estimator"] == "tau-int"]
        if not times:
            return first, f"  trained with k = {self.k}"
        longest = max(times, key=lambda row: row["value"])
        bound = "" if longest["resolved"] else "> "
        told = f"tau-int {bound}{longest['value']:.3g} sweeps ({longest['observable']}, age {longest['age']:,})"
        return first, f"  trained with k = {self.k}; the longest {told}"

    @classmethod
    def of(cls, found: Mapping[int, TimesAtAge], k: int, start: str) -> Mixing:
        """Return the tables of what was measured at each age."""
        times = [(age, *row[:2], *row[2], here.sweeps) for age, here in found.items() for row in here.times]
        points = [(age, *point) for age, here in found.items() for point in here.functions]
        return cls(_frame(COLUMNS, times), _frame(FUNCTIONS, points), k, start)


def plan(model: RBM, data: Dataset | None, settings: MixingSettings, moment: Moment | None = None) -> Plan:
    """Return what to measure of a machine: which sites, and which clusters where there are data.

    Raises
    ------
    ConfigError
        If the record of one age would not fit into 1 GB.
    """
    chains, sweeps, seed = settings.chains, settings.sweeps, settings.seed
    recorded = chains * sweeps * (settings.modes + SITES + 2)
    if recorded > RECORD:
        raise ConfigError(
            "sweeps", f"{chains:,} chains of {sweeps:,} sweeps are {recorded:,} numbers to record, at most {RECORD:,}"
        )
    if data is None:
        return Plan(model, settings, _sites(model, None, seed))
    features = model.features(random_samples(model, data, min(len(data), SAMPLES), seed))
    clusters = _clusters(model, features, settings.clusters or len(data.classes) or CLUSTERS)
    return Plan(model, settings, _sites(model, features, seed), data, clusters, moment)


def _sites(model: RBM, features: Float[Tensor, "n F"] | None, seed: int) -> Int64[Tensor, " s"]:
    """Return a random choice of visible features, of those that vary in the data if there are data."""
    usual = torch.ones(model.shape[0], dtype=torch.bool)
    if model.spec.label is not None:
        usual[model.slices[model.spec.label]] = False
    if features is not None:
        varies = features.std(0) > 0
        usual &= varies if bool((usual & varies).any()) else usual
    places = np.random.default_rng([seed, 5]).permutation(usual.nonzero().squeeze(1).numpy())
    return torch.from_numpy(np.sort(places[:SITES]))


def _clusters(model: RBM, features: Float[Tensor, "n F"], count: int) -> Clusters:
    """Return clusters of samples, without regard to their labels."""
    unlabelled = features.clone()
    if model.spec.label is not None:
        unlabelled[:, model.slices[model.spec.label]] = 0
    return Clusters.of(unlabelled, count)


def times_at(theta: Theta, plan: Plan) -> TimesAtAge:
    """Follow the chains of a machine with these parameters, and return what they show."""
    here = _Followed(theta, plan)
    here.follow()
    points = tuple((name, *point) for name, rho in here.correlations.items() for point in _points(rho))
    return TimesAtAge(here.recorded.time, tuple(here.measured()), points)


class _Followed:
    """A machine at one age: chains from noise, chains from data where there are data."""

    def __init__(self, theta: Theta, plan: Plan):
        self.model, self.theta, self.plan, self.settings = plan.model, theta, plan, plan.settings
        directions = [leading_modes(self.model, theta, self.settings.modes)]
        if plan.clusters is not None:
            directions.append(plan.clusters.directions.to(theta.dtype))
        self.observables = Observables(torch.cat(directions, 1), plan.sites)
        self.count = directions[0].shape[1]  # of modes: no more than hidden units or features
        self.random, self.recorded = self._started()
        self.correlations: dict[str, Autocorrelation] = {}

    def _started(self) -> tuple[Chains, Chains]:
        """Return the chains from noise, and those that are recorded: from data where there are data."""
        chains, noise = self.settings.chains, Noise(self.settings.seed, Stream.GENERATE)
        state = start(self.model, noise, chains, {})
        if self.plan.data is None:
            random = Chains(self.model, self.theta, state, noise, self.observables)
            return random, random
        real = random_samples(self.model, self.plan.data, chains, self.settings.seed)
        others = replace(noise, first_chain=chains)
        return (
            Chains(self.model, self.theta, state, noise),
            Chains(self.model, self.theta, (*real, state[-1]), others, self.observables),
        )

    def follow(self) -> None:
        """Go on with the chains, twice as long each time, until their times are known or the sweeps are used up."""
        longest = self.settings.sweeps
        keep = tuple(2**i for i in range(longest.bit_length()))
        total = min(FIRST, longest)
        while True:
            for chains in dict.fromkeys((self.random, self.recorded)):  # in this order in every process
                chains.go_on(total - chains.time, keep)
            values = self.stationary()
            self.correlations = {f"mode {i + 1}": autocorrelation(values[:, :, i : i + 1]) for i in range(self.count)}
            if total == longest or all(it.resolved for _, _, it in self.times()):
                break
            total = min(2 * total, longest)
        sites = values[:, :, self.observables.directions.shape[1] :]
        self.correlations = {"sites": autocorrelation(sites)} | self.correlations

    def stationary(self) -> Float[Tensor, "T C K"]:
        """Return the record without its first third, in which chains come to the machine's own distribution."""
        return self.recorded.values(self.recorded.time // 3)

    def times(self) -> Iterator[Time]:
        """Yield the times of the autocorrelations."""
        for name, rho in self.correlations.items():
            yield name, "t-0.1", t_alpha(rho)
            yield name, "tau-int", tau_int(rho)
            yield name, "tau-exp", tau_exp(rho)

    def measured(self) -> Iterator[Time]:
        """Yield everything that is measured."""
        yield from self.times()
        yield "from noise", "overlap", merging_time(chain_overlaps(self.model.spec, self.random.snapshots))
        if self.plan.clusters is not None:
            yield "from data", "overlap", merging_time(chain_overlaps(self.model.spec, self.recorded.snapshots))
            yield from self.two_starts()
            plane = self.stationary()[:, :, self.count : self.observables.directions.shape[1]]
            yield "clusters", "jumps", jump_rate(self.plan.clusters.nearest(plane))

    def two_starts(self) -> Iterator[Time]:
        """Yield when chains from noise and from data agree, in energy, modes and second moments."""
        times = [*self.random.snapshots]
        pairs = [(self.random.snapshots[t], self.recorded.snapshots[t]) for t in times]
        energies = [[self.model.free_energy(self.theta, x).double() for x in pair] for pair in pairs]
        yield "energy", "two-start", agreement_time(times, [standard_errors_apart(*pair) for pair in energies])
        projected = [[self.observables.of(self.model.features(x, self.theta.dtype)) for x in p] for p in pairs]
        for i in range(self.count):
            apart = [standard_errors_apart(*(each[:, i].double() for each in pair)) for pair in projected]
            yield f"mode {i + 1}", "two-start", agreement_time(times, apart)
        if self.plan.moment is not None:
            moments = [[self.plan.moment(state) for state in pair] for pair in pairs]
            holds = [abs(a - b) <= AGREE * float(np.hypot(da, db)) for (a, da), (b, db) in moments]
            yield "second-moment", "two-start", settling_time(times, holds)


def _points(found: Autocorrelation) -> Iterator[tuple[int, float, float]]:
    """Yield (lag, rho, error) at some lags."""
    lags = sorted({0, *np.rint(np.geomspace(1, found.lags, LAGS)).astype(int).tolist()})
    yield from ((lag, float(found.rho[lag]), float(found.error[lag])) for lag in lags)


def _frame(columns: Sequence[str], rows: Sequence[tuple]) -> pd.DataFrame:
    return pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(columns)})
