"""The folder of a tree: Newick, tables, files for iTOL, fixed points, pictures, and a page."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from shortrun import plots
from shortrun.data import Dataset
from shortrun.errors import StoreError
from shortrun.files import atomic_folder, check_new, explain
from shortrun.landscape import Tree, leaf_names, newick, node_names
from shortrun.models import RBM
from shortrun.plots import Strip
from shortrun.plots.tree_layout import Depth
from shortrun.plots.tree_strips import majority, of_classes
from shortrun.store import Trajectory
from shortrun.tree_page.itol import itol
from shortrun.tree_page.page import tree_page as page

NEWICK = "tree.nwk"


def write_tree(
    tree: Tree,
    run: Trajectory,
    data: Dataset,
    folder: Path | str,
    *,
    annotations: Mapping[str, np.ndarray] | None = None,
    clusters: int | None = None,
    depth: Depth = "age",
    title: str = "",
    overwrite: bool = False,
) -> None:
    """Write a tree into a new folder, all of it or nothing.

    tree.nwk (Newick), nodes.csv, members.csv, nodes.npz (fixed points), itol_*.txt, tree.png, circular.png, tree.html.

    Parameters
    ----------
    tree : Tree
        Of the samples.
    run : Trajectory
        That it was made from.
    data : Dataset
        The samples, in the order of the leaves.
    annotations : Mapping[str, ndarray], optional
        Further columns, (N,) texts or numbers each (`data.annotations.read_annotations`).
    clusters : int, optional
        `members.csv` tells the cluster of each leaf at the level with about so many; the classes by default.
    depth : Depth, default "age"
        Of the pictures: the logarithm of the age, or lengths of branches.
    title : str, default ""
        Of pictures and page.
    overwrite : bool, default False
        Replace a tree that is there; nothing else is ever replaced.

    Raises
    ------
    StoreError
        If the folder holds something, or cannot be written.
    MissingExtraError
        If matplotlib or jinja2 is not installed.
    """
    model, names = run.model, leaf_names(data.names.tolist())
    strips = strips_of(data, annotations or {})
    with new_folder(Path(folder), overwrite) as out:
        (out / NEWICK).write_text(newick(tree, names), encoding="utf-8")
        nodes_table(tree, data, names).to_csv(out / "nodes.csv", index=False, float_format="%.9g")
        members_table(tree, data, names, clusters).to_csv(out / "members.csv", index=False)
        np.savez_compressed(out / "nodes.npz", allow_pickle=False, **fixed_points(tree, model, names))
        for name, text in itol(tree, names, strips).items():
            (out / name).write_text(text, encoding="utf-8")
        for name, circular in (("tree.png", False), ("circular.png", True)):
            figure = plots.tree(tree, names, strips, circular=circular, depth=depth, title=title)
            plots.save(figure, out / name)
        (out / "tree.html").write_text(page(tree, names, strips, title=title), encoding="utf-8")


def tree_page(tree: Tree, data: Dataset, *, title: str = "") -> str:
    """Return a tree of samples with their classes as a page to look around in.

    Raises
    ------
    MissingExtraError
        If matplotlib or jinja2 is not installed.
    """
    return page(tree, leaf_names(data.names.tolist()), strips_of(data, {}), title=title)


def strips_of(data: Dataset, annotations: Mapping[str, np.ndarray]) -> list[Strip]:
    """Return what is known of the leaves: their classes first, then the annotations."""
    classes = [of_classes("label", data.labels, data.classes)] if data.classes else []
    return [*classes, *(Strip(name, values) for name, values in annotations.items())]


def nodes_table(tree: Tree, data: Dataset, names: list[str]) -> pd.DataFrame:
    """Return a row for each node: its parent, age, size, branch, classes below, and how well its iteration ended."""
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
    """Return a row for each leaf: its class, its fixed point, its cluster at a level, and its way to the root."""
    labels = np.array(node_names(len(tree), names))
    columns = {
        "name": names,
        "label": np.array([*data.classes, ""])[data.labels] if data.classes else "",
        "node": labels[tree.leaves],
        "cluster": labels[tree.level(wanted(data, clusters))],
        "path": [" ".join(labels[path]) for path in tree.paths()],
    }
    return pd.DataFrame(columns)


def wanted(data: Dataset, clusters: int | None) -> int:
    """Return how many clusters to cut a tree into: as asked for, or as many as there are classes, or 5."""
    return clusters or len(data.classes) or 5


def fixed_points(tree: Tree, model: RBM, names: list[str]) -> dict[str, np.ndarray]:
    """Return the mean features of every node layer by layer, (M, sites x width), with the names of the nodes."""
    layers = zip(model.spec.observed, model.slices, strict=True)
    return {"node": np.array(node_names(len(tree), names)), "age": tree.age, "size": tree.size} | {
        layer.name: tree.profiles[:, rows].numpy() for layer, rows in layers
    }


def check_folder(path: Path, overwrite: bool) -> None:
    """Check before anything is computed that a folder can be written.

    Raises
    ------
    StoreError
        If there is something that is no tree, or a tree that is not to be replaced.
    """
    if not path.parent.is_dir():
        raise StoreError(path, "no such folder to make it in")
    if not (path / NEWICK).is_file():
        check_new(path)
    elif not overwrite:
        raise StoreError(path, "holds a tree: --overwrite replaces it")


@contextlib.contextmanager
def new_folder(path: Path, overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder that becomes `path`; a tree that is there is deleted once the new one is in place."""
    check_folder(path, overwrite)
    if not (path / NEWICK).is_file():
        with atomic_folder(path) as temporary:
            yield temporary
        return
    fresh, aside = (path.with_name(f".{path.name}.{kind}-{secrets.token_hex(4)}") for kind in ("new", "old"))
    with atomic_folder(fresh) as temporary:
        yield temporary
    try:
        path.rename(aside)
        fresh.rename(path)
    except OSError as error:
        raise StoreError(path, explain(error)) from error
    shutil.rmtree(aside, ignore_errors=True)
