"""`shortrun curves`: scores against sampling time and age, and accuracy, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading, _tables
from shortrun.cli._options import OUTPUT
from shortrun.cli.score import names_of


@_reading.with_reading
def curves(
    run: _options.RunFolder,
    test: Annotated[str, typer.Argument(metavar="TEST", help="Real samples to compare with.", show_default=False)],
    reading: Mapping[str, Any],
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help=".csv, .tsv or .parquet.", rich_help_panel=OUTPUT)
    ],
    scores: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="spectrum, entropy, aai, second-moment by default."),
    ] = None,
    times: Annotated[
        str | None,
        typer.Option(metavar="1,2,5,...", help="Sweeps to look after; a logarithmic grid with k by default."),
    ] = None,
    until: Annotated[
        int | None, typer.Option(metavar="SWEEPS", min=1, help="End of that grid; 10 k by default.")
    ] = None,
    ages: _options.Ages = None,
    n: Annotated[int, typer.Option("-n", "--number", min=2, help="Most samples to compare.")] = 2000,
    convention: Annotated[
        str, typer.Option(metavar="default|paper|fef", help="Whose definitions, where published ones differ.")
    ] = "default",
    pooled: Annotated[bool, typer.Option("--pooled", help="All samples at once, whatever their class.")] = False,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
) -> None:
    """Measure scores against sampling time and age, and accuracy against age and label sweeps."""
    _tables.check(out)
    given = _options.whole_numbers(times, "times")

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    k = trained.recipe["steps"]
    part = _reading.part_of(trained, test, reading)
    data = _reading.further_data(trained, test, dict(reading) | ({"part": part} if part else {}))
    _output.say(_reading.summary(test, data, part), aside=True)
    table = workflows.curves(
        trained,
        data,
        times=given or workflows.times_up_to(until or 10 * k, k),
        ages=_options.ages_of(ages, trained.ages),
        scores=names_of(scores),
        n=n,
        convention=convention,
        per_class=not pooled,
        seed=seed,
        progress=lambda done, all_: _output.say(f"age {done} of {all_}", aside=True),
    )
    _tables.write(table, out)
    _output.say(f"{len(table):,} values in {out}")
