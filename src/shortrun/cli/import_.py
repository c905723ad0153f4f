"""`shortrun import`: a machine that another program trained, as a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.cli import _options, _output
from shortrun.cli._verb import verb
from shortrun.phrases import counted
from shortrun.settings import DATA, OUTPUT, ImportSettings


@verb(settings=ImportSettings)
def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A file of another program: .h5, .npz, .safetensors.", show_default=False),
    ],
    settings: ImportSettings,
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="RUN", help="Folder of the run.", rich_help_panel=OUTPUT)
    ],
    like: Annotated[
        str | None,
        typer.Option(
            metavar="DATA", help="Samples such as it learned from, which say what codes mean.", rich_help_panel=DATA
        ),
    ] = None,
    json: _options.Json = False,
) -> None:
    """Make a run of a machine that another program trained; every verb works on it.

    Examples
    --------
    # A machine of rbms; the program is found by the content
    shortrun import RBM.h5 -o run
    # Samples say what codes mean
    shortrun import weights.npz --like family.fasta -o run
    # Say which program wrote the file
    shortrun import model.h5 --from annadca -o run
    """
    from shortrun import data, workflows

    samples = None if like is None else data.read(like)
    run = workflows.import_model(file, out=out, like=samples, settings=settings)
    if json:
        _output.emit(run.info())
        return
    for note in run.data["notes"]:
        _output.say(f"note: {note}", aside=True)
    classes = f", {counted(len(run.classes), 'class')}" if run.classes else ""
    sites = f"{run.kind.extent}, {run.hidden} hidden{classes}"
    _output.say(f"{run.path}: {sites}, {counted(len(run.ages), 'age')} up to {run.ages[-1]:,}")
