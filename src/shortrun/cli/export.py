"""`shortrun export`: a run as a file of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.cli import _options, _output
from shortrun.cli._verb import verb
from shortrun.settings import OUTPUT, ExportSettings


@verb(settings=ExportSettings)
def export(
    run: _options.RunFolder,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="File to write.", show_default=False, rich_help_panel=OUTPUT),
    ],
    settings: ExportSettings,
) -> None:
    """Write the machine of a run, or its effective couplings, as a file that another program opens.

    Examples
    --------
    # For rbms
    shortrun export run RBM.h5 --to rbms
    # Parameters under plain names
    shortrun export run parameters.safetensors
    # Effective couplings, for contact prediction by other programs
    shortrun export run couplings.dat --to adabmdca
    """
    from shortrun import workflows

    for note in workflows.export_model(run, file, settings=settings):
        _output.say(f"note: {note}", aside=True)
    _output.say(f"{file}: {file.stat().st_size:,} bytes")
