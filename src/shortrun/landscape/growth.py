"""Growth of a tree: fixed points of the oldest machine merge at younger ages (theory: DRS23)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from shortrun.errors import ConfigError, DataError
from shortrun.landscape.clusters import Points, check_eps, components, coordinates, distinct, representatives
from shortrun.landscape.mean_field import MeanFields, solve
from shortrun.landscape.tree import JOINED, ROOT, Level, Nodes, Stage, Tree
from shortrun.models import LABEL, RBM
from shortrun.models.ising_form import zero_means
from shortrun.typing import Field, State, Theta

EPS = 0.05  # distance per site below which fixed points are merged

Progress = Callable[[Stage], None]


def tree(
    machines: Iterable[tuple[int, Theta]],
    model: RBM,
    starts: Field,
    *,
    eps: float = EPS,
    order: int = 2,
    tolerance: float = 1e-4,
    max_iterations: int = 3000,
    damping: float = 0.0,
    progress: Progress | None = None,
) -> Tree:
    """Return the tree of samples: their fixed points at the oldest age, and how these merge at younger ones.

    At each age the mean-field equations are iterated from the fixed points of the age before. Those within `eps` of
    each other, or joined by a chain of such pairs, are merged and represented by the member nearest to their mean.
    The growth ends at one fixed point (theory: DRS23; the published code takes the first member, and DBSCAN with
    min_samples 1, which finds the same chains).

    Parameters
    ----------
    machines : Iterable[tuple[int, Theta]]
        (age, theta) from the oldest to the youngest, one at a time in memory.
    starts : Field
        (N, F) features of all observed layers, as `starts_of` makes them from samples.
    eps : float, default EPS
        Root mean square distance over the visible sites (`coordinates`), which does not depend on their number. The
        published code takes the distance over all sites together, where 0.1 per site is 0.1 sqrt(N_v).
    order, tolerance, max_iterations, damping : int or float, optional
        Of the mean-field iteration, see `solve`.
    progress : Progress, optional
        Called after each age.

    Raises
    ------
    ConfigError
        If eps is not positive, or ages do not decrease.
    DataError
        If there are no samples, or no ages.
    """
    check(eps, len(starts))
    growth = Growth(model, starts, eps)
    for age, theta in machines:
        if growth.stages and age >= growth.stages[-1].age:
            raise ConfigError("ages", f"from the oldest to the youngest expected, got {age} after the others")
        found = solve(
            model,
            theta,
            growth.observed.to(theta),
            None if growth.hidden is None else growth.hidden.to(theta),
            order=order,
            tolerance=tolerance,
            max_iterations=max_iterations,
            damping=damping,
        )
        growth.add(age, found)
        if progress is not None:
            progress(growth.stages[-1])
        if growth.stages[-1].clusters == 1:
            break
    return growth.tree()


def check(eps: float, samples: int) -> None:
    """Raise unless there are samples and a positive eps."""
    check_eps(eps)
    if samples == 0:
        raise DataError("no samples: a tree needs at least one")


def starts_of(model: RBM, visible: State) -> Field:
    """Return the starts of the mean fields of samples, (N, F): their features, and equal means of all classes.

    The labels of samples are not used, so that a tree can be compared with them.
    """
    values = iter(visible)
    parts = [
        torch.full((len(visible[0]), layer.width), 1 / layer.width)
        if layer.name == LABEL
        else layer.units.features(next(values))
        for layer in model.spec.observed
    ]
    return torch.cat(parts, 1)


@dataclass
class Node:
    """A node while the tree grows."""

    age: int
    size: int
    profile: Tensor
    residual: float = 0.0
    converged: bool = True
    parent: int = ROOT
    length: float = 0.0


@dataclass
class Growth:
    """A tree while it grows: its nodes, and one row for each node without a parent, which continues to the next age.

    Parameters
    ----------
    model : RBM
        The model of the fixed points.
    starts : Field
        (N, F) the starts of the samples.
    eps : float
        Distance per site below which fixed points are merged.
    """

    model: RBM
    starts: Field
    eps: float
    observed: Field = field(init=False)
    hidden: Tensor | None = None
    weights: np.ndarray = field(init=False)  # number of samples of each row
    leaves: Nodes = field(init=False)  # the row, then the node, of each sample
    live: list[int] = field(default_factory=list)  # the node of each row
    last: np.ndarray = field(init=False)  # coordinates of each row at the last level
    nodes: list[Node] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)

    def __post_init__(self):
        first, self.leaves = distinct(self.starts.cpu().numpy())
        self.observed = self.starts[torch.from_numpy(first).to(self.starts.device)]
        self.weights = np.bincount(self.leaves)

    def add(self, age: int, found: MeanFields) -> None:
        """Add the fixed points of an age: merge the rows that converged to the same one."""
        points = coordinates(self.model, found.observed)
        clusters = components(points, self.eps)
        chosen = representatives(points, clusters, self.weights)
        self.stages.append(stage_of(age, found, len(chosen)))
        weights = np.bincount(clusters, self.weights).astype(np.int64)
        if not self.nodes:
            self.live = [self._born(age, found, *each) for each in zip(chosen.tolist(), weights.tolist(), strict=True)]
            self.leaves = clusters[self.leaves]
        elif len(chosen) < len(clusters):
            self._merge(age, found, points, clusters, chosen, weights)
        if len(self.stages) == 1 or len(chosen) < len(clusters):
            self.levels.append(Level(age, len(chosen)))
            self.last = points[chosen]
        self.weights = weights
        rows = torch.from_numpy(chosen).to(found.observed.device)
        self.observed, self.hidden = found.observed[rows], found.hidden[rows]

    def _born(self, age: int, found: MeanFields, row: int, size: int) -> int:
        residual, converged = float(found.residual[row]), bool(found.converged[row])
        self.nodes.append(Node(age, size, found.observed[row].cpu(), residual, converged))
        return len(self.nodes) - 1

    def _merge(
        self, age: int, found: MeanFields, points: Points, clusters: Nodes, chosen: np.ndarray, weights: np.ndarray
    ) -> None:
        """Give merged rows a new parent, and add to every row its distance from the last level."""
        lengths = ((points[chosen][clusters] - self.last) ** 2).sum(1)
        for node, length in zip(self.live, lengths, strict=True):
            self.nodes[node].length += float(length)
        live: list[int] = []
        for cluster, row in enumerate(chosen.tolist()):
            members = np.flatnonzero(clusters == cluster)
            if len(members) == 1:
                live.append(self.live[members[0]])
                continue
            live.append(self._born(age, found, row, int(weights[cluster])))
            for member in members:
                self.nodes[self.live[member]].parent = live[-1]
        self.live = live

    def tree(self) -> Tree:
        """Return the grown tree; fixed points that have not merged are joined at the uniform profile.

        Raises
        ------
        DataError
            If there was no age.
        """
        if not self.nodes:
            raise DataError("no ages: a tree needs at least one")
        uniform = zero_means(self.model, self.starts[0])[0]  # the means of zero field
        away = ((self.last - coordinates(self.model, uniform[None])) ** 2).sum(1)
        for node, length in zip(self.live, away, strict=True):
            self.nodes[node].length += float(length)
        if len(self.live) > 1:
            for node in self.live:
                self.nodes[node].parent = len(self.nodes)
            self.nodes.append(Node(JOINED, len(self.leaves), uniform))
        return self._frozen([node.length for node in self.nodes])

    def _frozen(self, lengths: Sequence[float]) -> Tree:
        nodes = self.nodes
        return Tree(
            parent=np.array([node.parent for node in nodes]),
            age=np.array([node.age for node in nodes]),
            size=np.array([node.size for node in nodes]),
            length=np.array(lengths),
            profiles=torch.stack([node.profile.float() for node in nodes]),
            residual=np.array([node.residual for node in nodes]),
            converged=np.array([node.converged for node in nodes]),
            leaves=self.leaves,
            leaf_length=float(np.mean(lengths)),
            levels=tuple(self.levels),
            stages=tuple(self.stages),
            eps=self.eps,
        )


def stage_of(age: int, found: MeanFields, clusters: int) -> Stage:
    """Return the summary of an age."""
    missed, worst = int((~found.converged).sum()), float(found.residual.max())
    return Stage(age, len(found.converged), clusters, missed, worst, found.iterations)
