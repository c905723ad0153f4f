"""The command line, called in this process or in one of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shortrun.cli import main


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def call(*words: object) -> Result:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return Result(code, out.getvalue(), err.getvalue())


def good(*words: object) -> Result:
    """Run a command that must succeed."""
    result = call(*words)
    assert result.code == 0, result.err
    return result


def refused(*words: object) -> str:
    """Run a command that must be refused with exit code 2, and return its one line; notes on reading may precede it."""
    result = call(*words)
    *notes, line = result.err.splitlines() or [""]
    assert result.code == 2, result
    assert all(note.startswith(("note: ", "warning: ")) for note in notes), result.err
    assert line.startswith("error: "), result.err
    return line


def start(*words: object, cwd: Path | None = None, **environment: str) -> subprocess.Popen:
    """Begin a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "shortrun.cli", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
    )


def finish(process: subprocess.Popen, seconds: float = 300) -> Result:
    """Wait for a process."""
    out, err = process.communicate(timeout=seconds)
    return Result(process.returncode, out, err)
