"""The tree of the data: leaves are samples, nodes are the fixed points that they share (theory: DRS23)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from sklearn.metrics import adjusted_rand_score
from torch import Tensor

from shortrun.phrases import counted
from shortrun.shown import ROWS, Shown

ROOT = -1  # the parent of the root
JOINED = 0  # the age of a root that is not a fixed point

Nodes = Int[np.ndarray, " N"]


class Stage(NamedTuple):
    """The result at one age: how many rows were iterated, how many clusters they form, and how well they converged."""

    age: int
    rows: int
    clusters: int
    unconverged: int
    residual: float
    iterations: int


class Level(NamedTuple):
    """An age at which fixed points merged, and the number that was left."""

    age: int
    clusters: int


@dataclass(frozen=True, eq=False, repr=False)
class Tree(Shown):
    """A tree whose leaves are the data and whose nodes are fixed points, each at the oldest age at which it exists.

    Nodes are numbered from the oldest age to the root, so that a parent comes after its children.

    Parameters
    ----------
    parent : Int[ndarray, " M"]
        (M,) of each node; -1 for the root, the last node.
    age : Int[ndarray, " M"]
        (M,) the oldest age (in updates) at which the data below a node shared one fixed point; 0 for a root that joins
        what never merged and is not a fixed point.
    size : Int[ndarray, " M"]
        (M,) the number of leaves below.
    length : Float[ndarray, " M"]
        (M,) of the branch to the parent: squared distances per site, summed over the levels in between; for the root,
        to the uniform profile.
    profiles : Float[Tensor, "M F"]
        (M, F) mean features of all observed layers, the fixed points.
    residual, converged : Float[ndarray, " M"] or Bool[ndarray, " M"]
        (M,) of the iteration that found each node.
    leaves : Nodes
        (N,) the node of each sample at the oldest age.
    leaf_length : float
        Of the branch of every leaf: the mean of the others.
    levels : tuple[Level, ...]
        From the oldest age to the root, the ages at which fixed points merged.
    stages : tuple[Stage, ...]
        One for every age used.
    eps : float
        Distance per site below which fixed points were merged.
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

    def said(self) -> tuple[str, str]:
        """Return its size, and into how many clusters it splits."""
        first = f"Tree of {counted(len(self.leaves), 'sample')}: {counted(len(self), 'node')}"
        clusters = ", ".join(f"{level.clusters:,} at age {level.age:,}" for level in reversed(self.levels))
        return first, f"  clusters: {clusters}"

    def first_rows(self) -> pd.DataFrame:
        """Return the nodes nearest to the root as a frame."""
        columns = {name: getattr(self, name) for name in ("parent", "age", "size", "length", "residual", "converged")}
        return pd.DataFrame(columns).rename_axis("node").iloc[: -ROWS - 1 : -1]

    @property
    def unconverged(self) -> int:
        """The number of rows that did not converge, over all ages."""
        return sum(stage.unconverged for stage in self.stages)

    def at(self, age: int) -> Nodes:
        """Return the node of each leaf at an age, (N,)."""
        node = self.leaves
        while True:
            above = self.parent[node]
            up = (above != ROOT) & (self.age[above] >= age)
            if not up.any():
                return node
            node = np.where(up, above, node)

    def level(self, clusters: int, smallest: float = 0.0) -> Nodes:
        """Return the node of each leaf, (N,), at the level whose number of clusters is nearest to `clusters`.

        Parameters
        ----------
        clusters : int
            The requested number.
        smallest : float, default 0.0
            Share of the leaves that a cluster must contain to be counted; leaves of smaller ones keep their nodes.
        """
        found = [self.at(level.age) for level in self.levels]
        counts = [int((np.unique(nodes, return_counts=True)[1] >= smallest * len(nodes)).sum()) for nodes in found]
        best = min(range(len(found)), key=lambda i: (abs(counts[i] - clusters), self.levels[i].clusters))
        return found[best]

    @property
    def lifetimes(self) -> list[float]:
        """How long the clusters of each level live, in decades of age: to the age at which they merge, or the first."""
        ages = [level.age for level in self.levels] + [min(stage.age for stage in self.stages)]
        return [math.log10(max(one, 1) / min(max(one, 1), max(next_, 1))) for one, next_ in itertools.pairwise(ages)]

    def agreement(self, labels: Int[np.ndarray, " N"], nodes: Nodes) -> float:
        """Return the adjusted Rand index of the clusters of a level with labels, over the leaves with a label (>= 0).

        It is 1 for equal partitions and 0 on average for unrelated ones; NaN if there are no labels.
        """
        known = labels >= 0
        return float(adjusted_rand_score(labels[known], nodes[known])) if known.any() else float("nan")

    def composition(self, labels: Int[np.ndarray, " N"], classes: int) -> Int[np.ndarray, "M K"]:
        """Return how many leaves of each class are below each node, (M, K), without the unlabelled ones (-1)."""
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
