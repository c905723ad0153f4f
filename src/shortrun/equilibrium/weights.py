"""Means and ratios of partition functions from log-weights, with errors over chains."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.settings import check_seed
from shortrun.typing import Weights

RESAMPLES = 200  # resamples of a bootstrap
ITERATIONS, TOLERANCE = 200, 1e-10  # in solving Bennett's equation


class LogMean(NamedTuple):
    """The logarithm of a mean of weights.

    Parameters
    ----------
    value : float
        Ln (1/C) sum_c w_c.
    error : float
        Standard error, by bootstrap over chains.
    effective_sample_size : float
        (sum w)^2 / sum w^2, the number of equal weights with the same information.
    """

    value: float
    error: float
    effective_sample_size: float


def log_mean(log_weights: Weights, seed: int = 0) -> LogMean:
    """Return ln mean exp(log_weights), its error and its effective sample size.

    Parameters
    ----------
    log_weights : Weights
        Logarithms of weights, one for each chain.
    seed : int, default 0
        Seed of the bootstrap.

    Returns
    -------
    LogMean
        The logarithm of their mean.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import log_mean
    >>> found = log_mean(torch.full((10,), -700.0, dtype=torch.float64))
    >>> found.value, round(found.effective_sample_size, 6)
    (-700.0, 10.0)
    """
    scaled = (log_weights - log_weights.max()).exp()
    means = resampled(scaled.unsqueeze(1), seed)[:, 0]
    size = scaled.sum().square() / scaled.square().sum()
    value = log_weights.max() + scaled.mean().log()
    return LogMean(value.item(), means.log().std().item(), size.item())


def resampled(values: Float[Tensor, "C J"], seed: int) -> Float[Tensor, "B J"]:
    """Return bootstrap means of the columns: rows are resampled, for all columns together."""
    count = len(values)
    counts = np.random.default_rng([check_seed(seed), 11]).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    return torch.from_numpy(counts / count).to(values) @ values


class Ratio(NamedTuple):
    """ln Z_new / Z_old from chains of both, `J` pairs at a time.

    Parameters
    ----------
    value : Float[Tensor, " J"]
        (J,) from both sides, the estimate of minimal variance (Bennett 1976).
    forward : Float[Tensor, " J"]
        (J,) ln <p_new / p_old> over chains of old (theory 11.3); on average at most the truth.
    backward : Float[Tensor, " J"]
        (J,) - ln <p_old / p_new> over chains of new; on average at least the truth.
    resamples : Float[Tensor, "B J"]
        (B, J) values of the bootstrap over chains, which keeps the pairs together.
    effective_share : Float[Tensor, " J"]
        (J,) of the forward weights, from 0 to 1.
    """

    value: Float[Tensor, " J"]
    forward: Float[Tensor, " J"]
    backward: Float[Tensor, " J"]
    resamples: Float[Tensor, "B J"]
    effective_share: Float[Tensor, " J"]


def ratio(forward: Float[Tensor, "T C J"], backward: Float[Tensor, "T C J"], seed: int = 0) -> Ratio:
    """Return ln Z_new / Z_old of J pairs from log-weights at T times of C chains.

    The estimate solves mean_old sigmoid(forward - value) = mean_new sigmoid(backward + value); errors come from one
    Newton step of that equation for each bootstrap over chains.

    Parameters
    ----------
    forward : Float[Tensor, "T C J"]
        F_old(x) - F_new(x) at x of old.
    backward : Float[Tensor, "T C J"]
        F_new(x) - F_old(x) at x of new.

    Returns
    -------
    Ratio
        From both sides, and from each.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import ratio
    >>> forward = torch.full((5, 20, 1), 2.0, dtype=torch.float64)  # all weights say that ln Z grows by 2
    >>> round(ratio(forward, -forward).value.item(), 6)
    2.0
    """
    value = bennett(forward, backward)
    up, down = torch.sigmoid(forward - value), torch.sigmoid(backward + value)
    slope = sum(((p * (1 - p)).mean((0, 1)) / p.mean((0, 1)) for p in (up, down)), torch.zeros_like(value))
    means = resampled(torch.cat([up.mean(0), down.mean(0)], 1), seed)
    off = means[:, : len(value)].log() - means[:, len(value) :].log()
    resamples = value + off / slope
    flat = forward.flatten(0, 1)
    size = (2 * flat.logsumexp(0) - (2 * flat).logsumexp(0)).exp() / len(flat)
    return Ratio(value, log_means(forward), -log_means(backward), resamples, size)


def bennett(forward: Float[Tensor, "T C J"], backward: Float[Tensor, "T C J"]) -> Float[Tensor, " J"]:
    """Return the solution of Bennett's equation, which lies between the extreme log-weights, by bisection."""
    every = torch.cat([forward.flatten(0, 1), -backward.flatten(0, 1)])
    low, high = every.amin(0), every.amax(0)
    for _ in range(ITERATIONS):
        value = (low + high) / 2
        off = torch.sigmoid(forward - value).mean((0, 1)) - torch.sigmoid(backward + value).mean((0, 1))
        low, high = torch.where(off > 0, value, low), torch.where(off > 0, high, value)
        if (high - low).amax() < TOLERANCE:
            break
    return (low + high) / 2


def log_means(log_weights: Float[Tensor, "T C J"]) -> Float[Tensor, " J"]:
    """Return ln mean exp over times and chains."""
    return log_weights.flatten(0, 1).logsumexp(0) - math.log(log_weights[..., 0].numel())
