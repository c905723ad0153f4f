"""The distinct mean-field fixed points of many starts: their number, depth, stability and basins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from shortrun.errors import DataError
from shortrun.landscape.clusters import components, coordinates
from shortrun.landscape.mean_field import gamma, solve
from shortrun.landscape.stability import stability
from shortrun.models import RBM
from shortrun.settings import SearchSettings, takes
from shortrun.typing import Field, Theta

LEFT = -1  # instead of the index of a fixed point, for a start that did not converge


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


@takes(SearchSettings)
def fixed_points(model: RBM, theta: Theta, starts: Field, *, settings: SearchSettings) -> FixedPoints:
    """Return the distinct fixed points of starts; those within `eps`, or joined by a chain of such pairs, are merged.

    Distances are root mean squares over the visible sites, so that they do not depend on their number; two different
    values of a site are at distance 1.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    starts : Field
        (N, F) mean features of the observed layers.

    Returns
    -------
    FixedPoints
        That of the largest basin first.

    Raises
    ------
    ConfigError
        For settings out of range.
    DataError
        If there are no starts, or they do not fit the machine.

    Examples
    --------
    A ferromagnet has two fixed points, up and down.

    >>> import torch
    >>> from shortrun.landscape import fixed_points
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 4, Ising()), Layer("hidden", 4, Ising()))))
    >>> theta = torch.cat([torch.full((16,), 0.5), torch.zeros(8)])
    >>> found = fixed_points(model, theta, torch.tensor([[1.0] * 4, [-1.0] * 4, [0.5] * 4]))
    >>> found.basin.tolist(), found.which.tolist()
    ([2, 1], [0, 1, 0])
    """
    if len(starts) == 0:
        raise DataError("no starts: at least one is needed to find fixed points")
    found = solve(model, theta, starts, settings=settings)
    which = _grouped(coordinates(model, found.observed), found.converged.cpu().numpy(), settings.eps)
    residual = found.residual.cpu().numpy()
    basin = np.bincount(which[which != LEFT])
    rows = torch.tensor([_best(which, residual, number) for number in range(len(basin))], dtype=torch.int64)
    observed, hidden = found.observed[rows], found.hidden[rows]
    return FixedPoints(
        observed=observed,
        hidden=hidden,
        basin=basin,
        gamma=gamma(model, theta, observed, hidden, order=settings.order).cpu().numpy(),
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
