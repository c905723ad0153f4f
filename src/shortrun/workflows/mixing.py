"""How long the chains of a run need to forget where they were, age by age: `mixing`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from shortrun import scores as scoring
from shortrun.data import Dataset
from shortrun.dynamics import Noise, Stream, start
from shortrun.errors import ConfigError, DataError
from shortrun.models import RBM, filled, whole_of
from shortrun.phases.autocorrelation import Autocorrelation, Measured, autocorrelation, t_alpha, tau_exp, tau_int
from shortrun.phases.recording import Chains, Observables, modes
from shortrun.phases.relaxation import (
    AGREE,
    Clusters,
    agreement,
    chain_overlaps,
    distance,
    jumps,
    merging_time,
    settled,
)
from shortrun.store import Trajectory
from shortrun.typing import State, Theta
from shortrun.workflows._runs import check_ages, check_kind, opened, rbm_of, spread

AGES = 10
CHAINS, SWEEPS, MODES, SITES, CLUSTERS = 200, 4096, 3, 48, 10
FIRST = 256  # sweeps before the run is first looked at; it doubles until it is long enough
RECORD = 2**28  # numbers that are recorded at one age, 4 bytes each
SAMPLES = 5000  # that clusters are found in
LAGS = 200  # of each autocorrelation that is kept, evenly on a logarithmic scale
COLUMNS = ("age", "observable", "estimator", "value", "error", "resolved", "sweeps")
FUNCTIONS = ("age", "observable", "lag", "rho", "error")

Progress = Callable[[str], None]
Row = tuple[str, str, Measured]


@dataclass(frozen=True, eq=False)
class Mixing:
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
        Of the run that autocorrelations were measured in, "data" or "random".
    """

    table: pd.DataFrame
    functions: pd.DataFrame
    k: int
    start: str


@dataclass(frozen=True)
class Plan:
    """How much is measured at each age."""

    chains: int
    sweeps: int
    modes: int
    sites: Tensor
    clusters: Clusters | None
    data: Dataset | None
    seed: int


