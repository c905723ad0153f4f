"""What verbs that read couplings off a machine share: a warning, and how they write numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shortrun.cli import _output

if TYPE_CHECKING:
    from shortrun.store import Trajectory


def warn(run: Trajectory) -> None:
    """Warn that parameters are not couplings where the chains of the training started from noise."""
    from shortrun.workflows import caveats

    for line in caveats(run):
        _output.say(f"warning: {line}", aside=True)


def number(value: float) -> str:
    """Return a number with four digits, a dash for none."""
    return "-" if value != value else f"{value:.4g}"


def files(out: Path | None, figure: Path | None) -> str:
    """Return where the results are, as the end of a line."""
    written = [str(path) for path in (out, figure) if path is not None]
    return f"; in {' and '.join(written)}" if written else ""
