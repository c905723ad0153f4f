"""A training in a process of its own: it needs nobody to watch it, so a server that is killed ends nothing."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from shortrun.errors import StoreError
from shortrun.files import RUN, mark
from shortrun.store import writer_of

# -P: a file of the working directory is no module of Python's library.
TRAIN = (sys.executable, "-P", "-m", "shortrun", "train")
LOOK_SECONDS = 0.1  # between looks whether a process has ended, or said something
PATIENCE = 120.0  # seconds that an update and its restart file may take after a training is asked to end
FAULT = "error: "  # what the line of an error begins with


class Training:
    """The training of a run: started from here, or going on already.

    Parameters
    ----------
    folder : Path
        Of the run.
    tell : Callable[[str], None]
        Gets each line that a training started from here says.
    words : Sequence[str], default ()
        Options of `train` about this machine, which a run does not remember: threads, processes.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None], words: Sequence[str] = ()):
        self.folder, self.tell, self.words = folder, tell, tuple(words)
        self.fault = ""  # why the last one that was started from here ended
        self._process: subprocess.Popen[bytes] | None = None
        self._before: tuple[int, int] | None = None  # the mark of run.json when it was started
        self._told: threading.Thread | None = None
        self._asked: int | None = None  # the process that was asked to end: a second time would end it at once
        self._changing = threading.Lock()  # by one page at a time

    @property
    def number(self) -> int | None:
        """The process that trains; None if none does."""
        if self.is_ours:
            assert self._process is not None
            return self._process.pid
        return writer_of(self.folder)

    @property
    def is_ours(self) -> bool:
        """Whether a training goes on that was started from here."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_starting(self) -> bool:
        """Whether a training that was started from here has not made, or taken up, its run yet."""
        return self.is_ours and mark(self.folder / RUN) == self._before

    @property
    def is_stopping(self) -> bool:
        """Whether the training that goes on was asked to end."""
        return self._asked is not None and self._asked == self.number

    @property
    def code(self) -> int | None:
        """The exit code of the last training that was started from here; None if there is none, or it goes on."""
        return None if self._process is None else self._process.poll()

    def start(self, words: Sequence[str], data: str | None = None) -> None:
        """Start `shortrun train` with these options, on data if the run does not know them.

        It has a session of its own, so that Ctrl-C in the terminal reaches it once, from `end`; and it writes to a file
        without a name, which outlives whoever reads it.
        """
        begin = [*TRAIN, *words, *self.words, f"--output={self.folder}"]
        begin += [] if data is None else ["--", data]
        output = tempfile.TemporaryFile()  # noqa: SIM115 - `_tell` closes it
        self.fault, self._before = "", mark(self.folder / RUN)
        self._process = subprocess.Popen(
            begin, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._told = threading.Thread(target=self._tell, args=(self._process, output), daemon=True)
        self._told.start()

    def _tell(self, process: subprocess.Popen[bytes], output: BinaryIO) -> None:
        """Pass on what a process says, as it says it."""
        place, rest, ended = 0, b"", False
        with output:
            while not ended:
                ended = process.poll() is not None  # before the last look
                found = os.pread(output.fileno(), 2**20, place)  # the process writes at the end, whatever is read
                place += len(found)
                *lines, rest = (rest + found).split(b"\n")
                for line in lines:
                    text = line.decode(errors="replace")
                    self.fault = text.removeprefix(FAULT) if text.startswith(FAULT) else self.fault
                    with contextlib.suppress(OSError):  # of a terminal that is gone
                        self.tell(text)
                if not found:
                    time.sleep(LOOK_SECONDS)
                ended = ended and not found

    def wait_for_run(self) -> bool:
        """Wait until a training that was started has made or taken up its run; False if an error ended it before."""
        while self.is_starting:
            time.sleep(LOOK_SECONDS)
        if self.is_ours or mark(self.folder / RUN) != self._before:
            return True
        assert self._told is not None
        self._told.join()
        return self.code == 0

    def stop(self) -> None:
        """Ask the training to end after its update, which is kept, and wait until it has.

        Raises
        ------
        StoreError
            If it has not ended after two minutes.
        """
        with self._changing:
            self._stop()

    def resume(self, rate: float | str | None = None) -> None:
        """Let the training go on, with another learning rate if one is given; one that goes on is stopped before.

        Raises
        ------
        StoreError
            If it does not stop.
        """
        with self._changing:
            if rate is None and self.number is not None and not self.is_stopping:
                return  # another page was faster
            self._stop()
            self.start(["--resume", *([] if rate is None else [f"--rate={rate}"])])

    def _stop(self) -> None:
        number = self.number
        if number is None:
            return
        if number != self._asked:
            self._asked = number
            os.kill(number, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while self.number == number:
            if time.monotonic() > until:
                raise StoreError(self.folder, f"its training (process {number}) has not stopped yet")
            time.sleep(LOOK_SECONDS)
        if self._told is not None:
            self._told.join()

    def end(self) -> None:
        """End a training that was started from here, after its update; one that went on before is left alone.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C was pressed once more, which ended it at once.
        """
        if not self.is_ours:
            return
        try:
            self.stop()
        except KeyboardInterrupt:
            if self.is_ours and self._process is not None:
                self._process.terminate()
                self._process.wait()
            raise

    @property
    def command(self) -> str:
        """The command that shows the run again."""
        return shlex.join(["shortrun", "studio", str(self.folder)])
