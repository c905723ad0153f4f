"""`shortrun animate`: moving pictures of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.cli import _options, _output, _reading
from shortrun.cli._verb import verb
from shortrun.errors import ConfigError
from shortrun.phrases import counted
from shortrun.settings import OUTPUT, MovieSettings


@verb(settings=MovieSettings)
def animate(
    run: _options.RunFolder,
    settings: MovieSettings,
    out: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help=".gif, .webp, or .mp4 where ffmpeg is.", rich_help_panel=OUTPUT
        ),
    ],
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Real samples for chains and tree; by default those of the training."),
    ] = None,
    threads: _options.Threads = None,
) -> None:
    """Show a run as a moving picture: how samples form, chains, the walk of its training, or its tree.

    Examples
    --------
    # 25 samples of a class from their start to three times the sweeps of the training
    shortrun animate run --label 3 -o threes.gif
    # Which chains cross between the modes of the data, up to sweep 1,000
    shortrun animate run --show chains --until 1000 -o chains.webp
    # The walk of the training on the phase diagram
    shortrun animate run --show walk -o walk.gif
    """
    from shortrun import workflows
    from shortrun.store import Trajectory

    if data is not None and settings.show in ("samples", "walk"):
        raise ConfigError("DATA", f"--show chains or tree expected with it, got {settings.show}")
    _options.use_threads(threads)
    trained = Trajectory.open(run)
    real = None if data is None else _reading.further_data(trained, data, {})
    made = workflows.animate(trained, out, real, settings=settings)
    _output.say(f"{counted(len(made), 'frame')}, the last {made.titles[-1]}, in {out}")
