"""Arguments and options of several verbs that are no settings, each with its one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortrun.settings import MACHINE, MODEL, OUTPUT, SAMPLING, OfAge

if TYPE_CHECKING:
    from shortrun.records import Task
    from shortrun.store import Trajectory

MOST_THREADS, MOST_SEED = 1024, 2**64 - 1
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a trained run.", show_default=False)]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_THREADS, help="Threads of the computation; all cores by default.", rich_help_panel=MACHINE
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON document on stdout (a switch; evaluate and score take a file).",
        rich_help_panel=OUTPUT,
    ),
]
JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write every score, class by class, to a file, - for stdout (a switch of other commands).",
        rich_help_panel=OUTPUT,
    ),
]

# Of figures, whose options are no settings.
OF_AGE = OfAge.model_fields["age"]
Age = Annotated[
    str, typer.Option(metavar="best|last|UPDATE", help=OF_AGE.description, rich_help_panel=MODEL, show_default=False)
]
NoiseSeed = Annotated[
    int, typer.Option("--seed", min=0, max=MOST_SEED, help="Seed of the noise.", rich_help_panel=SAMPLING)
]


def told_age(run: Trajectory, settings: OfAge, task: Task = "generate") -> str:
    """Return which age of a run is used, why it, and which of its parameters."""
    from shortrun.workflows._runs import age_of

    number = age_of(run, settings.age, task)
    best = f"the best to {task} by held-out samples" if run.judged else "the last; no held-out samples judged it"
    why = {"best": best, "last": "the last"}.get(str(settings.age), f"of {len(run.ages)} ages")
    averaged = run.config["optimiser"]["average"] > 0 and not settings.raw
    parameters = "parameters averaged over the updates before it" if averaged else "its own parameters, not averaged"
    return f"age {number:,} ({why}; {parameters})"


def use_threads(threads: int | None) -> None:
    """Set how many threads torch computes with; None leaves its own choice."""
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
