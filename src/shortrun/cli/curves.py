"""`shortrun curves`: scores against sampling time and age, and accuracy, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.cli import _options, _output, _reading, _tables
from shortrun.cli._verb import Given, verb
from shortrun.cli.score import check_names
from shortrun.ranks import follows
from shortrun.settings import OUTPUT, Reading, TableWriting
from shortrun.settings.scoring import CurvesSettings


@verb(settings=CurvesSettings, reading=Reading, tables=TableWriting)
def curves(
    run: _options.RunFolder,
    test: Annotated[str, typer.Argument(metavar="TEST", help="Real samples to compare with.", show_default=False)],
    reading: Given,
    settings: CurvesSettings,
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help=".csv, .tsv or .parquet.", rich_help_panel=OUTPUT)
    ],
    threads: _options.Threads = None,
) -> None:
    """Measure scores against sampling time and age, and accuracy against age and label sweeps.

    Examples
    --------
    # Scores against sampling time and age, as a table
    shortrun curves run test.npz -o curves.csv
    # Of two ages and three sampling times
    shortrun curves run test.npz --ages 100,1000 --times 5,10,20 -o curves.csv
    # Then draw it
    shortrun plot ages curves.csv --k 10 -o ages.png
    """
    _tables.check(out)
    check_names(settings.scores)

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    part = _reading.part_of(trained, test, reading)
    data = _reading.further_data(trained, test, dict(reading) | ({"part": part} if part else {}))
    _output.say(_reading.summary(test, data, part), aside=True)
    table = workflows.curves(
        trained,
        data,
        settings=settings,
        progress=lambda done, all_: _output.say(f"age {done} of {all_}", aside=True),
    )
    if follows():
        return
    _tables.write(table, out)
    _output.say(f"{len(table):,} values in {out}")