def mixing(
    run: Trajectory | Path | str,
    data: Dataset | None = None,
    *,
    ages: Sequence[int] | None = None,
    chains: int = CHAINS,
    sweeps: int = SWEEPS,
    modes: int = MODES,
    clusters: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Mixing:
    """Measure relaxation times of a run against its age, in sweeps of chains with every layer free (theory 6.1 to 6.3).

    At each age chains from data and chains from noise (p0) are followed, twice as long again and again until the times
    are known or `sweeps` is reached. What was too short for its time has `resolved` False and is a lower bound (an
    upper one of the rate of jumps).

    - "t-0.1", "tau-int", "tau-exp" of "sites" (a random choice of features, together) and "mode 1", ... (projections
      on left singular vectors of W): autocorrelations of the chains from data (from noise without data), the first
      third left out. They start from data because the machine's own valleys are found at once there, in about the right
      proportions; persistent chains exist for the last age only;
    - "overlap" of chains "from noise" and "from data": t / 2 from which on a chain is no more like its own past
      x(t / 2) than like another chain. Chains from noise that all come to the same valley pass this test at once;
    - "two-start" of "energy" (free energy), modes and "second-moment" (E2 to the data): sweeps after which chains from
      noise and from data agree within three standard errors;
    - "jumps": rate a chain and sweep at which chains change their cluster, of k-means in the data's principal plane.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset, optional
        Real samples, for chains from data, two starts, and jumps; labelled ones for a run with labels.
    ages : Sequence[int], optional
        Of the training; by default ten of those that were kept, evenly on a logarithmic scale, with the last.
    chains : int, default CHAINS
        Followed from each start.
    sweeps : int, default SWEEPS
        Most, at each age.
    modes : int, default MODES
        Leading singular vectors that are projected on.
    clusters : int, optional
        Number; by default the classes of the data, ten without.
    seed : int, default 0
        Of the noise and the choice of sites.
    progress : Progress, optional
        Called with a line after each age.

    Raises
    ------
    ConfigError
        For a chaotic network, numbers too small, or a record that would not fit into 1 GB.
    DataError
        If the data are not of the run's kind, or have no labels where they are needed.
    StoreError
        For ages that were not kept.
    """
    run = opened(run)
    model = rbm_of(run, "stationary law that its noise could reach")
    check_numbers(chains, sweeps, modes)
    known = None if data is None else usable(run, data)
    sites = sites_of(model, known, seed)
    found = None if known is None else clusters_of(model, known, clusters or len(known.classes) or CLUSTERS, seed)
    plan = Plan(chains, sweeps, modes, sites, found, known, seed)
    every = spread(run.ages, AGES) if ages is None else ages
    check_ages(run, every)
    rows, functions = [], []
    for done, age in enumerate(every, 1):
        here = Age(model, run.at(age), plan)
        here.follow()
        rows += [(age, what, how, *it, here.recorded.time) for what, how, it in here.rows(run)]
        functions += [(age, what, *line) for what, rho in here.correlations.items() for line in points(rho)]
        if progress is not None:
            progress(f"age {age:,} ({done} of {len(every)}): {here.recorded.time:,} sweeps, {here.slowest()}")
    start = "random" if known is None else "data"
    return Mixing(frame(COLUMNS, rows), frame(FUNCTIONS, functions), run.recipe["steps"], start)


class Age:
    """A machine at one age: chains from noise, chains from data where there are data, and what they show."""

    def __init__(self, model: RBM, theta: Theta, plan: Plan):
        self.model, self.theta, self.plan = model, theta, plan
        directions = [modes(model, theta, plan.modes)]
        if plan.clusters is not None:
            directions.append(plan.clusters.directions.to(theta.dtype))
        self.observables = Observables(torch.cat(directions, 1), plan.sites)
        self.count = directions[0].shape[1]  # of modes: no more than hidden units or features
        noise = Noise(plan.seed, Stream.GENERATE)
        state = start(model, noise, plan.chains, {})
        if plan.data is None:
            self.random = self.recorded = Chains(model, theta, state, noise, self.observables)
        else:
            begun, others = from_data(model, plan.data, plan.chains, plan.seed), replace(noise, first_chain=plan.chains)
            self.random = Chains(model, theta, state, noise)
            self.recorded = Chains(model, theta, (*begun, state[-1]), others, self.observables)
        self.correlations: dict[str, Autocorrelation] = {}

    def follow(self) -> None:
        """Go on with the chains, twice as long each time, until their times are known or the sweeps are used up."""
        total = min(FIRST, self.plan.sweeps)
        while True:
            keep = powers_up_to(self.plan.sweeps)
            for chains in {self.random, self.recorded}:
                chains.go_on(total - chains.time, keep)
            values = self.stationary()
            self.correlations = {f"mode {i + 1}": autocorrelation(values[:, :, i : i + 1]) for i in range(self.count)}
            if total == self.plan.sweeps or all(it.resolved for _, _, it in self.times()):
                break
            total = min(2 * total, self.plan.sweeps)
        sites = values[:, :, self.observables.directions.shape[1] :]
        self.correlations = {"sites": autocorrelation(sites)} | self.correlations

    def stationary(self) -> Tensor:
        """Return the record without its first third, in which chains come to the machine's own law."""
        return self.recorded.values(self.recorded.time // 3)

    def times(self) -> Iterator[Row]:
        """Yield the times of the autocorrelations."""
        for name, rho in self.correlations.items():
            yield name, "t-0.1", t_alpha(rho)
            yield name, "tau-int", tau_int(rho)
            yield name, "tau-exp", tau_exp(rho)

    def rows(self, run: Trajectory) -> Iterator[Row]:
        """Yield everything that is measured."""
        yield from self.times()
        yield "from noise", "overlap", merging_time(chain_overlaps(self.model.spec, self.random.snapshots))
        if self.plan.data is not None and self.plan.clusters is not None:
            yield "from data", "overlap", merging_time(chain_overlaps(self.model.spec, self.recorded.snapshots))
            yield from self.two_starts(run, self.plan.data)
            plane = self.stationary()[:, :, self.count : self.observables.directions.shape[1]]
            yield "clusters", "jumps", jumps(self.plan.clusters.nearest(plane))

    def two_starts(self, run: Trajectory, data: Dataset) -> Iterator[Row]:
        """Yield when chains from noise and from data agree, in energy, modes and second moments."""
        pairs = {t: (self.random.snapshots[t], self.recorded.snapshots[t]) for t in self.random.snapshots}
        energies = [
            distance(*(self.model.free_energy(self.theta, x).double() for x in pair)) for pair in pairs.values()
        ]
        yield "energy", "two-start", agreement([*pairs], energies)
        projected = [[self.observables.of(self.model.features(x, self.theta.dtype)) for x in p] for p in pairs.values()]
        for i in range(self.count):
            apart = [distance(one[:, i].double(), other[:, i].double()) for one, other in projected]
            yield f"mode {i + 1}", "two-start", agreement([*pairs], apart)
        moments = [[second_moment(run, data, state) for state in pair] for pair in pairs.values()]
        holds = [abs(a - b) <= AGREE * float(np.hypot(da, db)) for (a, da), (b, db) in moments]
        yield "second-moment", "two-start", settled([*pairs], holds)

    def slowest(self) -> str:
        """Return the longest tau_int in words."""
        name, found = max(((what, it) for what, how, it in self.times() if how == "tau-int"), key=lambda row: row[1][0])
        return f"tau-int {'' if found.resolved else '> '}{found.value:.3g} ({name})"


def check_numbers(chains: int, sweeps: int, modes: int) -> None:
    """Check how much is to be measured.

    Raises
    ------
    ConfigError
        If it is too little for any number, or too much to record.
    """
    for key, value, least in (("chains", chains, 4), ("sweeps", sweeps, 16), ("modes", modes, 1)):
        if value < least:
            raise ConfigError(key, f"at least {least} expected, got {value}")
    recorded = chains * sweeps * (modes + SITES + 2)
    if recorded > RECORD:
        raise ConfigError(
            "sweeps", f"{chains:,} chains of {sweeps:,} sweeps are {recorded:,} numbers to record, at most {RECORD:,}"
        )


def usable(run: Trajectory, data: Dataset) -> Dataset:
    """Return the samples that chains of a run can start from, with its classes."""
    check_kind(run, data)
    if not run.classes:
        return data
    if not data.labelled.any():
        raise DataError("chains of a machine with labels start from labelled samples, and these have no labels")
    return data.select(data.labelled).recode(run.classes)


def from_data(model: RBM, data: Dataset, count: int, seed: int) -> State:
    """Return the observed layers of some samples, in random order, again and again if there are not enough."""
    rows = np.resize(np.random.default_rng([seed, 4]).permutation(len(data)), count)
    chosen = data.select(rows)
    return filled(model.spec, torch.from_numpy(np.ascontiguousarray(chosen.values)), torch.from_numpy(chosen.labels))


def sites_of(model: RBM, data: Dataset | None, seed: int) -> Tensor:
    """Return a random choice of features of the visible layers, of those that vary in the data if there are data."""
    usual = torch.ones(model.shape[0], dtype=torch.bool)
    if model.spec.label is not None:
        usual[model.slices[model.spec.label]] = False
    if data is not None:
        varies = model.features(from_data(model, data, min(len(data), SAMPLES), seed)).std(0) > 0
        usual &= varies if bool((usual & varies).any()) else usual
    places = np.random.default_rng([seed, 5]).permutation(usual.nonzero().squeeze(1).numpy())
    return torch.from_numpy(np.sort(places[:SITES]))


def clusters_of(model: RBM, data: Dataset, count: int, seed: int) -> Clusters:
    """Return clusters of the data, without regard to their labels."""
    features = model.features(from_data(model, data, min(len(data), SAMPLES), seed))
    if model.spec.label is not None:
        features[:, model.slices[model.spec.label]] = 0
    return Clusters.of(features, count)


def second_moment(run: Trajectory, data: Dataset, state: State) -> tuple[float, float]:
    """Return E2 of chains to the data, with its standard error."""
    rows = np.arange(len(state[0])) % len(data)
    values = whole_of(run.spec, state, run.sites).numpy()
    chains = data.select(rows).with_values(values)
    (found,) = scoring.compare(data, chains, scores=("second-moment",), per_class=False, floors=False)
    return found.value, found.error


def powers_up_to(last: int) -> tuple[int, ...]:
    """Return 1, 2, 4, ... up to a number of sweeps."""
    return tuple(2**i for i in range(last.bit_length()))


def points(found: Autocorrelation) -> Iterator[tuple[int, float, float]]:
    """Yield (lag, rho, error) at some lags."""
    lags = sorted({0, *np.rint(np.geomspace(1, found.lags, LAGS)).astype(int).tolist()})
    yield from ((lag, float(found.rho[lag]), float(found.error[lag])) for lag in lags)


def frame(columns: Sequence[str], rows: Sequence[tuple]) -> pd.DataFrame:
    """Return rows as a table."""
    return pd.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(columns)})
