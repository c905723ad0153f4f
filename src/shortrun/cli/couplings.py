"""`shortrun couplings`: a machine as fields and couplings of its sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cells import check_spreadsheet
from shortrun.cli import _machine_couplings, _options, _output, _tables
from shortrun.cli._verb import verb
from shortrun.errors import ConfigError
from shortrun.settings import OUTPUT, CouplingsSettings, TableWriting

if TYPE_CHECKING:
    from shortrun.landscape import Couplings

ON_SCREEN = 20
ARRAYS = ".npz"


@verb(settings=CouplingsSettings, tables=TableWriting)
def couplings(
    run: _options.RunFolder,
    settings: CouplingsSettings,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=f"Table: {', '.join(_tables.SUFFIXES)}; or all colours in arrays: {ARRAYS}.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    figure: _tables.FigureFile = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Compute effective fields and couplings of the sites: the learned distribution without hidden units.

    Examples
    --------
    # The 50 strongest pairs of sites
    shortrun couplings run --top 50 -o pairs.csv --figure pairs.png
    # Fields
    shortrun couplings run --order 1
    # All colours, as arrays
    shortrun couplings run -o all.npz
    """
    arrays = out if out is not None and out.suffix.lower() == ARRAYS else None
    if arrays is None:
        _tables.check(out, figure)
    else:
        check_spreadsheet(arrays)
        _tables.check_figure(figure)
    if figure is not None and settings.order == 3:
        raise ConfigError("--figure", "fields and couplings of pairs can be drawn, triples cannot")

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    found = workflows.couplings(trained, settings=settings)
    _machine_couplings.warn(trained)
    if arrays is not None:
        found.save(arrays)
    elif out is not None:
        _tables.write(found.table, out)
    if figure is not None:
        draw(found, figure)
    if json:
        about = {"run": str(run), "order": settings.order, "method": settings.method}
        _output.emit(about | {"couplings": _tables.records(found.table)})
    else:
        show(found)
        _output.say(outcome(found) + _machine_couplings.files(out, figure))


def draw(found: Couplings, path: Path) -> None:
    """Write the figure."""
    from shortrun import plots

    if found.picture is not None:
        plots.save(plots.couplings(found.picture, found.arrays["positions"], found.order, found.two_valued), path)


def show(found: Couplings) -> None:
    """Print the strongest."""
    rows = found.table.head(ON_SCREEN).to_dict("records")
    _output.rows([str(name) for name in found.table.columns], [[*map(cell, row.values())] for row in rows])


def cell(value: Any) -> str:
    """Return a cell of the table."""
    return _machine_couplings.number(value) if isinstance(value, float) else str(value)


def outcome(found: Couplings) -> str:
    """Return one line on what the table holds."""
    what = {1: "fields", 2: "pairs", 3: "triples"}[found.order]
    convention = "J for values -1 and +1" if found.two_valued else "kT, zero-sum over colours"
    line = f"{len(found.table):,} {what}, {convention}"
    if found.pairs_looked_at is None:
        return line
    looked, every = found.pairs_looked_at
    return line + (f"; third sites of the {looked:,} strongest of {every:,} pairs" if looked < every else "")
