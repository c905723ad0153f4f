"""A tree as one HTML page to explore: zoom, collapse, search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import printable
from shortrun.landscape import Tree, leaf_names, node_names
from shortrun.landscape.tree_layout import age_limits, children, layout
from shortrun.pages import template
from shortrun.plots.tree_strips import OTHER, Strip, of_classes

TEMPLATE = Path(__file__).with_name("tree.html")


def tree_page(tree: Tree, data: Dataset, *, title: str = "") -> str:
    """Return a tree of samples, with their classes, as one self-contained HTML page to explore.

    Parameters
    ----------
    tree : Tree
        Tree of the samples.
    data : Dataset
        The samples, in the order of the leaves.
    title : str, default ""
        Title of the page.

    Returns
    -------
    str
        The page; the same tree gives the same bytes.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.

    Examples
    --------
    >>> import torch
    >>> from shortrun.landscape.tree import Level
    >>> tree = Tree(
    ...     parent=np.array([2, 2, -1]), age=np.array([100, 100, 10]), size=np.array([2, 1, 3]),
    ...     length=np.array([0.2, 0.3, 0.1]), profiles=torch.zeros(3, 4),
    ...     residual=np.zeros(3), converged=np.ones(3, bool), leaves=np.array([0, 0, 1]), leaf_length=0.1,
    ...     levels=(Level(100, 2), Level(10, 1)), stages=(), eps=0.1,
    ... )
    >>> page = tree_page(tree, Dataset.from_arrays([[0, 1, 1, 0], [0, 1, 1, 1], [1, 0, 0, 1]]), title="three")
    >>> "<title>three: tree</title>" in page
    True
    """
    return render_tree(tree, leaf_names(data.names.tolist()), strips_of(data, {}), title=title)


def strips_of(data: Dataset, annotations: Mapping[str, np.ndarray]) -> list[Strip]:
    """Return the annotations of the leaves: their classes first, then further columns."""
    classes = [of_classes("label", data.labels, data.classes)] if data.classes else []
    labels = classes[0].values if classes else None
    others = {name: values for name, values in annotations.items() if labels is None or not same(values, labels)}
    return [*classes, *(Strip(name, values) for name, values in others.items())]


def same(values: np.ndarray, labels: np.ndarray) -> bool:
    """Return whether a column says of every leaf what its label says, so that it needs no strip of its own."""
    texts = [f"{it:g}" if it == it else "" for it in values.tolist()] if values.dtype.kind == "f" else values
    return bool(np.array_equal(np.asarray(texts, str), labels))


def render_tree(found: Tree, names: Sequence[str], strips: Sequence[Strip] = (), *, title: str = "") -> str:
    """Return a tree as one HTML page; the same tree gives the same bytes.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.
    """
    return template(TEMPLATE).render(title=title or "tree", found=found, data=page_data(found, names, strips))


def page_data(found: Tree, names: Sequence[str], strips: Sequence[Strip]) -> dict[str, Any]:
    """Return what the script of the page draws."""
    first = next((strip for strip in strips if not strip.numeric), None)
    by_age = layout(found, None if first is None else first.codes())
    by_length = layout(found, depth="length")
    rounded = {
        "age": (by_age.node_x, by_age.leaf_x),
        "length": (by_length.node_x, by_length.leaf_x),
    }
    return {
        "nodes": node_names(len(found), names),
        "parent": found.parent.tolist(),
        "age": found.age.tolist(),
        "size": found.size.tolist(),
        "length": [float(f"{length:.4g}") for length in found.length],
        "children": children(found),
        "order": by_age.order.tolist(),
        "leaves": found.leaves.tolist(),
        "names": list(names),
        "x": {
            name: [of_nodes.round(5).tolist(), of_leaves.round(5).tolist()]
            for name, (of_nodes, of_leaves) in rounded.items()
        },
        "limits": age_limits(found),
        "strips": [strip_data(strip) for strip in strips],
    }


def strip_data(strip: Strip) -> dict[str, Any]:
    """Return a column: its legend, and for each leaf its position there or its number, with its colour."""
    name, legend = printable(strip.name), [[printable(category), colour] for category, colour in strip.legend()]
    if strip.numeric:
        values = [None if value != value else float(f"{value:.6g}") for value in strip.values.tolist()]
        return {"name": name, "numeric": True, "legend": legend, "values": values, "colours": strip.colours()}
    texts = [printable(text) for text in strip.values.tolist()] if OTHER in strip.categories else []
    return {"name": name, "numeric": False, "legend": legend, "codes": strip.codes().tolist(), "values": texts}
