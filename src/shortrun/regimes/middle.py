"""The state in the middle of a machine's distribution, and whether it is stable, with all fields included.

The middle is one mean-field sweep from hidden units without field: m_v = E[x | a + W m_h], then m_h = E[h | b + m_v W].
As long as a machine has one state, this is the middle; beyond its transition the middle lies between its states. The
mean-field fixed point that Newton's iteration finds from there is often the unstable one between the states, but can be
a stable one beside it where the data are not symmetric.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.models import RBM
from shortrun.models.ising_form import hidden_variance, rows_around, weights_around, zero_means
from shortrun.typing import Theta

STEPS, HALVINGS = 50, 12
TOLERANCE = 1e-9  # of the hidden fields

Row = Float[Tensor, " _"]


@dataclass(frozen=True)
class MeanFieldState:
    """A mean-field state.

    Parameters
    ----------
    observed : Row
        (F,) means of the observed features.
    hidden : Row
        (H,) means of the hidden features.
    converged, residual : bool or float
        Whether it is a fixed point, and by how much the hidden fields still change in a sweep.
    """

    observed: Row
    hidden: Row
    converged: bool
    residual: float


def middle(model: RBM, theta: Theta) -> MeanFieldState:
    """Return the state one sweep from hidden units without field, and how far it is from a fixed point.

    Parameters
    ----------
    model, theta : RBM and Theta
        The machine.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 4, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> from shortrun.regimes import middle
    >>> middle(model, torch.zeros(model.size())).observed.tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    theta = theta.double()
    field = _answer(model, theta, zero_means(model, theta)[1])[1]
    hidden = _hidden(model, field)
    observed, answer = _answer(model, theta, hidden)
    residual = float((answer - field).abs().max())
    return MeanFieldState(observed, hidden, residual <= TOLERANCE, residual)


def fixed_point_near(model: RBM, theta: Theta) -> MeanFieldState:
    """Return the mean-field fixed point that Newton's iteration with halved steps finds from the middle.

    It solves phi = b + W^T m_v(a + W m_h(phi)) for the hidden fields phi, in double precision.

    Parameters
    ----------
    model, theta : RBM and Theta
        The machine.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 4, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> from shortrun.regimes import fixed_point_near
    >>> fixed_point_near(model, torch.zeros(model.size())).converged
    True
    """
    theta = theta.double()
    field = _answer(model, theta, zero_means(model, theta)[1])[1]
    residual = math.inf
    for _ in range(STEPS):
        means = _hidden(model, field)
        observed, answer = _answer(model, theta, means)
        apart = answer - field
        residual = float(apart.abs().max())
        if not residual > TOLERANCE:
            break
        field = _nearer(model, theta, field, _newton(model, theta, observed, means, apart), residual)
    means = _hidden(model, field)
    return MeanFieldState(_answer(model, theta, means)[0], means, residual <= TOLERANCE, residual)


def instabilities(model: RBM, theta: Theta, at: MeanFieldState) -> Float[Tensor, " n"]:
    """Return the singular values s of C_v^{1/2} W C_h^{1/2} around a state, largest first (theory 7.14).

    The state is unstable in as many directions as s > 1. Noise counts as signal here: noise alone has s up to sigma
    (kappa^{1/4} + kappa^{-1/4}).

    Parameters
    ----------
    model, theta : RBM and Theta
        The machine.
    at : MeanFieldState
        The state.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 4, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> from shortrun.regimes import instabilities, middle
    >>> theta = torch.zeros(model.size())
    >>> instabilities(model, theta, middle(model, theta)).tolist()
    [0.0, 0.0]
    """
    return torch.linalg.svdvals(weights_around(model, theta.double(), at.observed, at.hidden))


def _answer(model: RBM, theta: Theta, hidden: Row) -> tuple[Row, Row]:
    """Return the observed means in the field of hidden ones, and the resulting hidden field."""
    weight, bias, hidden_bias = model.view(theta)
    field = (bias + weight @ hidden).unsqueeze(0)
    layers = zip(model.spec.observed, model.slices, strict=True)
    observed = torch.cat([layer.units.mean(field[:, at]) for layer, at in layers], 1)[0]
    return observed, hidden_bias + observed @ weight


def _hidden(model: RBM, field: Row) -> Row:
    return model.spec.hidden.units.mean(field.unsqueeze(0))[0]


def _newton(model: RBM, theta: Theta, observed: Row, hidden: Row, apart: Row) -> Row:
    """Return the step that solves the linearised equations: d answer / d phi = W^T C_v W C_h."""
    rows = rows_around(model, theta, observed)
    slope = (rows.T @ rows) * hidden_variance(model, hidden)
    return torch.linalg.solve(torch.eye(len(hidden), dtype=theta.dtype) - slope, apart)


def _nearer(model: RBM, theta: Theta, field: Row, step: Row, residual: float) -> Row:
    """Return the field after the first of the step, half of it, a quarter, ... that reduces the residual."""
    for _ in range(HALVINGS):
        new = field + step
        if float((_answer(model, theta, _hidden(model, new))[1] - new).abs().max()) < residual:
            return new
        step = step / 2
    return field + step
