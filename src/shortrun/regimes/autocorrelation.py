"""How long a stationary run remembers: autocorrelations of recorded observables and their times.

rho(t) = sum_i <dO_i(0) dO_i(t)> / sum_i <dO_i^2> over the observables O_i of one group, chains and origins, dO_i the
deviation from the mean over all chains: a chain that stays in one valley counts as correlated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from shortrun.errors import ConfigError

ALPHA = 0.1
WINDOW = 6.0  # length of the sum for tau_int, in tau_int
SIGNIFICANT = 6.0  # standard errors above which rho counts as known
NOISE = 3.0  # standard errors within which rho counts as zero
ROUNDING = 1e-6  # of rho, where it is the same in all chains
TAIL = 0.2  # rho below which its decay counts as a tail
BLOCK = 2**22  # numbers in one Fourier transform


class Measured(NamedTuple):
    """A measured number, and whether the run was long enough for it.

    Parameters
    ----------
    value : float
        A time in sweeps, if nothing else is said; a lower bound where it is not resolved, nan where nothing is known.
    error : float
        Standard error, nan where it is unknown.
    resolved : bool
        Whether the run was long enough.
    """

    value: float
    error: float
    resolved: bool


UNKNOWN = Measured(math.nan, math.nan, False)


@dataclass(frozen=True, eq=False)
class Autocorrelation:
    """rho(t) for t = 0 to L.

    Parameters
    ----------
    rho : Float64[Tensor, " L"]
        (L + 1,), 1 at t = 0; nan if the observables never change.
    influence : Float64[Tensor, "L C"]
        (L + 1, C) what each chain adds to rho; the error of rho is the standard error of their mean.
    """

    rho: Float64[Tensor, " L"]
    influence: Float64[Tensor, "L C"]

    @property
    def error(self) -> Float64[Tensor, " L"]:
        """Standard errors of rho, from the spread over chains."""
        return error_of_mean(self.influence)

    @property
    def lags(self) -> int:
        """The longest lag L."""
        return len(self.rho) - 1


def error_of_mean(of_chains: Float64[Tensor, "*T C"]) -> Float64[Tensor, "*T"]:
    """Return the standard error of a mean over independent chains."""
    return of_chains.std(-1) / math.sqrt(of_chains.shape[-1])


def autocorrelation(values: Float[Tensor, "T C K"], lags: int | None = None) -> Autocorrelation:
    """Return the joint rho(t) of K observables, recorded after each of T sweeps of C chains in a stationary run.

    All pairs of sweeps at a lag are used, so that long lags have fewer. The memory needed in addition to the record is
    that of two Fourier transforms of a block of chains.

    Parameters
    ----------
    values : Float[Tensor, "T C K"]
        The record, of observables on one scale, since those of largest variance count most.
    lags : int, optional
        Longest lag L; half of the run by default.

    Raises
    ------
    ConfigError
        For fewer than two chains (errors are their spread), or no sweeps after the longest lag.

    Examples
    --------
    >>> import torch
    >>> from shortrun.regimes import autocorrelation
    >>> noise = torch.randn(200, 50, 1, generator=torch.Generator().manual_seed(0))
    >>> bool(abs(autocorrelation(noise, lags=20).rho[1]) < 0.05)
    True
    """
    sweeps, chains, _ = values.shape
    lags = sweeps // 2 if lags is None else lags
    if chains < 2 or not 1 <= lags < sweeps:
        raise ConfigError("chains", f"two chains and more sweeps than lags expected, got {chains}, {sweeps}, {lags}")
    products = torch.zeros(lags + 1, chains, dtype=torch.float64)
    for each in values.unbind(2):
        products += _lagged_products(each.double() - each.double().mean(), lags)
    variance = products[0]
    rho = products.sum(1) / variance.sum()
    return Autocorrelation(rho, (products - rho.unsqueeze(1) * variance) / variance.mean())


def _lagged_products(deviations: Float64[Tensor, "T C"], lags: int) -> Float64[Tensor, "L C"]:
    """Return the mean over origins of x(o) x(o + t) of each chain, for t = 0 to `lags`."""
    sweeps = len(deviations)
    length = 2 ** math.ceil(math.log2(sweeps + lags))  # padded for the lags, since a transform is periodic
    parts = []
    for part in deviations.split(max(1, BLOCK // length), 1):
        power = torch.fft.rfft(part.T, length).abs().square_()
        parts.append(torch.fft.irfft(power, length)[:, : lags + 1].T)
    origins = sweeps - torch.arange(lags + 1, dtype=torch.float64)
    return torch.cat(parts, 1) / origins.unsqueeze(1)


def t_alpha(found: Autocorrelation, alpha: float = ALPHA) -> Measured:
    """Return the first t with rho(t) <= alpha.

    Its error is its shift when rho is shifted by the error of rho. It is not resolved if rho stays above alpha; t_alpha
    then exceeds the longest lag.

    Parameters
    ----------
    found : Autocorrelation
        rho(t).
    alpha : float, default ALPHA
        The threshold.

    Examples
    --------
    >>> import torch
    >>> from shortrun.regimes import autocorrelation, t_alpha
    >>> noise = torch.randn(200, 50, 1, generator=torch.Generator().manual_seed(0))
    >>> found = autocorrelation(noise, lags=20)
    >>> t_alpha(found).value
    1.0
    """
    if not bool(found.rho.isfinite().all()):
        return UNKNOWN
    below = found.rho <= alpha
    if not bool(below.any()):
        return Measured(float(found.lags), math.nan, False)
    t = int(below.int().argmax())
    slope = float(found.rho[t - 1] - found.rho[t])
    return Measured(float(t), float(found.error[t]) / max(slope, 1e-300), True)


def tau_int(found: Autocorrelation, window: float = WINDOW) -> Measured:
    """Return tau_int = 1 + 2 sum_(t=1)^W rho(t), W the first with W >= 6 tau_int (Madras and Sokal 1988).

    The sum continues while rho(W) is above three standard errors; otherwise it would miss a slow part of small weight.
    It is not resolved if no lag is that long; the largest partial sum is then a lower bound.

    Parameters
    ----------
    found : Autocorrelation
        rho(t).
    window : float, default WINDOW
        Length of the sum, in tau_int.

    Examples
    --------
    >>> import torch
    >>> from shortrun.regimes import autocorrelation, tau_int
    >>> noise = torch.randn(200, 50, 1, generator=torch.Generator().manual_seed(0))
    >>> found = autocorrelation(noise, lags=20)
    >>> round(tau_int(found).value)
    1
    """
    if not bool(found.rho.isfinite().all()):
        return UNKNOWN
    sums = 1 + 2 * found.rho[1:].cumsum(0)
    forgotten = found.rho[1:] <= NOISE * found.error[1:].clamp_min(ROUNDING)
    closed = (torch.arange(1, found.lags + 1) >= window * sums) & forgotten
    last = int(closed.int().argmax()) if bool(closed.any()) else int(sums.argmax())
    error = error_of_mean(2 * found.influence[1 : last + 2].sum(0))
    return Measured(float(sums[last]), float(error), bool(closed.any()))


def tau_exp(found: Autocorrelation) -> Measured:
    """Return the time of the slowest exponential in the record: -1 / slope of ln rho(t) in its tail.

    The tail is the later two thirds of the lags before rho falls below six standard errors; points are weighted by
    their errors. The chain of the observed layers is reversible and its spectrum not negative, so ln rho is convex: a
    slope taken too early is too steep. Where rho at the end of the tail is not below 0.2, or the time is longer than
    the lags, it is not resolved, and the value is that of a slope two standard errors steeper, a lower bound. If rho(1)
    is below its noise already, the time is 0, and its error the time that it could still be.

    Parameters
    ----------
    found : Autocorrelation
        rho(t).

    Examples
    --------
    >>> import torch
    >>> from shortrun.regimes import autocorrelation, tau_exp
    >>> noise = torch.randn(200, 50, 1, generator=torch.Generator().manual_seed(0))
    >>> found = autocorrelation(noise, lags=20)
    >>> tau_exp(found).value
    0.0
    """
    rho, error = found.rho, found.error
    if not bool(rho.isfinite().all()):
        return UNKNOWN
    noisy = rho[1:] <= SIGNIFICANT * error[1:]
    last = int(noisy.int().argmax()) if bool(noisy.any()) else found.lags
    if last == 0:
        return Measured(0.0, _decay_time(float(rho[1] + 2 * error[1])), True)
    tail = torch.arange(last // 3, last + 1)
    logs, weights = rho[tail].log(), _slope_weights(tail.double(), rho[tail], error[tail])
    slope = float(weights @ logs)
    error_of_slope = float(error_of_mean((weights / rho[tail]) @ found.influence[tail]))
    if bool(rho[last] < TAIL) and -slope * found.lags >= 1:
        return Measured(-1 / slope, error_of_slope / slope**2, True)
    return Measured(1 / (max(-slope, 0.0) + 2 * error_of_slope), math.nan, False)


def _slope_weights(
    t: Float64[Tensor, " n"], rho: Float64[Tensor, " n"], error: Float64[Tensor, " n"]
) -> Float64[Tensor, " n"]:
    """Return the factors of ln rho(t) in the least-squares slope with weights 1 / error(ln rho)^2."""
    precision = (rho / error.clamp_min(float(error.max()) * 1e-3 + 1e-300)).square()  # rho(0) = 1 has no error
    precision = precision / precision.sum()
    deviation = t - precision @ t
    return precision * deviation / (precision @ deviation.square())


def _decay_time(ratio: float) -> float:
    """Return -1 / ln of the factor by which a correlation decays in a sweep."""
    return 0.0 if ratio <= 0 else math.inf if ratio >= 1 else -1 / math.log(ratio)
