"""`shortrun lyapunov`: whether a chaotic network is chaotic, at every age and untrained at every gain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _tables
from shortrun.cli._options import CHAOTIC
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

CERTAIN = 2  # standard errors beyond which a sign is believed
GAINS = "0.25,0.5,1,1.5,2.25,4"


def lyapunov(
    run: _options.RunFolder,
    ages: _options.Ages = None,
    untrained: Annotated[
        bool,
        typer.Option(
            "--untrained", help="The untrained network at every gain, in place of ages.", rich_help_panel=CHAOTIC
        ),
    ] = False,
    gains: Annotated[
        str | None,
        typer.Option(
            metavar="G,...", help=f"Gains of the untrained network; {GAINS} by default.", rich_help_panel=CHAOTIC
        ),
    ] = None,
    chains: Annotated[int, typer.Option(min=1, help="Starts that are followed at once.")] = 20,
    time: Annotated[float, typer.Option(metavar="TAU", help="Time that is averaged over, in tau.")] = 200.0,
    transient: Annotated[
        float | None, typer.Option(metavar="TAU", help="Time before that, in tau; half as much by default.")
    ] = None,
    free_label: Annotated[
        bool,
        typer.Option("--free-label", help="Let the label move; held as when generating.", rich_help_panel=CHAOTIC),
    ] = False,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Measure the largest Lyapunov exponent of a chaotic network: against age, and untrained against the gain."""
    given = numbers_of(gains)

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    critical = workflows.critical_gain_of(trained)
    table = workflows.lyapunov(
        trained,
        ages=() if untrained and ages is None else _options.ages_of(ages, trained.ages),
        gains=given or (numbers_of(GAINS) if untrained else ()),
        chains=chains,
        time=time,
        transient=transient,
        hold_label=not free_label,
        seed=seed,
        progress=lambda done, all_: _output.say(f"network {done} of {all_}", aside=True),
    )
    if json:
        _output.emit({"run": str(run), "critical_gain": critical, "exponents": records(table)})
    else:
        show(table)
        _output.say(
            f"lambda tau of one draw of random couplings; untrained and large, it becomes chaotic at g {critical:.3g}"
        )


def numbers_of(text: str | None) -> tuple[float, ...]:
    """Return the gains of a text like "0.5,1.5".

    Raises
    ------
    ConfigError
        If a part is no variance.
    """
    found = []
    for part in text.split(",") if text is not None else ():
        try:
            found.append(float(part))
        except ValueError:
            raise ConfigError("--gains", f"variances such as 0.5,1.5 expected, got '{part}'") from None
    return tuple(found)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, null where an error is unknown."""
    verdicts = map(verdict, table.to_dict("records"))
    return [row | {"verdict": said} for row, said in zip(_tables.records(table), verdicts, strict=True)]


def show(table: pd.DataFrame) -> None:
    """Print the exponents."""
    lines = [
        (
            row["network"],
            str(row["age"]),
            f"{row['gain']:g}",
            f"{row['exponent']:.4f}",
            f"{row['error']:.4f}",
            verdict(row),
        )
        for row in table.to_dict("records")
    ]
    _output.rows(("network", "age", "gain", "lambda tau", "error", "verdict"), lines)


def verdict(row: dict[str, Any]) -> str:
    """Return what an exponent says: its sign, where that is beyond two standard errors."""
    if not abs(row["exponent"]) > CERTAIN * row["error"]:
        return "undecided"
    return "chaotic" if row["exponent"] > 0 else "stable"
