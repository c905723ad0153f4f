"""Trees as text for other programs: Newick, with every name quoted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shortrun.errors import printable
from shortrun.landscape.tree import ROOT, Tree


def newick(tree: Tree, names: Sequence[str]) -> str:
    r"""Return the tree in Newick, with the names of leaves and nodes and the lengths of branches.

    Names are quoted, and a quote within a name is doubled; all names are distinct (`leaf_names`, `node_names`).

    Parameters
    ----------
    tree : Tree
        The tree.
    names : Sequence[str]
        A name for each leaf.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> import torch
    >>> from shortrun.landscape import newick, tree
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 4, Ising()), Layer("hidden", 4, Ising()))))
    >>> found = tree([(1, torch.zeros(model.size()))], model, torch.tensor([[1.0] * 4, [-1.0] * 4]))
    >>> newick(found, ["up", "down"])
    "('up':0,'down':0)'n1':0;\n"
    """
    labels = node_names(len(tree), names)
    below: list[list[str]] = [[] for _ in range(len(tree))]
    for name, node in zip(names, tree.leaves, strict=True):
        below[node].append(f"{quoted(name)}:{tree.leaf_length:.9g}")
    for node, parent in enumerate(tree.parent):  # children come before their parents
        text = f"({','.join(below[node])}){quoted(labels[node])}:{tree.length[node]:.9g}"
        below[node] = []
        if parent == ROOT:
            return f"{text};\n"
        below[parent].append(text)
    raise AssertionError("a tree has a root")


def quoted(name: str) -> str:
    """Return a name in quotes, with quotes within it doubled."""
    return "'" + name.replace("'", "''") + "'"


def leaf_names(names: Iterable[str]) -> list[str]:
    """Return distinct names for a tree: "a (2)" for the second "a", without line breaks and control characters.

    Parameters
    ----------
    names : Iterable[str]
        Names of samples.

    Returns
    -------
    list[str]
        A name for each.

    Examples
    --------
    >>> from shortrun.landscape import leaf_names
    >>> leaf_names(["a", "a", ""])
    ['a', 'a (2)', 'unnamed']
    """
    seen: set[str] = set()
    found = []
    for name in names:
        plain = printable(" ".join(str(name).split())) or "unnamed"
        unique, count = plain, 1
        while unique in seen:
            count += 1
            unique = f"{plain} ({count})"
        seen.add(unique)
        found.append(unique)
    return found


def node_names(count: int, taken: Iterable[str]) -> list[str]:
    """Return n1, n2, ... for the nodes, with leading underscores where leaves have these names.

    Parameters
    ----------
    count : int
        Number of nodes.
    taken : Iterable[str]
        Names of the leaves.

    Returns
    -------
    list[str]
        A name for each node.

    Examples
    --------
    >>> from shortrun.landscape import node_names
    >>> node_names(2, ["n1", "x"])
    ['_n1', '_n2']
    """
    leaves, prefix = set(taken), "n"
    while any(f"{prefix}{i}" in leaves for i in range(1, count + 1)):
        prefix = "_" + prefix
    return [f"{prefix}{i}" for i in range(1, count + 1)]
