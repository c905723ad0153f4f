"""Arguments and options of several verbs that are no settings, each with its one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.settings import MACHINE, MODEL, OUTPUT, SAMPLING, OfAge

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a trained run.", show_default=False)]
Threads = Annotated[
    int | None,
    typer.Option(min=1, help="Threads of the computation; all cores by default.", rich_help_panel=MACHINE),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.", rich_help_panel=OUTPUT)]

# Of figures, whose options are no settings.
OF_AGE = OfAge.model_fields["age"]
Age = Annotated[
    str, typer.Option(metavar="best|last|UPDATE", help=OF_AGE.description, rich_help_panel=MODEL, show_default=False)
]
NoiseSeed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the noise.", rich_help_panel=SAMPLING)]


def use_threads(threads: int | None) -> None:
    """Set how many threads torch computes with; None leaves its own choice."""
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
