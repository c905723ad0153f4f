"""`shortrun contacts`: which residues touch, from the couplings of a machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _machine_couplings, _options, _output, _tables
from shortrun.cli._verb import verb
from shortrun.settings import DATA, ContactsSettings, TableWriting

if TYPE_CHECKING:
    from shortrun.landscape import Contacts

ON_SCREEN = 20


@verb(settings=ContactsSettings, tables=TableWriting)
def contacts(
    run: _options.RunFolder,
    settings: ContactsSettings,
    distances: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV with columns i, j (from 1), distance.", rich_help_panel=DATA),
    ] = None,
    structure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PDB or mmCIF file to take distances from.", rich_help_panel=DATA),
    ] = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Rank pairs of sites by how likely they touch, and compare with the distances of a structure.

    Examples
    --------
    # Pairs of residues by how likely they touch
    shortrun contacts run -o contacts.csv
    # Compared with a structure
    shortrun contacts run --structure 1abc.pdb --figure ppv.png
    # Beside direct-coupling analysis of the same alignment
    shortrun contacts run --distances d.csv --baselines mean-field,plm
    """
    _tables.check(out, figure)

    from shortrun import plots, workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    found = workflows.contacts(trained, distances, structure=structure, settings=settings)
    _machine_couplings.warn(trained)
    if out is not None:
        _tables.write(found.table, out)
    if figure is not None:
        plots.save(plots.contacts(found.table, found.sites), figure)
    if json:
        _output.emit({"run": str(run)} | about(found) | {"contacts": rows(found)})
    else:
        show(found)
        for line in found.notes:
            _output.say(f"note: {line}")
        for line in baselines(found):
            _output.say(line)
        _output.say(outcome(found) + _machine_couplings.files(out, figure))


def rows(found: Contacts) -> list[dict[str, Any]]:
    """Return the table for a JSON document, null where a distance is not known."""
    return _tables.records(found.table.astype(object).where(found.table.notna(), None))


def about(found: Contacts) -> dict[str, Any]:
    """Return how good the ranking is, for a JSON document."""
    numbers = {"area_under_curve": found.area, "base_rate": found.base}
    others = {
        name: {"precision": each.precision, "area_under_curve": _tables.known(each.area)}
        for name, each in found.baselines.items()
    }
    return {"sites": found.sites, "pairs": len(found.table), "precision": found.precision} | {
        **{name: _tables.known(value) for name, value in numbers.items()},
        "baselines": others,
        "notes": list(found.notes),
    }


def show(found: Contacts) -> None:
    """Print the highest scores."""
    number, lines = _machine_couplings.number, []
    for row in found.table.head(ON_SCREEN).to_dict("records"):
        known = [number(row["distance"]), contact(row["contact"])] if "distance" in row else []
        scores = [number(row[name]) for name in found.table.columns[2:] if name not in ("distance", "contact")]
        lines.append([str(row["i"]), str(row["j"]), *scores, *known])
    _output.rows([str(name) for name in found.table.columns], lines)


def contact(value: Any) -> str:
    """Return whether a pair is in contact, a dash where that is not known."""
    return "-" if value is not True and value is not False else "yes" if value else "no"


def baselines(found: Contacts) -> list[str]:
    """Return a line on each other ranking, where distances are known."""
    return [f"{name}: {shares(each.precision, each.area)}" for name, each in found.baselines.items()]


def shares(precision: dict[str, float], area: float) -> str:
    """Return how well a ranking predicts contacts."""
    at = ", ".join(f"{value:.3f} at {name}" for name, value in precision.items())
    return f"precision {at or '-'}; area under ROC {area:.3f}"


def outcome(found: Contacts) -> str:
    """Return one line on the ranking."""
    if "distance" not in found.table:
        return f"{len(found.table):,} pairs of {found.sites} sites"
    known, base = len(found.known), _machine_couplings.number(found.base)
    return f"{shares(found.precision, found.area)}; {known:,} pairs, {base} of them contacts"
