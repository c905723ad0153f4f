"""The distinct mean-field fixed points of many starts: their number, depth, stability and basins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from shortrun.errors import DataError
from shortrun.landscape.clusters import check_eps, components, coordinates
from shortrun.landscape.expansion import Expansion
from shortrun.landscape.growth import EPS
from shortrun.landscape.mean_field import solve
from shortrun.landscape.stability import stability
from shortrun.models import RBM
from shortrun.typing import Field, Theta

LEFT = -1  # in place of the index of a fixed point, for a start that did not converge


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """The D fixed points of N starts, in order of decreasing basin.

    Parameters
    ----------
    observed, hidden : Float[Tensor, "D F"] or Float[Tensor, "D H"]
        Mean features (D, F) and (D, H), of the member with the smallest residual.
    basin : Int[ndarray, " D"]
        Number of starts that converged to each.
    gamma : Float[ndarray, " D"]
        The free energies; the lowest is about -ln Z, and differences are about those of logarithms of weights.
    stability : Float[ndarray, " D"]
        See `stability`.
    residual : Float[ndarray, " D"]
        Of the iteration of this member.
    which : Int[ndarray, " N"]
        The fixed point of each start, -1 where the iteration did not converge.
    start_residual : Float[ndarray, " N"]
        Of the iteration of each start.
    iterations : int
        Of the slowest start.
    """

    observed: Float[Tensor, "D F"]
    hidden: Float[Tensor, "D H"]
    basin: Int[np.ndarray, " D"]
    gamma: Float[np.ndarray, " D"]
    stability: Float[np.ndarray, " D"]
    residual: Float[np.ndarray, " D"]
    which: Int[np.ndarray, " N"]
    start_residual: Float[np.ndarray, " N"]
    iterations: int

    def __len__(self) -> int:
        """Return the number of fixed points."""
        return len(self.basin)

    @property
    def unconverged(self) -> int:
        """The number of starts that did not converge."""
        return int((self.which == LEFT).sum())

    def composition(self, labels: Int[np.ndarray, " N"], classes: int) -> Int[np.ndarray, "D K"]:
        """Return the number of starts of each class in each basin; starts without a label (-1) do not count."""
        counted = (self.which != LEFT) & (labels >= 0)
        counts = np.zeros((len(self), classes), np.int64)
        np.add.at(counts, (self.which[counted], labels[counted]), 1)
        return counts


def fixed_points(
    model: RBM,
    theta: Theta,
    starts: Field,
    *,
    order: int = 2,
    eps: float = EPS,
    tolerance: float = 1e-5,
    max_iterations: int = 3000,
    damping: float = 0.0,
) -> FixedPoints:
    """Return the distinct fixed points of starts; those within eps, or joined by a chain of such pairs, are merged.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    starts : Field
        (N, F) mean features of the observed layers.
    order, tolerance, max_iterations, damping : int or float, optional
        Of the iteration, see `solve`.
    eps : float, default EPS
        Root mean square distance over the visible sites, which does not depend on their number. Two different values of
        a site are at distance 1.

    Raises
    ------
    ConfigError
        For settings out of range.
    DataError
        If there are no starts, or they do not fit the machine.
    """
    check_eps(eps)
    if len(starts) == 0:
        raise DataError("no starts: at least one is needed to find fixed points")
    found = solve(
        model, theta, starts, order=order, tolerance=tolerance, max_iterations=max_iterations, damping=damping
    )
    which = _grouped(coordinates(model, found.observed), found.converged.cpu().numpy(), eps)
    residual = found.residual.cpu().numpy()
    basin = np.bincount(which[which != LEFT])
    rows = torch.tensor([_best(which, residual, number) for number in range(len(basin))], dtype=torch.int64)
    observed, hidden = found.observed[rows], found.hidden[rows]
    return FixedPoints(
        observed=observed,
        hidden=hidden,
        basin=basin,
        gamma=Expansion(model, theta, order).gamma(observed, hidden).cpu().numpy(),
        stability=stability(model, theta, observed, hidden).cpu().numpy(),
        residual=residual[rows.numpy()],
        which=which,
        start_residual=residual,
        iterations=found.iterations,
    )


def _grouped(points: Float[np.ndarray, "N D"], converged: Bool[np.ndarray, " N"], eps: float) -> Int[np.ndarray, " N"]:
    """Return the fixed point of each row, numbered by decreasing size; -1 for rows that did not converge."""
    which = np.full(len(points), LEFT)
    if converged.any():
        group = components(points[converged], eps)
        which[converged] = np.argsort(np.argsort(-np.bincount(group), kind="stable"))[group]
    return which


def _best(which: Int[np.ndarray, " N"], residual: Float[np.ndarray, " N"], number: int) -> int:
    """Return the representative start of a fixed point: the smallest residual, in a tie the first."""
    members = np.flatnonzero(which == number)
    return int(members[residual[members].argmin()])
