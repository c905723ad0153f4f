"""`shortrun animate`: noise becoming samples, as a moving picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.cli import _options, _output
from shortrun.cli._verb import verb
from shortrun.phrases import counted
from shortrun.settings import OUTPUT, AnimateSettings


@verb(settings=AnimateSettings)
def animate(
    run: _options.RunFolder,
    settings: AnimateSettings,
    out: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help=".gif, .webp, or .mp4 where ffmpeg is.", rich_help_panel=OUTPUT
        ),
    ],
    threads: _options.Threads = None,
) -> None:
    """Show how noise becomes samples, sweep by sweep.

    Examples
    --------
    # 25 samples from noise to three times the sweeps of the training
    shortrun animate run -o samples.gif
    # Of one class
    shortrun animate run --label 3 -n 9 -o threes.gif
    # Up to sweep 100
    shortrun animate run --until 100 -o longer.webp
    """
    _options.use_threads(threads)
    from shortrun import workflows

    found = workflows.animate(run, out, settings=settings)
    told = f"{counted(settings.n, 'sample')} up to sweep {max(found):,}"
    _output.say(f"{told} in {counted(len(found), 'frame')} in {out}")
