"""`shortrun tree`: samples as the leaves of a tree of fixed points that merge as the machine gets younger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cells import check_spreadsheet
from shortrun.cli import _options, _output, _reading
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError
from shortrun.phrases import counted
from shortrun.settings import DATA, OUTPUT, Reading, TableWriting, TreeFolderSettings, TreeSettings

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.landscape import Stage, Tree

LEVELS_ON_SCREEN = 12


@verb(settings=TreeSettings, folder=TreeFolderSettings, reading=Reading, tables=TableWriting)
def tree(
    run: _options.RunFolder,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Samples that are the leaves.")],
    settings: TreeSettings,
    folder: TreeFolderSettings,
    reading: Given,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="New folder for the tree.", rich_help_panel=OUTPUT),
    ] = None,
    annotations: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Table of annotations, a column of it the samples' names.", rich_help_panel=DATA
        ),
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Make the tree of samples: fixed points of the oldest machine are nodes, and merge at younger ages.

    Examples
    --------
    # A folder: Newick, tables, files for iTOL, and a page to explore
    shortrun tree run family.fasta -o tree
    # 500 leaves, cut into five clusters
    shortrun tree run family.fasta -n 500 --clusters 5 -o tree
    # Coloured by another table
    shortrun tree run family.fasta --annotations organisms.csv -o tree
    """
    from shortrun import workflows
    from shortrun.data.readers import looks_at
    from shortrun.data.tables.annotations import read_annotations
    from shortrun.data.uses import BESIDE
    from shortrun.plots.figure import check_matplotlib
    from shortrun.store import Trajectory
    from shortrun.tree_page import check_folder, write_tree

    if out is None:
        check_spreadsheet(out)
        folder.refuse(("depth", "overwrite"), "a folder to write the tree to: -o FOLDER")
        if annotations is not None:
            raise ConfigError("--annotations", "is of use only with a folder to write the tree to: -o FOLDER")
    else:
        check_folder(out, folder.overwrite)
        check_matplotlib()
    _options.use_threads(threads)
    trained = Trajectory.open(run)
    beside = set() if annotations is None else {name for name in BESIDE if not looks_at(Path(data), name)}
    of_data = {name: it for name, it in reading.items() if name not in beside}
    samples = workflows.leaves_of(_reading.further_data(trained, data, of_data), settings)
    _output.say(_reading.summary(data, samples), aside=True)
    further = None if annotations is None else read_annotations(annotations, samples, Reading(**reading))
    for line in further.notes if further else ():
        _output.say(f"note: {line}", aside=True)
    found = workflows.tree(trained, samples, settings=settings, progress=tell)
    if found.unconverged:
        _output.say(unconverged(found), aside=True)
    if out is not None:
        write_tree(
            found, trained, samples, out, annotations=further and further.columns, title=run.name, settings=folder
        )
    about = summary(found, samples, folder.clusters) | {"run": str(run), "folder": out and str(out)}
    if json:
        _output.emit(about)
    else:
        show(about)


def tell(stage: Stage) -> None:
    """Say what an age found, where something merged or did not converge."""
    if stage.rows == stage.clusters and not stage.unconverged:
        return
    missed = f", {stage.unconverged} of them not converged (residual {stage.residual:.1g})" if stage.unconverged else ""
    line = f"age {stage.age}: {counted(stage.rows, 'row')} to {counted(stage.clusters, 'fixed point')}"
    _output.say(line + missed, aside=True)


def unconverged(found: Tree) -> str:
    """Return the warning about rows that the iteration left before they were fixed points."""
    bad = [stage for stage in found.stages if stage.unconverged]
    rows, worst = sum(stage.rows for stage in bad), max(stage.residual for stage in bad)
    return (
        f"warning: {found.unconverged} of {rows} rows at {counted(len(bad), 'age')} had not converged (residual "
        f"up to {worst:.2g}); the tree goes on from where they were: try --damping 0.5 or more --max-iterations"
    )


def summary(found: Tree, samples: Dataset, clusters: int | None) -> dict[str, Any]:
    """Return what to know of a tree."""
    import numpy as np

    from shortrun.tree_page import cluster_count

    cut = found.level(cluster_count(samples, clusters))
    levels = [
        {
            "age": level.age,
            "clusters": level.clusters,
            "decades": round(decades, 6),
            "agreement": agreement(found, samples, found.at(level.age)),
        }
        for level, decades in zip(found.levels, found.lifetimes, strict=True)
    ]
    return {
        "leaves": len(samples),
        "nodes": len(found),
        "eps": found.eps,
        "ages": len(found.stages),
        "levels": levels,
        "clusters": len(np.unique(cut)),
        "agreement": agreement(found, samples, cut),
        "unconverged": found.unconverged,
    }


def agreement(found: Tree, samples: Dataset, nodes: Any) -> float | None:
    """Return the adjusted Rand index of clusters with the labels, None where there are none."""
    value = found.agreement(samples.labels, nodes)
    return None if value != value else round(value, 6)


def show(about: Mapping[str, Any]) -> None:
    """Print a summary."""
    levels = about["levels"][-LEVELS_ON_SCREEN:]
    lines = [(str(it["age"]), str(it["clusters"]), f"{it['decades']:.2f}", decimals(it["agreement"])) for it in levels]
    _output.rows(("age", "fixed points", "live (decades of age)", "ARI with labels"), lines)
    nodes, clusters = counted(about["nodes"], "node"), counted(about["clusters"], "cluster")
    _output.say(
        f"{about['leaves']:,} leaves, {nodes}; at {clusters} the adjusted Rand index with the labels is "
        f"{decimals(about['agreement'])}"
    )


def decimals(index: float | None) -> str:
    """Return an index with three decimals, a dash where there is none."""
    return "-" if index is None else f"{index:.3f}"
