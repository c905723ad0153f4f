"""The tree of the data: fixed points of an old machine merge as one goes back to younger ones (theory: DRS23)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from sklearn.metrics import adjusted_rand_score
from torch import Tensor

from shortrun.errors import ConfigError, DataError
from shortrun.landscape.clusters import Points, components, coordinates, distinct, representatives, uniform_profile
from shortrun.landscape.mean_field import MeanFields, solve
from shortrun.models import LABEL, RBM
from shortrun.typing import Field, State, Theta

EPS = 0.05  # a site: fixed points closer than this are one
ROOT = -1  # the parent of the root
JOINED = 0  # the age of a root that is no fixed point

Nodes = Int[np.ndarray, " N"]
Progress = Callable[["Stage"], None]


class Stage(NamedTuple):
    """What was found at one age: how many rows were iterated, what they came to, and how well."""

    age: int
    rows: int
    clusters: int
    unconverged: int
    residual: float
    iterations: int


class Level(NamedTuple):
    """An age at which fixed points merged, and how many were left."""

    age: int
    clusters: int


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree whose leaves are the data and whose nodes are fixed points, each at the oldest age at which it is one.

    Nodes are numbered from the oldest age to the root, so that a parent comes after its children.

    Parameters
    ----------
    parent : (M,) of each node, -1 of the root, the last one
    age : (M,) updates at which the data below a node were found in one fixed point, from the oldest age on; 0 of a root
        that joins what never merged and is no fixed point
    size : (M,) leaves below
    length : (M,) of the branch to the parent: squared distances a site, summed over the levels on the way; of the root
        to the uniform profile
    profiles : (M, F) mean features of all observed layers, the fixed points
    residual, converged : (M,) of the iteration that found it
    leaves : (N,) the node at the oldest age that each sample belongs to
    leaf_length : of the branch of every leaf: the mean of the others
    levels : from the oldest age to the root, those at which something merged
    stages : every age that was looked at
    eps : distance a site under which fixed points were one
    """

    parent: Int[np.ndarray, " M"]
    age: Int[np.ndarray, " M"]
    size: Int[np.ndarray, " M"]
    length: Float[np.ndarray, " M"]
    profiles: Float[Tensor, "M F"]
    residual: Float[np.ndarray, " M"]
    converged: Bool[np.ndarray, " M"]
    leaves: Nodes
    leaf_length: float
    levels: tuple[Level, ...]
    stages: tuple[Stage, ...]
    eps: float

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.parent)

    @property
    def unconverged(self) -> int:
        """Rows that the iteration left before they were fixed points, over all ages."""
        return sum(stage.unconverged for stage in self.stages)

    def at(self, age: int) -> Nodes:
        """Return the node that each leaf belongs to at an age, (N,)."""
        node = self.leaves
        while True:
            above = self.parent[node]
            up = (above != ROOT) & (self.age[above] >= age)
            if not up.any():
                return node
            node = np.where(up, above, node)

    def level(self, clusters: int, smallest: float = 0.0) -> Nodes:
        """Return the node of each leaf, (N,), at the level with that many clusters, or the nearest number to it.

        Parameters
        ----------
        clusters : how many are wanted
        smallest : share of the leaves that a cluster must hold to be counted; those of smaller ones keep their nodes
        """
        found = [self.at(level.age) for level in self.levels]
        counts = [int((np.unique(nodes, return_counts=True)[1] >= smallest * len(nodes)).sum()) for nodes in found]
        best = min(range(len(found)), key=lambda i: (abs(counts[i] - clusters), self.levels[i].clusters))
        return found[best]

    def agreement(self, labels: Int[np.ndarray, " N"], nodes: Nodes) -> float:
        """Return the adjusted Rand index of the clusters of a level with labels, over the leaves that have one (>= 0).

        It is 1 for equal partitions and 0 in the mean for unrelated ones; NaN where there are no labels.
        """
        known = labels >= 0
        return float(adjusted_rand_score(labels[known], nodes[known])) if known.any() else float("nan")

    def composition(self, labels: Int[np.ndarray, " N"], classes: int) -> Int[np.ndarray, "M K"]:
        """Return how many leaves of each class are below each node, (M, K); those without a label (-1) do not count."""
        counts = np.zeros((len(self), classes), np.int64)
        np.add.at(counts, (self.leaves[labels >= 0], labels[labels >= 0]), 1)
        for node in range(len(self) - 1):  # children come before their parents
            counts[self.parent[node]] += counts[node]
        return counts

    def paths(self) -> Iterator[list[int]]:
        """Yield the nodes of each leaf from the oldest age to the root."""
        for node in self.leaves.tolist():
            path = [node]
            while (node := int(self.parent[node])) != ROOT:
                path.append(node)
            yield path


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

    At each age the mean-field equations are iterated from the fixed points of the age before; those within `eps` of
    each other, or joined by a chain of such, become one, which the member nearest to their mean stands for. It ends
    when one is left (theory: DRS23; the published code takes the first member, and DBSCAN with min_samples 1, which
    finds these same chains).

    Parameters
    ----------
    machines : (age, theta) from the oldest to the youngest, one at a time in memory
    starts : (N, F) features of all observed layers, as `starts_of` makes them from samples
    eps : distance, root mean square over the visible sites (`coordinates`): it does not depend on their number.
        The published code measures over all sites together, where 0.1 a site is 0.1 sqrt(N_v)
    order, tolerance, max_iterations, damping : of the mean-field iteration, see `solve`
    progress : called after each age

    Raises
    ------
    ConfigError : if eps is not positive, or ages do not fall
    DataError : if there are no samples, or no ages
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
    """Raise if there is nothing to make a tree of."""
    if not eps > 0:
        raise ConfigError("eps", f"a positive distance a site expected, got {eps:g}")
    if samples == 0:
        raise DataError("no samples: a tree needs at least one")


def starts_of(model: RBM, visible: State) -> Field:
    """Return where the mean fields of samples start, (N, F): their features, and every class alike where there are any.

    Labels of samples are not looked at, so that a tree can be compared with them.
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
    """A tree while it grows: nodes so far, and the rows that go on to the next age, one for each that has no parent.

    Parameters
    ----------
    model : whose fixed points they are
    starts : (N, F) where the samples start
    eps : distance a site under which fixed points are one
    """

    model: RBM
    starts: Field
    eps: float
    observed: Field = field(init=False)
    hidden: Tensor | None = None
    weights: np.ndarray = field(init=False)  # samples behind each row
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
        """Take up what an age found: join the rows that came to one fixed point."""
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
        """Give rows that have become one a new parent, and every row the length of its way from the last level."""
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
        """Return the grown tree; what has not merged is joined at the uniform profile.

        Raises
        ------
        DataError : if there was no age
        """
        if not self.nodes:
            raise DataError("no ages: a tree needs at least one")
        uniform = uniform_profile(self.model)
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
    """Return what an age found, in numbers."""
    missed, worst = int((~found.converged).sum()), float(found.residual.max())
    return Stage(age, len(found.converged), clusters, missed, worst, found.iterations)
