"""Where the nodes and leaves of a tree are drawn, and which category prevails below a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from shortrun.landscape import ROOT, Tree

Depth = Literal["age", "length"]
LEAF_GAP = 0.05  # share of the width between the largest age and the leaves


@dataclass(frozen=True)
class Layout:
    """Places of a tree: x from the root (0) to the leaves (1), y in units of leaves.

    Parameters
    ----------
    order : Int[ndarray, " N"]
        (N,) leaves from the first to the last.
    leaf_y, leaf_x : Float[ndarray, " N"]
        (N,) place of each leaf.
    node_y, node_x : Float[ndarray, " M"]
        (M,) place of each node.
    first, last : Int[ndarray, " M"]
        (M,) positions in `order` of the first and the last leaf below a node.
    """

    order: Int[np.ndarray, " N"]
    leaf_y: Float[np.ndarray, " N"]
    leaf_x: Float[np.ndarray, " N"]
    node_y: Float[np.ndarray, " M"]
    node_x: Float[np.ndarray, " M"]
    first: Int[np.ndarray, " M"]
    last: Int[np.ndarray, " M"]


def layout(tree: Tree, groups: Int[np.ndarray, " N"] | None = None, depth: Depth = "age") -> Layout:
    """Return where to draw a tree, larger branches first.

    Parameters
    ----------
    tree : Tree
        Tree to draw.
    groups : Int[ndarray, " N"], optional
        (N,) codes by which the leaves of one fixed point, whose order is free, are sorted.
    depth : Depth, default "age"
        What x is: the logarithm of the age, or the summed lengths of branches.
    """
    below = children(tree)
    order = [*_in_turn(tree, below, np.zeros(len(tree.leaves), int) if groups is None else groups)]
    leaf_y = np.empty(len(order))
    leaf_y[order] = np.arange(len(order))
    first, last = _extents(tree, leaf_y)
    node_x, leaf_x = _by_age(tree) if depth == "age" else _by_length(tree)
    return Layout(np.array(order), leaf_y, leaf_x, _heights(tree, below, first, last), node_x, first, last)


def children(tree: Tree) -> list[list[int]]:
    """Return the children of each node, larger ones first."""
    below: list[list[int]] = [[] for _ in range(len(tree))]
    for node in np.argsort(-tree.size, kind="stable").tolist():
        if tree.parent[node] != ROOT:
            below[tree.parent[node]].append(node)
    return below


def _in_turn(tree: Tree, below: list[list[int]], groups: np.ndarray):
    """Yield the leaves from top to bottom."""
    leaves: list[list[int]] = [[] for _ in range(len(tree))]
    for leaf in np.argsort(groups, kind="stable").tolist():
        leaves[tree.leaves[leaf]].append(leaf)
    stack = [len(tree) - 1]
    while stack:
        node = stack.pop()
        yield from leaves[node]
        stack += reversed(below[node])


def _extents(tree: Tree, leaf_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the first and the last leaf below each node."""
    first, last = np.full(len(tree), len(leaf_y)), np.full(len(tree), -1)
    np.minimum.at(first, tree.leaves, leaf_y.astype(int))
    np.maximum.at(last, tree.leaves, leaf_y.astype(int))
    for node in range(len(tree) - 1):
        parent = tree.parent[node]
        first[parent], last[parent] = min(first[parent], first[node]), max(last[parent], last[node])
    return first, last


def _heights(tree: Tree, below: list[list[int]], first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return y of each node: the middle of its branches, or of its leaves."""
    height = (first + last) / 2
    for node in range(len(tree)):
        if below[node]:
            height[node] = (height[below[node][0]] + height[below[node][-1]]) / 2
    return height


def _by_age(tree: Tree) -> tuple[np.ndarray, np.ndarray]:
    """Return x from the logarithm of the age; the leaves are slightly beyond the largest age."""
    low, high = age_limits(tree)
    spread = max(np.log10(high / low), 1e-9)
    x = (1 - LEAF_GAP) * np.log10(np.maximum(tree.age, low) / low) / spread
    return x, np.ones(len(tree.leaves))


def age_limits(tree: Tree) -> tuple[float, float]:
    """Return the ages at x = 0 and x = 1 - LEAF_GAP; a root that joins what never merged is left of all ages."""
    ages = tree.age[tree.age > 0]
    high, low = float(ages.max()), float(ages.min())
    low = low / 1.25 if tree.age[-1] <= 0 or low == high else low
    return low, high


def _by_length(tree: Tree) -> tuple[np.ndarray, np.ndarray]:
    """Return x by the summed lengths from the root on."""
    x = np.zeros(len(tree))
    for node in range(len(tree) - 2, -1, -1):
        x[node] = x[tree.parent[node]] + tree.length[node]
    leaves = x[tree.leaves] + tree.leaf_length
    return x / max(leaves.max(), 1e-12), leaves / max(leaves.max(), 1e-12)


def majority(counts: Int[np.ndarray, "M K"]) -> tuple[Int[np.ndarray, " M"], Float[np.ndarray, " M"]]:
    """Return the most frequent category below each node (-1 for none), and its share of the known ones."""
    totals = counts.sum(1)
    if counts.shape[1] == 0:
        return np.full(len(counts), -1), np.zeros(len(counts))
    best = counts.argmax(1)
    shares = counts[np.arange(len(counts)), best] / np.maximum(totals, 1)
    return np.where(totals > 0, best, -1), shares
