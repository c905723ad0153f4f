"""What verbs that look into the parameters of a machine share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortrun.cli import _output
from shortrun.cli._options import MODEL

if TYPE_CHECKING:
    from shortrun.store import Trajectory

Label = Annotated[
    str | None,
    typer.Option(metavar="CLASS", help="Hold the label at a class; averaged over by default.", rich_help_panel=MODEL),
]
MethodName = Annotated[
    str, typer.Option("--method", metavar="exact|gaussian", help="How the other sites are averaged over.")
]


def warn(run: Trajectory) -> None:
    """Tell that parameters are no couplings where the chains of the training started from noise."""
    from shortrun.workflows import trained_out_of_equilibrium

    if trained_out_of_equilibrium(run):
        _output.say(
            f"warning: {run.path} was trained with the scheme {run.recipe['name']}, and parameters of machines trained "
            "out of equilibrium are not couplings (nor energies) of the data's law",
            aside=True,
        )


def shown(value: float) -> str:
    """Return a number in four digits, a dash for none."""
    return "-" if value != value else f"{value:.4g}"


def written(out: Path | None, figure: Path | None) -> str:
    """Return where the results are, as the end of a line."""
    files = [str(path) for path in (out, figure) if path is not None]
    return f"; in {' and '.join(files)}" if files else ""
