"""`shortrun mutations`: how much each single mutation costs, or how sequences compare, in free energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _machine_couplings, _options, _output, _reading, _tables
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError
from shortrun.settings import DATA, MutationsSettings, Reading, TableWriting

if TYPE_CHECKING:
    import pandas as pd

ON_SCREEN = 20
ListFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Mutants to score, as A12G or A12G:K40R: one a line, or a column.", rich_help_panel=DATA
    ),
]
MeasuredFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Table of mutants with measured effects, to compare with.", rich_help_panel=DATA),
]


@verb(settings=MutationsSettings, reading=Reading, tables=TableWriting)
def mutations(
    run: _options.RunFolder,
    wildtype: Annotated[
        str,
        typer.Argument(metavar="WILDTYPE", help="One sequence, aligned or not; or several aligned, to score them all."),
    ],
    settings: MutationsSettings,
    reading: Given,
    sequences: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Sequences to score relative to the wild type.", rich_help_panel=DATA),
    ] = None,
    mutants: ListFile = None,
    measured: MeasuredFile = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Score all single mutants of a sequence by F(wild type) - F(mutant); higher is fitter.

    Examples
    --------
    # All single mutants of a sequence
    shortrun mutations run wildtype.fasta -o mutants.csv --figure map.png
    # Compared with measured effects
    shortrun mutations run wildtype.fasta --measured dms.csv
    # Mutants of a list, residues counted from 30
    shortrun mutations run wildtype.fasta --mutants list.csv --first-residue 30
    """
    _tables.check(out, figure)
    check_lists(sequences, mutants, measured, figure is not None)

    from shortrun import plots, workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    how = Reading.of(**reading)
    table = workflows.score_unaligned(trained, wildtype, reading=how, settings=settings)
    if table is None:
        first = workflows.open_wildtype(trained, wildtype, reading=how)
        second = None if sequences is None else _reading.further_data(trained, sequences, reading)
        if figure is not None and (count := workflows.count_of(first)) != 1:
            raise ConfigError("--figure", f"single mutants of one sequence can be drawn, {wildtype} has {count:,}")
        table = workflows.mutations(trained, first, second, mutants=mutants, measured=measured, settings=settings)
    elif figure is not None or mutants is not None or measured is not None or sequences is not None:
        raise ConfigError("wildtype", f"one sequence expected, {wildtype} has {len(table):,}")
    _machine_couplings.warn(trained)
    found = workflows.correlations(table)
    if out is not None:
        _tables.write(table, out)
    if figure is not None:
        plots.save(plots.mutations(table), figure)
    if json:
        told = {"run": str(run), "wildtype": wildtype, "notes": notes(table), "spearman": spearman(found)}
        _output.emit(told | {"scores": _tables.records(table)})
    else:
        show(table)
        for line in notes(table):
            _output.say(f"note: {line}")
        _output.say(outcome(table, sequences is not None) + _machine_couplings.files(out, figure))
        for name, (rho, count) in found.items():
            _output.say(correlation(table, name, rho, count))


def check_lists(sequences: str | None, mutants: str | None, measured: str | None, drawn: bool) -> None:
    """Refuse lists that exclude each other, before anything is read.

    Raises
    ------
    ConfigError
        Names the flag.
    """
    lists = {"--sequences": sequences, "--mutants": mutants, "--measured": measured}
    given = [flag for flag, path in lists.items() if path is not None]
    if drawn and given:
        raise ConfigError("--figure", "single mutants can be drawn, a list of sequences cannot")
    if sequences is not None and len(given) > 1:
        raise ConfigError("--sequences", f"either a list of sequences or one of mutants expected, got {given[1]} too")


def notes(table: pd.DataFrame) -> list[str]:
    """Return what was not scored, and why."""
    return table.attrs.get("notes", [])


def spearman(found: dict[str, tuple[float, int]]) -> dict[str, Any]:
    """Return the correlations for a JSON document."""
    return {name: {"rho": _tables.known(rho), "n": count} for name, (rho, count) in found.items()}


def correlation(table: pd.DataFrame, name: str, rho: float, count: int) -> str:
    """Return one line on a correlation with what was measured."""
    of = {"score": "F(wild type) - F", "independent": "independent sites"}[name]
    measured = int(table["measured"].notna().sum())
    left = f"{measured - count:,} measured ones without a score and {len(table) - measured:,} not measured left out"
    return f"Spearman correlation with the measured effects: {rho:.3f} for {of} (n = {count:,}; {left})"


def show(table: pd.DataFrame) -> None:
    """Print the highest scores."""
    best = table.sort_values("score", ascending=False, kind="stable").head(ON_SCREEN)
    _output.rows(
        [str(name) for name in best.columns],
        [[f"{x:.3f}" if isinstance(x, float) else str(x) for x in row] for row in best.itertuples(index=False)],
    )


def outcome(table: pd.DataFrame, relative: bool) -> str:
    """Return one line on the scores."""
    if "position" not in table and "mutant" in table:
        return f"{len(table):,} mutants, score F(wild type) - F in kT"
    if "mutant" not in table:
        return f"{len(table):,} sequences, score " + ("F(wild type) - F" if relative else "-F") + " in kT"
    better = int((table["score"] > 0).sum())
    return f"{len(table):,} single mutants, {better:,} of them above the wild type; score F(wild type) - F in kT"
