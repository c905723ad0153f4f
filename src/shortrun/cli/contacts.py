"""`shortrun contacts`: which residues touch, from the couplings of a machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _machine_couplings, _options, _output, _tables
from shortrun.cli._verb import verb
from shortrun.settings import DATA, ContactsSettings

if TYPE_CHECKING:
    from shortrun.landscape import Contacts

ON_SCREEN = 20


@verb(settings=ContactsSettings)
def contacts(
    run: _options.RunFolder,
    settings: ContactsSettings,
    distances: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV with columns i, j (from 1), distance.", rich_help_panel=DATA),
    ] = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Rank pairs of sites by how likely they touch, and compare with the distances of a structure."""
    _tables.check(out, figure)

    from shortrun import plots, workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    found = workflows.contacts(trained, distances, settings=settings)
    _machine_couplings.warn(trained)
    if out is not None:
        _tables.write(found.table, out)
    if figure is not None:
        plots.save(plots.contacts(found.table, found.sites), figure)
    if json:
        _output.emit({"run": str(run)} | about(found) | {"contacts": rows(found)})
    else:
        show(found)
        _output.say(outcome(found) + _machine_couplings.files(out, figure))


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
    number, lines = _machine_couplings.number, []
    for row in found.table.head(ON_SCREEN).to_dict("records"):
        known = [number(row["distance"]), contact(row["contact"])] if "distance" in row else []
        lines.append([str(row["i"]), str(row["j"]), number(row["score"]), *known])
    _output.rows([str(name) for name in found.table.columns], lines)


def contact(value: Any) -> str:
    """Return whether a pair is in contact, a dash where that is not known."""
    return "-" if value is not True and value is not False else "yes" if value else "no"


def outcome(found: Contacts) -> str:
    """Return one line on the ranking."""
    if "distance" not in found.table:
        return f"{len(found.table):,} pairs of {found.sites} sites"
    shares = ", ".join(f"{value:.3f} at {name}" for name, value in found.precision.items())
    known, base = len(found.known), _machine_couplings.number(found.base)
    return f"precision {shares or '-'}; area under ROC {found.area:.3f}; {known:,} pairs, {base} of them contacts"
