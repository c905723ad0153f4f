"""`shortrun animate`: noise becoming samples, as a moving picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.cli import _options, _output
from shortrun.cli._options import MODEL, OUTPUT
from shortrun.errors import ConfigError

FRAMES = 60  # the most that are drawn


def animate(
    run: _options.RunFolder,
    out: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help=".gif, .webp, or .mp4 where ffmpeg is.", rich_help_panel=OUTPUT
        ),
    ],
    label: Annotated[
        str | None,
        typer.Option(metavar="CLASS", help="Their class; training proportions by default.", rich_help_panel=MODEL),
    ] = None,
    n: Annotated[int, typer.Option("-n", "--number", min=1, help="How many samples.", rich_help_panel=MODEL)] = 25,
    until: Annotated[
        str, typer.Option(metavar="SWEEPS", help="Last sweep: a number, or 3k for 3 times the k of the training.")
    ] = "3k",
    seed: _options.NoiseSeed = 0,
    age: _options.Age = None,
    threads: _options.Threads = None,
) -> None:
    """Show how noise becomes samples, sweep by sweep."""
    from shortrun.plots import animate as draw
    from shortrun.plots import check_movie

    check_movie(out)
    _options.use_threads(threads)
    from shortrun import workflows
    from shortrun.store import Trajectory

    trained = Trajectory.open(run)
    last = last_sweep(until, trained.recipe["steps"])
    times = workflows.times_up_to(last, trained.recipe["steps"], FRAMES)
    found = workflows.frames(trained, label=label, n=n, times=times, seed=seed, age=age)
    draw([*found.values()], [*found], out)
    _output.say(f"{_output.amount(n, 'sample')} up to sweep {last:,} in {_output.amount(len(found), 'frame')} in {out}")


def last_sweep(text: str, k: int) -> int:
    """Return the sweeps of a text: "30", or "3k" for 3 times k.

    Raises
    ------
    ConfigError
        If it is neither.
    """
    number = text.removesuffix("k")
    if not number.isdecimal() or int(number) < 1:
        raise ConfigError("--until", f"a number of sweeps, or one times k such as 3k expected, got '{text}'")
    return int(number) * (k if text.endswith("k") else 1)
