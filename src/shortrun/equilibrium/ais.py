"""Annealed importance sampling: ln Z from a path between a machine of independent sites and the machine itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.dynamics import Noise, Stream, start
from shortrun.equilibrium.replica import Replica
from shortrun.equilibrium.weights import LogMean, log_mean
from shortrun.errors import ConfigError
from shortrun.models import RBM, Clamp
from shortrun.settings import AnnealingSettings, takes
from shortrun.typing import State, Theta, Weights

FORWARD, BACKWARD, SETTLE = 1, 2**30, 2**31  # first noise updates of the three kinds of sweeps


class Annealed(NamedTuple):
    """ln Z from one direction of a path, and its log-weights (C,)."""

    log_z: LogMean
    log_weights: Weights


def independent(model: RBM, theta: Theta, means: Float[Tensor, " F"] | None = None) -> Theta:
    """Return parameters without couplings: the biases of theta, or those with the given means of observed features.

    With means the hidden biases are 0, so that the hidden fields b + x W only grow along a path to theta.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    means : Float[Tensor, " F"], optional
        Means of the observed features.

    Returns
    -------
    Theta
        Parameters without couplings.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import independent
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> independent(model, torch.ones(model.size())).tolist()  # the two weights vanish
    [0.0, 0.0, 1.0, 1.0, 1.0]
    """
    reference = torch.zeros_like(theta)
    view = model.view(reference)
    if means is None:
        view.bias.copy_(model.view(theta).bias)
        view.hidden_bias.copy_(model.view(theta).hidden_bias)
        return reference
    for layer, rows in zip(model.spec.observed, model.slices, strict=True):
        view.bias[rows] = layer.units.field_of_mean(means[rows].unsqueeze(0))[0]
    return reference


def log_z_independent(model: RBM, theta: Theta) -> float:
    """Return ln Z = sum_i ln z_i(a_i) + sum_mu ln z_mu(b_mu) of a machine without couplings (theory 11.3).

    Parameters
    ----------
    model, theta : RBM or Theta
        A machine without couplings.

    Returns
    -------
    float
        ln Z.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import log_z_independent
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> round(log_z_independent(model, torch.zeros(model.size())) / torch.tensor(2.0).log().item(), 6)
    3.0
    """
    weight, bias, hidden_bias = model.view(theta.double())
    assert not weight.any(), "couplings"
    fields = [*(bias[rows] for rows in model.slices), hidden_bias]
    layers = zip(model.spec.layers, fields, strict=True)
    return sum(layer.units.log_z(field.unsqueeze(0)).sum().item() for layer, field in layers)


@takes(AnnealingSettings)
def ais(model: RBM, theta: Theta, reference: Theta, *, settings: AnnealingSettings) -> Annealed:
    """Return ln Z by annealing independent samples of the reference to theta (theory 11.4; Neal 2001).

    On the path theta_s = (1 - s) reference + s theta each step first updates the weights, log w += F_s(x) -
    F_{s + ds}(x), then the states x by a sweep at s + ds; ln Z = ln Z_reference + ln mean w. The mean of its
    exponential is Z for any number of temperatures, so ln Z is too low on average, and far too low if chains miss part
    of the states.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    reference : Theta
        Parameters without couplings.

    Returns
    -------
    Annealed
        ln Z, and the log-weight of each chain.

    Raises
    ------
    ConfigError
        For fewer than two chains or one temperature.

    Examples
    --------
    Without couplings the path goes nowhere, and ln Z is that of 2^3 states.

    >>> import torch
    >>> from shortrun.equilibrium import ais
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> theta = torch.zeros(model.size())
    >>> round(ais(model, theta, theta, chains=10, temperatures=5).log_z.value / torch.tensor(2.0).log().item(), 6)
    3.0
    """
    seed = settings.seed
    begin = start(model, Noise(seed, Stream.GENERATE), settings.chains, {})[:-1]
    log_weights = annealed(path(model, reference, theta, settings.temperatures), begin, seed, FORWARD)
    found = log_mean(log_weights, seed)
    return Annealed(found._replace(value=found.value + log_z_independent(model, reference)), log_weights)


@takes(AnnealingSettings)
def reverse_ais(model: RBM, theta: Theta, reference: Theta, state: State, *, settings: AnnealingSettings) -> Annealed:
    """Return ln Z by annealing samples of theta back to the reference: on average not below the truth.

    It follows the path of `ais` backwards, ln Z = ln Z_reference - ln mean w. It is an upper bound if the initial
    states are samples of theta (Grosse et al. 2015). If it is far above `ais`, one of them is wrong.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    reference : Theta
        Parameters without couplings.
    state : State
        Observed layers of chains in equilibrium, as many as are annealed.

    Returns
    -------
    Annealed
        ln Z, and the log-weight of each chain.

    Raises
    ------
    ConfigError
        For fewer than two states or one temperature.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import reverse_ais
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> theta, state = torch.zeros(model.size()), (torch.zeros(10, 2, dtype=torch.uint8),)
    >>> found = reverse_ais(model, theta, theta, state, temperatures=5)
    >>> round(found.log_z.value / torch.tensor(2.0).log().item(), 6)
    3.0
    """
    if len(state[0]) < 2:
        raise ConfigError("chains", f"at least 2 expected for an error, got {len(state[0])}")
    back = path(model, reference, theta, settings.temperatures, backward=True)
    log_weights = annealed(back, state, settings.seed, BACKWARD)
    found = log_mean(log_weights, settings.seed)
    return Annealed(found._replace(value=log_z_independent(model, reference) - found.value), log_weights)


def path(model: RBM, reference: Theta, theta: Theta, steps: int, *, backward: bool = False) -> Iterator[Replica]:
    """Yield the machines from s = 0 to 1, or backwards; theta itself has exact weights, not rounded ones."""
    places = torch.linspace(0, 1, steps + 1).tolist()
    if backward:
        yield Replica(model, theta, exact=True)
    yield from Replica.between(model, reference, theta, places[::-1] if backward else places)
    if not backward:
        yield Replica(model, theta, exact=True)


def annealed(machines: Iterator[Replica], state: State, seed: int, place: int) -> Weights:
    """Return the log-weights of chains along machines: a sweep of each, then the weight relative to the next.

    Without couplings a sweep is an independent draw, so that chains may start from any state there.
    """
    log_weights = torch.zeros(len(state[0]), dtype=torch.float64)
    for step, (now, new) in enumerate(pairwise(machines)):
        state = now.sweep(state, Noise(seed, Stream.GENERATE, update=place + step), Clamp())
        log_weights += now.free_energy(state) - new.free_energy(state)
    return log_weights


def settled(model: RBM, theta: Theta, state: State, sweeps: int, seed: int = 0) -> State:
    """Return states after some Gibbs sweeps at theta: data come closer to equilibrium, with all modes represented."""
    return Replica(model, theta).sweep(state, Noise(seed, Stream.GENERATE, update=SETTLE), Clamp(), sweeps)
