"""`shortrun studio`: a trained machine as a page that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.cli import _options, _output
from shortrun.cli._verb import verb
from shortrun.settings import OUTPUT, StudioSettings


@verb(settings=StudioSettings)
def studio(
    run: _options.RunFolder,
    settings: StudioSettings,
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Page to write, .html.", rich_help_panel=OUTPUT)
    ],
    json: _options.Json = False,
) -> None:
    """Write a page that runs the machine in a browser: generate, hold sites, follow the sweeps, without network.

    Examples
    --------
    # One file, to open or to send
    shortrun studio run -o studio.html
    # With 500 training samples in it, to see which is nearest
    shortrun studio run --nearest 500 -o studio.html
    # The machine of the last age
    shortrun studio run --age last -o studio.html
    """
    from shortrun import workflows
    from shortrun.store import Trajectory

    trained = Trajectory.open(run)
    size = workflows.studio(trained, out, settings=settings)
    if json:
        from shortrun.workflows._runs import age_of

        found = {"run": str(run), "output": str(out), "bytes": size, "nearest": settings.nearest}
        _output.emit(found | {"age": age_of(trained, settings.age)})
        return
    _output.say(f"{out}: {size / 10**6:.2f} MB")
    _output.say(f"from {_options.told_age(trained, settings)}", aside=True)
