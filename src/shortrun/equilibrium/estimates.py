"""ln Z by each method, with diagnostics of its reliability, and warnings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.dynamics import Noise, Stream
from shortrun.equilibrium.ais import ais, independent, log_z_independent, reverse_ais, settled
from shortrun.equilibrium.exact import log_z_exact, possible
from shortrun.equilibrium.ladder import Rung
from shortrun.equilibrium.replica import Replica
from shortrun.equilibrium.tempering import Tempered, temper
from shortrun.equilibrium.weights import LogMean, Ratio, log_mean, ratio
from shortrun.models import RBM, STREAMED
from shortrun.settings import AnnealingSettings, LogZSettings, takes
from shortrun.typing import State, Theta

FEWEST = 10.0  # effective samples below which there is a warning
APART, ERRORS = 1.0, 3.0  # nats, and standard errors, by which two sides may differ
RAREST = 0.1  # acceptance rate below which there is a warning
SETTLE = 100  # sweeps from data before chains are annealed backwards
BURNT = 0.2  # share of the rounds that is discarded


class Estimate(NamedTuple):
    """ln Z of a machine.

    Parameters
    ----------
    log_z : float
        The estimate.
    error : float, default 0.0
        Standard error over chains, combined with half of the contradiction between two sides that should bracket ln Z;
        0 for an exact value.
    effective_sample_size : float, default math.nan
        Of the log-weights, the smallest along a ladder; NaN for an exact value.
    lower, upper : float, default math.nan
        Estimates that are on average below and above the truth if chains reach all states.
    warnings : tuple[str, ...], default ()
        Reasons not to trust the estimate.
    """

    log_z: float
    error: float = 0.0
    effective_sample_size: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    warnings: tuple[str, ...] = ()


def method_for(model: RBM, settings: LogZSettings) -> str:
    """Return the method asked for; by default "exact" where that is possible, else "ais"."""
    return settings.method or ("exact" if possible(model) else "ais")


def by_enumeration(model: RBM, theta: Theta) -> Estimate:
    """Return ln Z exactly.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.

    Returns
    -------
    Estimate
        Without an error.

    Raises
    ------
    ConfigError
        If it is too large, or continuous on both sides.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import by_enumeration
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> round(by_enumeration(model, torch.zeros(model.size())).log_z / torch.tensor(2.0).log().item(), 6)
    3.0
    """
    value = log_z_exact(model, theta)
    return Estimate(value, lower=value, upper=value)


@takes(AnnealingSettings)
def by_annealing(model: RBM, theta: Theta, data: State, *, settings: AnnealingSettings) -> Estimate:
    """Return ln Z by annealing from independent sites with the means of data, checked by annealing data backwards.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    data : State
        Observed layers of samples; the backward path starts from them after 100 sweeps at theta.

    Returns
    -------
    Estimate
        ln Z, with the way back as its upper side.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import by_annealing
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> data = (torch.zeros(10, 2, dtype=torch.uint8),)
    >>> found = by_annealing(model, torch.zeros(model.size()), data, chains=100, temperatures=20)
    >>> abs(found.log_z - 3 * torch.tensor(2.0).log().item()) < 0.2
    True
    """
    reference, chains = independent(model, theta, feature_means(model, data)), settings.chains
    found = ais(model, theta, reference, settings=settings).log_z
    rows = torch.linspace(0, len(data[0]) - 1, chains).long()
    begin = settled(model, theta, tuple(x[rows] for x in data), SETTLE, settings.seed)
    back = reverse_ais(model, theta, reference, begin, settings=settings).log_z
    warnings = [few(found.effective_sample_size, chains)] if found.effective_sample_size < FEWEST else []
    if back.value - found.value > max(APART, ERRORS * math.hypot(found.error, back.error)):
        warnings.append(
            f"annealing gives ln Z {found.value:.2f} and annealing data back {back.value:.2f}: chains miss a part of "
            "the states; more temperatures, or another method"
        )
    error = math.hypot(found.error, (back.value - found.value) / 2)
    return Estimate(found.value, error, found.effective_sample_size, found.value, back.value, tuple(warnings))


def few(size: float, chains: int) -> str:
    """Return the warning about few effective samples."""
    return f"only {size:.1f} of {chains} chains carry the weight: more temperatures or chains"


def feature_means(model: RBM, data: State) -> Float[Tensor, " F"]:
    """Return the means of the observed features with one additional uniform sample, so that no mean is extreme."""
    parts = []
    for layer, x in zip(model.spec.observed, data, strict=True):
        total = layer.units.mean(torch.zeros(1, layer.width, dtype=torch.float64))[0]
        for rows in x.split(max(1, min(4096, STREAMED // layer.width))):
            total += layer.units.features(rows).sum(0, dtype=torch.float64)
        parts.append((total / (len(x) + 1)).float())
    return torch.cat(parts)


class Climb(NamedTuple):
    """ln Z at some ages from one ladder, and the motion of its chains."""

    estimates: dict[int, Estimate]
    tempered: Tempered


def along_training(
    rungs: Sequence[Rung],
    thetas: Mapping[int, Theta],
    *,
    rounds: int,
    exchange: bool = True,
    seed: int = 0,
) -> Climb:
    """Return ln Z of several ages from chains at every rung: ln Z_{t+1} = ln Z_t + ln <exp(F_t - F_{t+1})>_t.

    It starts from independent sites, whose ln Z is known (theory 11.3; BDFRS24). Each step is the estimate from both
    of its sides, `ratio`; a last step leads from rounded to exact weights.

    Parameters
    ----------
    rungs : Sequence[Rung]
        From independent sites up (`ladder`).
    thetas : Mapping[int, Theta]
        Parameters at each requested age, which is one of the rungs.
    rounds : int
        Number of sweeps of every rung, the first fifth of which is discarded.
    exchange : bool, default True
        Whether to use PTT; otherwise ordinary chains of each age.
    seed : int, default 0
        Seed of the noise.

    Returns
    -------
    Climb
        ln Z at each age, and how the chains moved.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import along_training, ladder
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> machines = {10: torch.zeros(model.size())}
    >>> found = along_training(ladder(model, machines, rows=torch.arange(20)), machines, rounds=10)
    >>> round(found.estimates[10].log_z / torch.tensor(2.0).log().item(), 6)
    3.0
    """
    replicas, noise = [rung.replica for rung in rungs], Noise(seed, Stream.GENERATE)
    burnt = math.ceil(BURNT * rounds)
    begin = temper(replicas, [rung.state for rung in rungs], noise, rounds=burnt, exchange=exchange).states
    rest = max(2, rounds - burnt)
    tempered = temper(replicas, begin, noise, rounds=rest, first=burnt, exchange=exchange)
    steps = ratio(tempered.forward, tempered.backward, seed)
    warnings = doubts([rung.age for rung in rungs], steps, tempered, exchange)
    places = {age: next(j for j, rung in enumerate(rungs) if rung.age == age) for age in thetas}
    start = log_z_independent(replicas[0].model, replicas[0].theta)
    found = {
        age: _summed(start, j, steps, _rounding(replicas[j], thetas[age], tempered.states[j]), warnings)
        for age, j in places.items()
    }
    return Climb(found, tempered)


def _rounding(replica: Replica, theta: Theta, state: State) -> LogMean:
    """Return ln Z of a machine minus that of the machine with rounded weights, whose samples are given."""
    exact = Replica(replica.model, theta, exact=True)
    return log_mean(replica.free_energy(state) - exact.free_energy(state))


def _summed(start: float, j: int, steps: Ratio, last: LogMean, warnings: tuple[str, ...]) -> Estimate:
    """Return ln Z of the j-th rung: ln Z of the bottom, plus j steps, plus the last step."""
    sides = (start + last.value + side[:j].sum().item() for side in (steps.value, steps.forward, steps.backward))
    value, lower, upper = sides
    contradiction = max(0.0, lower - upper)  # a spread over chains cannot show what all of them miss
    error = math.hypot(steps.resamples[:, :j].sum(1).std().item(), last.error, contradiction / 2)
    size = last.effective_sample_size * min([1.0, *steps.effective_share[:j].tolist()])
    return Estimate(value, error, size, lower, upper, warnings)


def doubts(ages: Sequence[float], steps: Ratio, tempered: Tempered, exchange: bool) -> tuple[str, ...]:
    """Return the warnings about estimates of a ladder."""
    warnings = uncrossed(tempered) + rare(ages, tempered) if exchange else []
    gaps = (steps.forward - steps.backward).abs()
    worst = int(gaps.argmax())
    if gaps[worst] > APART:
        warnings.append(
            f"from ages {ages[worst]:g} to {ages[worst + 1]:g} ln Z grows by {steps.forward[worst]:.2f} seen from the "
            f"first and {steps.backward[worst]:.2f} from the second: their samples overlap too little"
        )
    return tuple(warnings)


def uncrossed(tempered: Tempered) -> list[str]:
    """Return the warning about chains in which no state moved from the bottom to the top."""
    missing, chains = int((tempered.upward == 0).sum()), len(tempered.upward)
    if not missing:
        return []
    return [
        f"in {missing} of {chains} chains no state came from independent sites up to the last machine: modes may be "
        "missed or wrongly weighted; more sweeps"
    ]


def rare(ages: Sequence[float], tempered: Tempered) -> list[str]:
    """Return the warning about the pair with the lowest acceptance rate."""
    worst = int(tempered.acceptance.argmin())
    lowest = tempered.acceptance[worst].item()
    pair = f"ages {ages[worst]:g} and {ages[worst + 1]:g}"
    return [f"{pair} accept only {lowest:.1%} of their swaps"] if lowest < RAREST else []
