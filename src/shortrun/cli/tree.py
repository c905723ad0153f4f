"""`shortrun tree`: samples as the leaves of a tree of fixed points that merge as the machine gets younger."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading
from shortrun.cli._options import DATA, MODEL, OUTPUT
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.landscape import Stage, Tree

ITERATION = "Mean-field iteration"
LEVELS_SHOWN = 12
DEPTHS = ("age", "length")


@_reading.with_reading
def tree(
    run: _options.RunFolder,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Samples that are the leaves.")],
    reading: Mapping[str, Any],
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="New folder for the tree.", rich_help_panel=OUTPUT),
    ] = None,
    annotations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV with a column name and any others.", rich_help_panel=DATA),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("-n", "--number", min=1, help="Leaves: so many samples at random.", rich_help_panel=DATA),
    ] = None,
    clusters: Annotated[
        int | None,
        typer.Option(min=1, help="Clusters to cut the tree into; as many as classes by default."),
    ] = None,
    ages: Annotated[
        str | None,
        typer.Option("--ages", metavar="all|1,50,...", help="Ages of the training; all.", rich_help_panel=MODEL),
    ] = None,
    acceptance: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Only ages between which fewer chains than this would be exchanged, as 0.3.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    eps: Annotated[
        float | None,
        typer.Option(metavar="DISTANCE", help="Distance a site under which fixed points are one; 0.05."),
    ] = None,
    order: Annotated[int, typer.Option(help="Of the mean-field equations: 1, 2 or 3.", rich_help_panel=ITERATION)] = 2,
    tolerance: Annotated[
        float, typer.Option(help="Largest change at which a row has converged.", rich_help_panel=ITERATION)
    ] = 1e-4,
    max_iterations: Annotated[int, typer.Option(min=1, help="Most iterations.", rich_help_panel=ITERATION)] = 3000,
    damping: Annotated[
        float, typer.Option(help="Share of the old means that is kept.", rich_help_panel=ITERATION)
    ] = 0.0,
    depth: Annotated[
        str, typer.Option(metavar="age|length", help="Distance from the root in pictures.", rich_help_panel=OUTPUT)
    ] = "age",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the tree in FOLDER.", rich_help_panel=OUTPUT)
    ] = False,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Make the tree of samples: fixed points of the oldest machine are nodes, and merge at younger ages."""
    from shortrun import workflows
    from shortrun.landscape import EPS
    from shortrun.store import Trajectory
    from shortrun.tree_page import check_folder, write_tree

    if depth not in DEPTHS:
        raise ConfigError("--depth", f"age or length expected, got '{depth}'")
    if out is not None:
        check_folder(out, overwrite)
    _options.use_threads(threads)
    trained = Trajectory.open(run)
    samples = some(_reading.further_data(trained, data, reading), n, seed)
    _output.say(_reading.summary(data, samples), aside=True)
    further = annotations_of(annotations, samples)
    found = workflows.tree(
        trained,
        samples,
        ages=_options.ages_of(ages, trained.ages),
        acceptance=acceptance,
        eps=EPS if eps is None else eps,
        order=order,
        tolerance=tolerance,
        max_iterations=max_iterations,
        damping=damping,
        seed=seed,
        progress=tell,
    )
    if found.unconverged:
        _output.say(unconverged(found), aside=True)
    if out is not None:
        options = {"annotations": further, "clusters": clusters, "depth": depth, "overwrite": overwrite}
        write_tree(found, trained, samples, out, title=f"{run.name}", **options)
    about = summary(found, samples, clusters) | {"run": str(run), "folder": out and str(out)}
    if json:
        _output.emit(about)
    else:
        show(about)


def some(samples: Dataset, count: int | None, seed: int) -> Dataset:
    """Return that many of the samples at random, in their order; all of them by default."""
    if count is None or count >= len(samples):
        return samples
    import numpy as np

    return samples.select(np.sort(np.random.default_rng(seed).choice(len(samples), count, replace=False)))


def annotations_of(path: Path | None, samples: Dataset) -> dict[str, Any]:
    """Return the annotations of samples, none without a file."""
    if path is None:
        return {}
    from shortrun.data.tables.annotations import read_annotations

    return read_annotations(path, samples.names.tolist())


def tell(stage: Stage) -> None:
    """Say what an age found, where something merged or did not converge."""
    if stage.rows == stage.clusters and not stage.unconverged:
        return
    missed = f", {stage.unconverged} of them not converged (residual {stage.residual:.1g})" if stage.unconverged else ""
    line = f"age {stage.age}: {_output.amount(stage.rows, 'row')} to {_output.amount(stage.clusters, 'fixed point')}"
    _output.say(line + missed, aside=True)


def unconverged(found: Tree) -> str:
    """Return the warning about rows that the iteration left before they were fixed points."""
    bad = [stage for stage in found.stages if stage.unconverged]
    rows, worst = sum(stage.rows for stage in bad), max(stage.residual for stage in bad)
    return (
        f"warning: {found.unconverged} of {rows} rows at {_output.amount(len(bad), 'age')} had not converged (residual "
        f"up to {worst:.2g}); the tree goes on from where they were: try --damping 0.5 or more --max-iterations"
    )


def summary(found: Tree, samples: Dataset, clusters: int | None) -> dict[str, Any]:
    """Return what to know of a tree."""
    import numpy as np

    from shortrun.tree_page import cluster_count

    cut = found.level(cluster_count(samples, clusters))
    levels = [
        {"age": level.age, "clusters": level.clusters, "agreement": number(found, samples, found.at(level.age))}
        for level in found.levels
    ]
    return {
        "leaves": len(samples),
        "nodes": len(found),
        "eps": found.eps,
        "ages": len(found.stages),
        "levels": levels,
        "clusters": len(np.unique(cut)),
        "agreement": number(found, samples, cut),
        "unconverged": found.unconverged,
    }


def number(found: Tree, samples: Dataset, nodes: Any) -> float | None:
    """Return the adjusted Rand index of clusters with the labels, None where there are none."""
    value = found.agreement(samples.labels, nodes)
    return None if value != value else round(value, 6)


def show(about: Mapping[str, Any]) -> None:
    """Print a summary."""
    levels = about["levels"][-LEVELS_SHOWN:]
    lines = [(str(it["age"]), str(it["clusters"]), shown(it["agreement"])) for it in levels]
    _output.rows(("age", "fixed points", "ARI with labels"), lines)
    nodes, clusters = _output.amount(about["nodes"], "node"), _output.amount(about["clusters"], "cluster")
    _output.say(
        f"{about['leaves']:,} leaves, {nodes}; at {clusters} the adjusted Rand index with the labels is "
        f"{shown(about['agreement'])}"
    )


def shown(agreement: float | None) -> str:
    """Return an index in three decimals, a dash where there is none."""
    return "-" if agreement is None else f"{agreement:.3f}"
