"""Solutions of the mean-field equations of an RBM, from many starts at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shortrun.errors import DataError
from shortrun.landscape.expansion import Expansion
from shortrun.models import RBM, rows_at_once
from shortrun.settings import MeanFieldSettings, takes
from shortrun.typing import Theta

ROUNDING = 10  # epsilons of the number type: the largest change of a mean that roundings make
RELAX = 1.03  # growth factor of the step size of a row whose direction has not reversed


class MeanFields(NamedTuple):
    """The end points of the mean-field iteration of each row.

    Parameters
    ----------
    observed : Float[Tensor, "N F"]
        Mean features of all observed layers side by side.
    hidden : Float[Tensor, "N H"]
        Mean features of the hidden layer.
    converged : Bool[Tensor, " N"]
        Whether the last step was below the tolerance.
    residual : Float[Tensor, " N"]
        The largest change of a mean in the last step, without damping. Where convergence is slow, and each step is a
        fraction r of the previous one, the fixed point itself is residual / (1 - r) away.
    iterations : int
        Of the slowest row.
    """

    observed: Float[Tensor, "N F"]
    hidden: Float[Tensor, "N H"]
    converged: Bool[Tensor, " N"]
    residual: Float[Tensor, " N"]
    iterations: int


@takes(MeanFieldSettings)
def solve(
    model: RBM,
    theta: Theta,
    observed: Float[Tensor, "N F"],
    hidden: Float[Tensor, "N H"] | None = None,
    *,
    settings: MeanFieldSettings,
) -> MeanFields:
    """Return the solutions of the mean-field equations that are reached from rows of means.

    Hidden means move towards the right-hand side of their equations, then observed ones at the new hidden means:
    m <- m + (1 - rho) (target - m). rho starts at `damping`, and each row and side has its own: where a step points
    against the previous one (their product is negative), 1 - rho is halved; otherwise it grows by 3 % up to
    1 - `damping`. Rows that have converged leave the iteration, and no row depends on others.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    observed : Float[Tensor, "N F"]
        Mean features at the start, for instance those of samples.
    hidden : Float[Tensor, "N H"], optional
        Mean hidden features at the start; by default those given the observed ones, without corrections.

    Returns
    -------
    MeanFields
        Means of every row, and whether it converged.

    Raises
    ------
    ConfigError
        For settings out of range, or units without mean-field equations.
    DataError
        If the tables do not fit the machine.

    Examples
    --------
    Two Ising sites without fields and couplings have mean 0.

    >>> import torch
    >>> from shortrun.landscape import solve
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 2, Ising()), Layer("hidden", 1, Ising()))))
    >>> found = solve(model, torch.zeros(model.size()), torch.tensor([[1.0, -1.0]]), order=1)
    >>> found.observed.tolist(), found.converged.tolist()
    ([[0.0, 0.0]], [True])
    """
    expansion = Expansion(model, theta, settings.order)
    check_means(model, observed, hidden)
    if hidden is None:
        weight, _, hidden_bias = model.view(theta)
        hidden = model.spec.hidden.units.mean(torch.addmm(hidden_bias, observed, weight))
    at_once = rows_at_once(model, max(1, len(observed)))
    parts = [
        _solved(expansion, v, h, settings) for v, h in zip(observed.split(at_once), hidden.split(at_once), strict=True)
    ]
    observed, hidden, converged, residual = (torch.cat(tables) for tables in list(zip(*parts, strict=True))[:-1])
    return MeanFields(observed, hidden, converged, residual, max(part.iterations for part in parts))


def gamma(
    model: RBM,
    theta: Theta,
    observed: Float[Tensor, "N F"],
    hidden: Float[Tensor, "N H"],
    *,
    order: int = 2,
) -> Float[Tensor, " N"]:
    """Return the free energy Gamma at given means: stationary at solutions, where the lowest is about -ln Z.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    observed, hidden : Float[Tensor, "N F"] or Float[Tensor, "N H"]
        Mean features, a row each.
    order : int, default 2
        Order of the expansion: 1, 2 or 3.

    Returns
    -------
    Float[Tensor, " N"]
        Gamma of each row.

    Raises
    ------
    ConfigError
        For an order that is not 1, 2 or 3.
    DataError
        If the tables do not fit the machine.

    Examples
    --------
    Without fields and couplings it is exactly -ln Z: here the logarithm of 2^3 states.

    >>> import torch
    >>> from shortrun.landscape import gamma
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 2, Ising()), Layer("hidden", 1, Ising()))))
    >>> value = gamma(model, torch.zeros(model.size()), torch.zeros(1, 2), torch.zeros(1, 1)).item()
    >>> round(value / torch.tensor(2.0).log().item(), 6)
    -3.0
    """
    check_means(model, observed, hidden)
    return Expansion(model, theta, order).gamma(observed, hidden)


def check_means(model: RBM, observed: Tensor, hidden: Tensor | None) -> None:
    """Raise DataError unless tables of means have the machine's features as columns, and as many rows."""
    for name, table, width in zip(("observed", "hidden"), (observed, hidden), model.shape, strict=True):
        if table is not None and table.shape != (len(observed), width):
            raise DataError(f"{name}: means of {width} features in each of {len(observed)} rows expected, "
                            f"got {tuple(table.shape)}")  # fmt: skip


@dataclass
class Side:
    """The means of one side that are still iterated, (N, F), the last undamped step and the fraction taken of it."""

    mean: Tensor
    step: Tensor
    rate: Float[Tensor, "N 1"]

    @classmethod
    def at(cls, mean: Tensor, most: float) -> Side:
        """Return a side before its first step."""
        return cls(mean, torch.zeros_like(mean), mean.new_full((len(mean), 1), most))

    def towards(self, target: Tensor, most: float) -> Float[Tensor, " N"]:
        """Move towards the target, and return the largest change without damping."""
        step = target - self.mean
        # A first step of roundings alone (the start solves this side) has no direction to turn back from.
        real = self.step.abs().amax(1, keepdim=True) > ROUNDING * torch.finfo(step.dtype).eps
        back = real & ((step * self.step).sum(1, keepdim=True) < 0)
        self.rate = torch.where(back, self.rate / 2, (self.rate * RELAX).clamp(max=most))
        self.mean, self.step = torch.addcmul(self.mean, self.rate, step), step
        return step.abs().amax(1)

    def keep(self, rows: Bool[Tensor, " N"]) -> None:
        """Keep some of the rows."""
        self.mean, self.step, self.rate = self.mean[rows], self.step[rows], self.rate[rows]


def _solved(expansion: Expansion, observed: Tensor, hidden: Tensor, settings: MeanFieldSettings) -> MeanFields:
    """Return the solutions of some rows."""
    most = 1 - settings.damping  # the largest step size
    observed, hidden = observed.clone(), hidden.clone()
    residual, left, iterations = observed.new_zeros(len(observed)), torch.arange(len(observed)), 0
    visible, latent = Side.at(observed, most), Side.at(hidden, most)
    while len(left) and iterations < settings.max_iterations:
        iterations += 1
        moved = latent.towards(expansion.hidden_mean(expansion.sums(visible.mean), latent.mean), most)
        moved = torch.maximum(moved, visible.towards(expansion.observed_mean(visible.mean, latent.mean), most))
        going = ~(moved < settings.tolerance)  # also if it is NaN
        if iterations == settings.max_iterations or not going.all():
            observed[left], hidden[left], residual[left] = visible.mean, latent.mean, moved
            left = left[going]
            visible.keep(going)
            latent.keep(going)
    return MeanFields(observed, hidden, residual < settings.tolerance, residual, iterations)
