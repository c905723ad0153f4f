"""`shortrun contacts`: which residues touch, from the couplings of a machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _landscape, _options, _output, _tables
from shortrun.cli._options import DATA

if TYPE_CHECKING:
    from shortrun.workflows import Contacts

SHOWN = 20


def contacts(
    run: _options.RunFolder,
    distances: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV with columns i, j (from 1), distance.", rich_help_panel=DATA),
    ] = None,
    threshold: Annotated[
        float, typer.Option(metavar="DISTANCE", help="Distances below it are contacts.", rich_help_panel=DATA)
    ] = 7.5,
    separation: Annotated[int, typer.Option(min=0, help="Only pairs farther apart than this along the chain.")] = 5,
    keep_gap: Annotated[bool, typer.Option("--keep-gap", help="Count the gap as one of the colours.")] = False,
    label: _landscape.Label = None,
    method: _landscape.MethodName = "exact",
    age: _options.Age = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Rank pairs of sites by how likely they touch, and compare with the distances of a structure."""
    _tables.check(out, figure)

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    options = {"threshold": threshold, "separation": separation, "keep_gap": keep_gap, "label": label}
    found = workflows.contacts(trained, distances, method=method, age=age, **options)
    _landscape.warn(trained)
    save(found, out, figure)
    if json:
        _output.emit({"run": str(run)} | about(found) | {"contacts": rows(found)})
    else:
        show(found)
        _output.say(outcome(found) + _landscape.written(out, figure))


def save(found: Contacts, out: Path | None, figure: Path | None) -> None:
    """Write the table and the figure."""
    if out is not None:
        _tables.write(found.table, out)
    if figure is not None:
        from shortrun import plots

        plots.save(plots.contacts(found.table, found.sites), figure)


def rows(found: Contacts) -> list[dict[str, Any]]:
    """Return the table for a JSON document, null where a distance is not known."""
    return _tables.records(found.table.astype(object).where(found.table.notna(), None))


def about(found: Contacts) -> dict[str, Any]:
    """Return how good the ranking is, for a JSON document."""
    numbers = {"area_under_curve": found.area, "base_rate": found.base}
    return {"sites": found.sites, "pairs": len(found.table), "precision": found.precision} | {
        name: None if value != value else value for name, value in numbers.items()
    }


def show(found: Contacts) -> None:
    """Print the highest scores."""
    lines = []
    for row in found.table.head(SHOWN).to_dict("records"):
        known = [_landscape.shown(row["distance"]), contact(row["contact"])] if "distance" in row else []
        lines.append([str(row["i"]), str(row["j"]), _landscape.shown(row["score"]), *known])
    _output.rows([str(name) for name in found.table.columns], lines)


def contact(value: Any) -> str:
    """Return whether a pair is in contact, a dash where that is not known."""
    return "-" if value is not True and value is not False else "yes" if value else "no"


def outcome(found: Contacts) -> str:
    """Return one line on the ranking."""
    if "distance" not in found.table:
        return f"{len(found.table):,} pairs of {found.sites} sites"
    shares = ", ".join(f"{value:.3f} at {name}" for name, value in found.precision.items())
    known, base = len(found.known), _landscape.shown(found.base)
    return f"precision {shares or '-'}; area under ROC {found.area:.3f}; {known:,} pairs, {base} of them contacts"
