"""Averages of a hidden unit's ln z over random sites as sums over plane waves, so that couplings are matrix products.

With x = b + W_i + W_j + Y, Y the sum of the weights of all other sites at random colours, and k a wave number,

E ln z(x) = int dk / 2 pi  lnz^(k) e^{ikb} e^{ikW_i} e^{ikW_j} prod_{l not i, j} chi_l(k),

chi_l(k) = mean_c e^{ikW_l^c}: a sum of products with one factor per site. No random site has to be drawn, enumerated or
treated as Gaussian; e^{-k^2 v_l / 2} in place of chi_l, v_l = mean_c (W_l^c)^2, gives the Gaussian formula.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from shortrun.landscape.sites import Sites
from shortrun.units import Units

Method = Literal["exact", "gaussian"]

NEGLIGIBLE = 1e-9  # contribution of a wave to a coupling, in kT
SMALLEST = 1e-12  # value of a characteristic function, so that it can be a divisor; the error is of this size
SHIFT = 0.25  # of the second difference of ln z; waves are shorter than 2 pi / SHIFT
REACH = 45.0  # field beyond which ln z is a parabola or a line to double precision
SPREADS, TAIL = 9.0, 20.0  # standard deviations, and fields (e^-20), beyond which the period may repeat
ELEMENTS = 2**21  # complex numbers in a table of waves


class Waves(NamedTuple):
    """N plane waves, each of one hidden unit."""

    unit: Int[Tensor, " N"]
    number: Float[Tensor, " N"]  # k > 0
    weight: Complex[Tensor, " N"]  # of the real part of a product: step / pi  lnz^(k) e^{ikb}

    def at(self, keep: Tensor) -> Waves:
        """Return some of the waves."""
        return Waves(self.unit[keep], self.number[keep], self.weight[keep])

    def split(self, size: int) -> Iterator[Waves]:
        """Yield the waves in parts of at most this size."""
        yield from (Waves(*part) for part in zip(*(each.split(size) for each in self), strict=True))


class Factors(NamedTuple):
    """The factors of a part of the waves."""

    waves: Waves
    phase: Complex[Tensor, "E N"]  # e^{ikW} without its mean over colours
    chi: Complex[Tensor, "S N"]  # the characteristic function of each site
    product: Complex[Tensor, " N"]  # of all sites

    def at(self, keep: Tensor) -> Factors:
        """Return the factors of some of the waves."""
        return Factors(self.waves.at(keep), self.phase[:, keep], self.chi[:, keep], self.product[keep])

    def split(self, size: int) -> Iterator[Factors]:
        """Yield the factors in parts of at most this number of waves."""
        for part in torch.arange(len(self.product)).split(size):
            yield self.at(part)


def waves_of(sites: Sites) -> Waves:
    """Return the waves that carry second differences of ln z: k = (n + 1/2) step, n = 0, 1, ..., for each hidden unit.

    The midpoint rule with a step of 2 pi / period is exact up to copies of the coupling one period away in b. The
    coupling vanishes there: it is beyond the reach of the random field and the tail of the unit.
    """
    spread = sites.means(sites.weight.square()).sum(0).sqrt()
    largest = sites.weight.abs().amax(0)
    period = sites.hidden_bias.abs() + SPREADS * spread + 2 * largest + TAIL
    last = last_wave(sites.hidden)
    counts = (last * period / (2 * math.pi)).ceil().long()
    unit = torch.repeat_interleave(torch.arange(len(period)), counts)
    index = torch.arange(len(unit)) - (counts.cumsum(0) - counts)[unit]
    step = (2 * math.pi / period)[unit]
    number = (index + 0.5) * step
    weight = step / math.pi * transform(sites.hidden, number) * torch.exp(1j * number * sites.hidden_bias[unit])
    return Waves(unit, number, weight)


def last_wave(units: Units) -> float:
    """Return the wave number beyond which the curvature of ln z is negligible."""
    numbers = torch.arange(0.25, math.pi / SHIFT, 0.25, dtype=torch.float64)
    large = (transform(units, numbers) * numbers.square()).abs() > NEGLIGIBLE
    return float(numbers[large].amax()) + 0.25 if large.any() else 0.25


def transform(units: Units, number: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
    """Return lnz^(k), the Fourier transform of ln z minus its asymptotic parabola, for k > 0.

    It is found from the second difference, which is integrable: ln z(x + s) - 2 ln z(x) + ln z(x - s) has the transform
    lnz^(k) (2 cos ks - 2). The trapezoidal rule is exact to rounding for such a smooth function. ln z must be even
    up to a line, which holds for every unit with one feature.
    """
    x = torch.arange(-REACH, REACH + SHIFT / 4, SHIFT / 4, dtype=torch.float64)
    difference = second_difference(units, x) - curvature(units) * SHIFT**2
    waves = torch.cat([torch.cos(part.unsqueeze(1) * x) @ difference for part in number.split(2**12)])
    return waves * (SHIFT / 4) / (2 * torch.cos(number * SHIFT) - 2)


def curvature(units: Units) -> float:
    """Return the asymptotic second derivative of ln z: 0 for units of two values, the variance of Gaussian ones."""
    far = second_difference(units, torch.tensor([REACH], dtype=torch.float64)) / SHIFT**2
    return round(float(far), 9)


def second_difference(units: Units, x: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return ln z(x + s) - 2 ln z(x) + ln z(x - s)."""
    up, here, down = (units.log_z((x + shift).unsqueeze(1)).squeeze(1) for shift in (SHIFT, 0.0, -SHIFT))
    return up - 2 * here + down


def factors(sites: Sites, waves: Waves, method: Method) -> Factors:
    """Return the contribution of each site to some waves."""
    angle = sites.weight[:, waves.unit] * waves.number
    phase = torch.polar(torch.ones_like(angle), angle)
    mean = sites.means(phase)
    chi = mean if method == "exact" else gaussian(sites, waves).to(phase.dtype)
    chi = torch.where(chi.abs() < SMALLEST, SMALLEST, chi)
    return Factors(waves, phase - mean[sites.owner], chi, chi.prod(0))


def gaussian(sites: Sites, waves: Waves) -> Float[Tensor, "S N"]:
    """Return the characteristic functions of normal distributions with the variances of the sites."""
    variance = sites.means(sites.weight.square())
    return torch.exp(-0.5 * variance[:, waves.unit] * waves.number.square())


def parts(sites: Sites, method: Method, order: int) -> Iterator[Factors]:
    """Yield the factors of all waves that contribute to couplings of an order, in parts that fit into memory."""
    for waves in waves_of(sites).split(max(1, ELEMENTS // len(sites.weight))):
        found = factors(sites, waves, method)
        keep = counts(found, order)
        yield found if keep.all() else found.at(keep)


def counts(found: Factors, order: int) -> Tensor:
    """Return whether waves contribute to some coupling of an order.

    A wave is negligible if all sites except the `order` most damping ones already damp it to nothing.
    """
    damping = found.chi.abs().log()
    strongest = damping.topk(min(order, len(damping)), 0, largest=False).values.sum(0)
    size = found.waves.weight.abs() * found.waves.number.square()
    return size.log() + damping.sum(0) - strongest > math.log(NEGLIGIBLE)
