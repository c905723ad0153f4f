"""The command line: one file a verb, which parses, calls the function of that name and prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 1 for our faults, 2 for the user's, 130 after Ctrl-C.

    Parameters
    ----------
    arguments : Sequence[str], optional
        Words after the program's name; by default those that the process was started with.
    """
    # OpenMP threads that spin while they wait make everything slower as soon as two programs share the cores;
    # the runtime reads this when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from shortrun.cli._app import run

    return run(list(sys.argv[1:] if arguments is None else arguments))
