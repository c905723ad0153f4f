"""The partition function of small machines, by enumerating the states of one side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM, Layer
from shortrun.typing import State, Theta, Weights

MOST_STATES = 2**22
ELEMENTS = 2**22  # of the largest float64 table at a time


def log_z_exact(model: RBM, theta: Theta, side: str | None = None) -> float:
    """Return ln Z = ln sum_{x, h} exp(-E(x, h)), with the label summed over like every observed layer.

    The states of one side are enumerated, the other side is summed in closed form:
    ln Z = ln sum_x exp(-F(x)) = ln sum_h exp(-F_h(h)), F_h(h) = -b h - sum_i ln z_i(a_i + sum_mu W_{i mu} h_mu)
    (theory 1.4, 1.5). Computed in float64, some states at a time.

    Parameters
    ----------
    side : str, optional
        "observed" or "hidden"; by default the one with fewer states.

    Raises
    ------
    ConfigError
        If this side has more than 2^22 states, or continuous units.
    """
    counts = {name: log_states(layers) for name, layers in sides(model).items()}
    side = side or min(counts, key=lambda name: counts[name])
    if counts[side] > math.log(MOST_STATES) + 1e-9:
        raise ConfigError("method", f"exact: {told(counts[side])} of the {side} units, at most 2^22 can be enumerated")
    of_parts = {"observed": observed_part, "hidden": hidden_part}[side]
    layers, theta = sides(model)[side], theta.double()
    at_once = max(1, ELEMENTS // max(model.shape))
    parts = [of_parts(model, theta, state) for state in states(layers, at_once)]
    return torch.logsumexp(torch.stack(parts), 0).item()


def possible(model: RBM) -> bool:
    """Whether a machine is small enough for `log_z_exact`."""
    return min(log_states(layers) for layers in sides(model).values()) <= math.log(MOST_STATES) + 1e-9


def sides(model: RBM) -> dict[str, tuple[Layer, ...]]:
    """Return the layers of either side."""
    return {"observed": model.spec.observed, "hidden": (model.spec.hidden,)}


def log_states(layers: Sequence[Layer]) -> float:
    """Return the logarithm of the number of states; infinite for continuous units."""
    return sum(layer.sites * math.log(layer.units.levels or math.inf) for layer in layers)


def told(log_count: float) -> str:
    """Return a number of states in words, as a power of two."""
    return "infinitely many states" if math.isinf(log_count) else f"2^{log_count / math.log(2):.0f} states"


def observed_part(model: RBM, theta: Theta, state: State) -> Tensor:
    """Return ln sum_x exp(-F(x)) over some observed states."""
    return torch.logsumexp(-model.free_energy(theta, state), 0)


def hidden_part(model: RBM, theta: Theta, state: State) -> Tensor:
    """Return ln sum_h exp(-F_h(h)) over some hidden states."""
    weight, bias, hidden_bias = model.view(theta)
    h = model.spec.hidden.units.features(state[0], theta.dtype)
    field = torch.addmm(bias, h, weight.T)
    observed = zip(model.spec.observed, model.slices, strict=True)
    log_weights: Weights = h @ hidden_bias - model.spec.hidden.units.base_energy(state[0])
    for layer, rows in observed:
        log_weights = log_weights + layer.units.log_z(field[:, rows]).sum(1)
    return torch.logsumexp(log_weights, 0)


def states(layers: Sequence[Layer], at_once: int) -> Iterator[State]:
    """Yield every joint configuration of discrete layers, `at_once` at a time, one tensor per layer.

    The codes of the sites are the digits of the number of a state.
    """
    levels = torch.tensor([layer.units.levels for layer in layers for _ in range(layer.sites)])
    places = torch.cat([torch.ones(1, dtype=torch.long), levels.cumprod(0)[:-1]])
    count, sites = int(levels.prod()), [layer.sites for layer in layers]
    for first in range(0, count, at_once):
        numbers = torch.arange(first, min(first + at_once, count)).unsqueeze(1)
        yield (numbers // places % levels).to(torch.uint8).split(sites, 1)
