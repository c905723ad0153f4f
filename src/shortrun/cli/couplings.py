"""`shortrun couplings`: a machine as fields and couplings of its sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _landscape, _options, _output, _tables
from shortrun.cli._options import OUTPUT
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    from shortrun.workflows import Couplings

SHOWN = 20
ARRAYS = ".npz"


def couplings(
    run: _options.RunFolder,
    order: Annotated[int, typer.Option(metavar="1|2|3", help="Fields, couplings of pairs, or of triples.")] = 2,
    top: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Only the N strongest; all by default, of triples 1000."),
    ] = None,
    triples: Annotated[
        str | None, typer.Option(metavar="I-J-K,...", help="Only these triples of sites, with --order 3.")
    ] = None,
    label: _landscape.Label = None,
    method: _landscape.MethodName = "exact",
    age: _options.Age = None,
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
    """Compute effective fields and couplings of the sites: the law of a machine without its hidden units."""
    _tables.check(None if is_arrays(out) else out, figure)
    if figure is not None and order == 3:
        raise ConfigError("--figure", "fields and couplings of pairs can be drawn, triples cannot")
    chosen = triples_of(triples)

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    found = workflows.couplings(trained, order, age=age, label=label, method=method, top=top, triples=chosen)
    _landscape.warn(trained)
    save(found, out, figure)
    if json:
        _output.emit({"run": str(run), "order": order, "method": method, "couplings": _tables.records(found.table)})
    else:
        show(found)
        _output.say(outcome(found) + _landscape.written(out, figure))


def is_arrays(out: Path | None) -> bool:
    """Return whether an output file is one of arrays."""
    return out is not None and out.suffix.lower() == ARRAYS


def triples_of(text: str | None) -> list[tuple[int, int, int]]:
    """Return the triples of a text like "3-10-25,4-5-6".

    Raises
    ------
    ConfigError
        If a part is no triple of numbers.
    """
    found = []
    for part in text.split(",") if text is not None else ():
        numbers = [word.strip() for word in part.split("-")]
        if len(numbers) != 3 or not all(word.isdecimal() for word in numbers):
            raise ConfigError("--triples", f"three sites such as 3-10-25 expected, got '{part}'")
        found.append((int(numbers[0]), int(numbers[1]), int(numbers[2])))
    return found


def save(found: Couplings, out: Path | None, figure: Path | None) -> None:
    """Write the table or the arrays, and the figure."""
    if out is not None and is_arrays(out):
        import numpy as np

        from shortrun.files import atomic

        with atomic(out) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **found.arrays)
    elif out is not None:
        _tables.write(found.table, out)
    if figure is not None and found.picture is not None:
        from shortrun import plots

        plots.save(plots.couplings(found.picture, found.arrays["positions"], found.order, found.two_valued), figure)


def show(found: Couplings) -> None:
    """Print the strongest."""
    rows = found.table.head(SHOWN).to_dict("records")
    _output.rows([str(name) for name in found.table.columns], [[*map(text_of, row.values())] for row in rows])


def text_of(value: Any) -> str:
    """Return a cell of the table."""
    return _landscape.shown(value) if isinstance(value, float) else str(value)


def outcome(found: Couplings) -> str:
    """Return one line on what the table holds."""
    what = {1: "fields", 2: "pairs", 3: "triples"}[found.order]
    convention = "J for values -1 and +1" if found.two_valued else "kT, zero-sum over colours"
    line = f"{len(found.table):,} {what}, {convention}"
    if found.pairs_looked_at is None:
        return line
    looked, every = found.pairs_looked_at
    return line + (f"; third sites of the {looked:,} strongest of {every:,} pairs" if looked < every else "")
