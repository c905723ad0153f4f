"""The folder of a tree: Newick, tables, files for iTOL, fixed points, figures, and a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from shortrun import plots
from shortrun.cells import texts
from shortrun.data import Dataset
from shortrun.errors import StoreError
from shortrun.files import atomic_folder, check_new, check_ours, check_place
from shortrun.landscape import Tree, leaf_names, newick, node_names
from shortrun.landscape.tree_layout import majority
from shortrun.models import RBM
from shortrun.settings import TreeFolderSettings, takes
from shortrun.store import Trajectory
from shortrun.tree_page.itol import itol
from shortrun.tree_page.page import render_tree, strips_of

NEWICK, NODES, MEMBERS, POINTS = "tree.nwk", "nodes.csv", "members.csv", "nodes.npz"
STRAIGHT, CIRCULAR, PAGE = "tree.png", "circular.png", "tree.html"
FILES, STRIPS = {NEWICK, NODES, MEMBERS, POINTS, STRAIGHT, CIRCULAR, PAGE}, "itol_*.txt"


@takes(TreeFolderSettings)
def write_tree(
    tree: Tree,
    run: Trajectory,
    data: Dataset,
    folder: Path | str,
    *,
    annotations: Mapping[str, np.ndarray] | None = None,
    title: str = "",
    settings: TreeFolderSettings,
) -> None:
    """Write a tree into a new folder, completely or not at all.

    The files are tree.nwk (Newick), nodes.csv, members.csv, nodes.npz (fixed points), itol_*.txt, tree.png,
    circular.png and tree.html.

    Parameters
    ----------
    tree : Tree
        Tree of the samples.
    run : Trajectory
        Run that it was made from.
    data : Dataset
        The samples, in the order of the leaves.
    folder : Path or str
        Folder to make.
    annotations : Mapping[str, ndarray], optional
        Further columns, (N,) texts or numbers each (`data.annotations.read_annotations`).
    title : str, default ""
        Title of the figures and of the page.

    Raises
    ------
    StoreError
        If the folder is not empty, or cannot be written.
    MissingExtraError
        If matplotlib or jinja2 is not installed.

    Examples
    --------
    >>> import shortrun as sr
    >>> import torch
    >>> from shortrun.landscape.tree import Level
    >>> tree = Tree(
    ...     parent=np.array([2, 2, -1]), age=np.array([100, 100, 10]), size=np.array([2, 1, 3]),
    ...     length=np.array([0.2, 0.3, 0.1]), profiles=torch.zeros(3, 4),
    ...     residual=np.zeros(3), converged=np.ones(3, bool), leaves=np.array([0, 0, 1]), leaf_length=0.1,
    ...     levels=(Level(100, 2), Level(10, 1)), stages=(), eps=0.1,
    ... )
    >>> data = sr.Dataset.from_arrays([[0, 1, 1, 0], [0, 1, 1, 1], [1, 0, 0, 1]])
    >>> run = sr.fit(data, scheme=sr.rdm(1), out="run", hidden=2, updates=2, batch=3)
    >>> write_tree(tree, run, data, "tree")
    >>> (Path("tree") / "tree.nwk").is_file()
    True
    """
    model, names = cast("RBM", run.model), leaf_names(data.names.tolist())
    strips = strips_of(data, annotations or {})
    folder = Path(folder)
    check_folder(folder, settings.overwrite)
    with atomic_folder(folder, replace=is_tree(folder)) as out:
        (out / NEWICK).write_text(newick(tree, names), encoding="utf-8")
        texts(nodes_table(tree, data, names)).to_csv(out / NODES, index=False, float_format="%.9g")
        texts(members_table(tree, data, names, settings.clusters)).to_csv(out / MEMBERS, index=False)
        np.savez_compressed(out / POINTS, allow_pickle=False, **fixed_points(tree, model, names))
        for name, text in itol(tree, names, strips).items():
            (out / name).write_text(text, encoding="utf-8")
        for name, circular in ((STRAIGHT, False), (CIRCULAR, True)):
            figure = plots.tree(tree, names, strips, circular=circular, depth=settings.depth, title=title)
            plots.save(figure, out / name)
        (out / PAGE).write_text(render_tree(tree, names, strips, title=title), encoding="utf-8")


def nodes_table(tree: Tree, data: Dataset, names: list[str]) -> pd.DataFrame:
    """Return a row for each node: its parent, age, size, branch, classes below, and the residual of its iteration."""
    labels = np.array([*node_names(len(tree), names), ""])
    counts = tree.composition(data.labels, len(data.classes))
    best, share = majority(counts)
    columns = {
        "node": labels[:-1],
        "parent": labels[tree.parent],  # that of the root, -1, picks the last: ""
        "age": tree.age,
        "size": tree.size,
        "length": tree.length,
        "majority": np.array([*data.classes, ""])[best] if data.classes else "",
        "share": np.where(best >= 0, share, np.nan),
        "residual": tree.residual,
        "converged": tree.converged,
    }
    return pd.DataFrame(columns | {f"label:{name}": counts[:, i] for i, name in enumerate(data.classes)})


def members_table(tree: Tree, data: Dataset, names: list[str], clusters: int | None) -> pd.DataFrame:
    """Return a row for each leaf: its class, fixed point, cluster at one level, and path to the root."""
    labels = np.array(node_names(len(tree), names))
    columns = {
        "name": names,
        "label": np.array([*data.classes, ""])[data.labels] if data.classes else "",
        "node": labels[tree.leaves],
        "cluster": labels[tree.level(cluster_count(data, clusters))],
        "path": [" ".join(labels[path]) for path in tree.paths()],
    }
    return pd.DataFrame(columns)


def cluster_count(data: Dataset, clusters: int | None) -> int:
    """Return the number of clusters to cut a tree into, by default the number of classes, or 5 without classes.

    Examples
    --------
    >>> cluster_count(Dataset.from_arrays([[0, 1], [1, 0]]), None)
    5
    """
    return clusters or len(data.classes) or 5


def fixed_points(tree: Tree, model: RBM, names: list[str]) -> dict[str, np.ndarray]:
    """Return the mean features of every node, layer by layer (M, sites x width), with the names of the nodes."""
    layers = zip(model.spec.observed, model.slices, strict=True)
    return {"node": np.array(node_names(len(tree), names)), "age": tree.age, "size": tree.size} | {
        layer.name: tree.profiles[:, rows].numpy() for layer, rows in layers
    }


def check_folder(path: Path, overwrite: bool) -> None:
    """Check that a folder can be written, before anything is computed.

    Parameters
    ----------
    path : Path
        Folder to make.
    overwrite : bool
        Whether a tree may be replaced.

    Raises
    ------
    StoreError
        If it exists and is not a tree, is a tree that must not be replaced, or holds something else besides.

    Examples
    --------
    >>> check_folder(Path("another tree"), overwrite=False)
    """
    check_place(path, folder=True)
    if not is_tree(path):
        check_new(path)
    elif not overwrite:
        raise StoreError(path, "holds a tree: --overwrite replaces it")
    else:
        check_ours(path, lambda each: each.is_file() and (each.name in FILES or each.match(STRIPS)), "tree")


def is_tree(path: Path) -> bool:
    """Return whether a folder holds a tree, and not only a Newick file, which any program writes."""
    return all((path / name).is_file() for name in (NEWICK, POINTS))
