"""Annotation files for iTOL (itol.embl.de): strips, scales of numbers, colours of clades."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from shortrun.errors import printable
from shortrun.landscape import ROOT, Tree, node_names
from shortrun.landscape.tree_layout import majority
from shortrun.plots.figure import palette
from shortrun.plots.tree_strips import Strip, hexadecimal

PURE = 0.9  # share of one category above which a clade has its colour


def itol(tree: Tree, names: Sequence[str], strips: Sequence[Strip]) -> dict[str, str]:
    """Return the annotation files of iTOL by name, to drop on the tree in a browser.

    Each column is a strip or a scale. A column of categories has a second file that colours clades, as branches and as
    ranges, in which 90 % of the known leaves share a category.

    Parameters
    ----------
    tree : Tree
        Tree of the Newick file (`newick`).
    names : Sequence[str]
        Names of the leaves.
    strips : Sequence[Strip]
        Annotations of the leaves.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from shortrun.landscape.tree import Level
    >>> found = Tree(
    ...     parent=np.array([2, 2, -1]), age=np.array([100, 100, 10]), size=np.array([2, 1, 3]),
    ...     length=np.array([0.2, 0.3, 0.1]), profiles=torch.zeros(3, 4),
    ...     residual=np.zeros(3), converged=np.ones(3, bool), leaves=np.array([0, 0, 1]), leaf_length=0.1,
    ...     levels=(Level(100, 2), Level(10, 1)), stages=(), eps=0.1,
    ... )
    >>> strip = Strip("kind", np.array(["x", "x", "y"]))
    >>> sorted(itol(found, ["a", "b", "c"], [strip]))
    ['itol_kind.txt', 'itol_kind_clades.txt']
    """
    files: dict[str, str] = {}
    for strip in strips:
        stem = _unused(re.sub(r"[^A-Za-z0-9]+", "_", strip.name).strip("_") or "column", files)
        if strip.numeric:
            files[f"itol_{stem}.txt"] = gradient(strip, names)
            continue
        files[f"itol_{stem}.txt"] = colour_strip(strip, names)
        files[f"itol_{stem}_clades.txt"] = clades(tree, names, strip)
    return files


def _unused(stem: str, files: dict[str, str]) -> str:
    found, count = stem, 1
    while f"itol_{found}.txt" in files:
        count += 1
        found = f"{stem}_{count}"
    return found


def text_of(kind: str, settings: Mapping[str, Sequence[str]], rows: Iterator[Sequence[str]]) -> str:
    """Return a file: kind, settings and data, separated by tabs."""
    lines = [kind, "SEPARATOR TAB", *("\t".join([key, *map(clean, values)]) for key, values in settings.items())]
    return "\n".join([*lines, "DATA", *("\t".join(map(clean, row)) for row in rows)]) + "\n"


def clean(text: str) -> str:
    """Return a text without tabs and line breaks, which separate fields, and without control characters."""
    return printable(" ".join(text.split()))


def colour_strip(strip: Strip, names: Sequence[str]) -> str:
    """Return a strip of colours with its legend."""
    rows = zip(names, strip.colours(), strip.values.tolist(), strict=True)
    colour = palette(1)[0]
    settings = {"DATASET_LABEL": [strip.name], "COLOR": [colour], **legend(strip), "STRIP_WIDTH": ["30"]}
    return text_of("DATASET_COLORSTRIP", settings, (row for row in rows if row[2]))


def legend(strip: Strip) -> dict[str, Sequence[str]]:
    """Return the legend of a strip: a square for each category."""
    known = zip(strip.categories, strip.shades(), strict=True)
    labels, colours = zip(*known, strict=True) if strip.categories else ((), ())
    return {
        "LEGEND_TITLE": [strip.name],
        "LEGEND_SHAPES": ["1"] * len(labels),
        "LEGEND_COLORS": colours,
        "LEGEND_LABELS": labels,
    }


def gradient(strip: Strip, names: Sequence[str]) -> str:
    """Return a scale of numbers."""
    low, high = hexadecimal(0.0), hexadecimal(1.0)
    settings = {"DATASET_LABEL": [strip.name], "COLOR": [high], "COLOR_MIN": [low], "COLOR_MAX": [high]}
    known = ((name, f"{value:.9g}") for name, value in zip(names, strip.values, strict=True) if value == value)
    return text_of("DATASET_GRADIENT", settings, known)


def clades(tree: Tree, names: Sequence[str], strip: Strip) -> str:
    """Return colours of branches and ranges for the largest clades with one category in 90 % of the known leaves."""
    labels = node_names(len(tree), names)
    best, share = majority(tree.composition(strip.codes(), len(strip.categories)))
    colours = strip.shades()

    def rows() -> Iterator[Sequence[str]]:
        inside = [False] * len(tree)
        for node in range(len(tree) - 1, -1, -1):  # a parent before its children
            parent = tree.parent[node]
            inside[node] = bool(best[node] >= 0 and share[node] >= PURE)
            if not inside[node] or (parent != ROOT and inside[parent] and best[parent] == best[node]):
                continue
            category, colour = strip.categories[best[node]], colours[best[node]]
            yield labels[node], "clade", colour, "normal", "2"
            yield labels[node], "range", colour, category

    return text_of("TREE_COLORS", {}, rows())
