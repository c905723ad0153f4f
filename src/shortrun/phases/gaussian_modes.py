"""Relaxation of Gaussian machines in closed form, mode by mode: a reference for estimators of relaxation times.

Along the singular mode alpha of W a visible projection is an AR(1) process with coefficient A = sv2 sh2 w_alpha^2 per
sweep: E[s' | s] = sv2 W E[tau | s] = sv2 sh2 W W^T s.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float64
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM
from shortrun.phases.autocorrelation import time_of
from shortrun.typing import Theta
from shortrun.units import Gaussian


def coefficients(model: RBM, theta: Theta) -> Float64[Tensor, " R"]:
    """Return A of every mode, slowest first; the machine has an equilibrium if all are below 1.

    Raises
    ------
    ConfigError
        If not all units are Gaussian, or there are several visible layers.
    """
    layers = model.spec.layers
    visible, hidden = layers[0].units, layers[-1].units
    if len(layers) != 2 or not (isinstance(visible, Gaussian) and isinstance(hidden, Gaussian)):
        raise ConfigError("units", "one visible and one hidden layer of Gaussian units expected")
    weight = model.view(theta.detach().cpu().double()).weight
    return visible.variance * hidden.variance * torch.linalg.svdvals(weight).square()


def autocorrelation_time(coefficient: float) -> float:
    """Return tau_int = (1 + A) / (1 - A) of a mode; infinite without an equilibrium."""
    return (1 + coefficient) / (1 - coefficient) if coefficient < 1 else math.inf


def relaxation_time(coefficient: float) -> float:
    """Return tau_exp = -1 / ln A of a mode, whose rho(t) is A^t; infinite without an equilibrium."""
    return time_of(coefficient)


def variance_after(coefficient: float, steps: int, start: float, variance: float = 1.0) -> float:
    """Return Var_k = A^(2k) V_0 + sv2 (1 - A^(2k)) / (1 - A) of a mode after k sweeps (V_0 + 2 k sv2 at A = 1).

    Parameters
    ----------
    start : float
        V_0, the variance over chains at the start.
    variance : float, default 1.0
        sv2, the variance of a visible unit without couplings.
    """
    if coefficient == 1:
        return start + 2 * steps * variance
    left = coefficient ** (2 * steps)
    return left * start + variance * (1 - left) / (1 - coefficient)
