"""A tree as one page to look around in: zoom, collapse, search; needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shortrun.landscape import Tree, node_names
from shortrun.landscape.tree_layout import age_limits, children, layout
from shortrun.pages import template
from shortrun.plots.tree_strips import OTHER, Strip

TEMPLATE = Path(__file__).with_name("tree.html")


def tree_page(found: Tree, names: Sequence[str], strips: Sequence[Strip] = (), *, title: str = "") -> str:
    """Return a tree as one HTML page that needs nothing else; the same tree gives the same bytes.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.
    """
    return template(TEMPLATE).render(title=title or "tree", found=found, data=of_page(found, names, strips))


def of_page(found: Tree, names: Sequence[str], strips: Sequence[Strip]) -> dict[str, Any]:
    """Return what the page draws, as it goes into its script."""
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
        "strips": [of_strip(strip) for strip in strips],
    }


def of_strip(strip: Strip) -> dict[str, Any]:
    """Return a column: its legend, and for each leaf its place there or its number, with its colour."""
    legend = [list(entry) for entry in strip.legend()]
    if strip.numeric:
        values = [None if value != value else float(f"{value:.6g}") for value in strip.values.tolist()]
        return {"name": strip.name, "numeric": True, "legend": legend, "values": values, "colours": strip.colours()}
    shown = strip.values.tolist() if OTHER in strip.categories else []
    return {"name": strip.name, "numeric": False, "legend": legend, "codes": strip.codes().tolist(), "values": shown}
