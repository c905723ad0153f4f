"""The processes that share some work: those that are there already, or further ones of this machine."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from shortrun import scratch
from shortrun.data.core.blocks import opened_by
from shortrun.errors import ConfigError, ParallelError, ShortrunError
from shortrun.parallel.group import Group
from shortrun.parallel.mesh import Mesh, current, shape_of
from shortrun.phrases import counted
from shortrun.ranks import Place, here

READY = b"ready\n"
ONE_AT_A_TIME = threading.Lock()  # torch has one group of processes; threads may ask for several
LEAVE_SECONDS = 30  # that followers have to end in, after the first process has


@contextmanager
def joined(
    processes: int,
    share: str,
    function: str,
    arguments: Mapping[str, Any],
    check: Callable[[int, int], None] | None = None,
) -> Iterator[Mesh | None]:
    """Join those that share this process's work; None for one that works alone.

    They are those that it shares work with already, else those that torchrun or srun started, which come here too; else
    they are started, and call a function.

    Parameters
    ----------
    processes, share : int, str
        How many to start, and what all of them share.
    function : str
        "module:name", as for `followers`; it gets `share` too.
    arguments : Mapping
        Further keywords.
    check : Callable, optional
        Called with how many share the rows, and how many the sites, before they meet.

    Raises
    ------
    ConfigError
        If there are not so many processes as `share` is for, torchrun or srun started another number of them, or this
        one shares other work that is not done yet.
    """
    mesh, place = current(), here()
    count = processes if place is None else place.count
    if mesh is None and processes not in (1, count):
        raise ConfigError("processes", f"not beside torchrun or srun, which started {counted(count, 'process')}")
    rows, sites = shape_of(share, count) if mesh is None else (mesh.rows.count, mesh.sites.count)
    if check is not None:
        check(rows, sites)
    if mesh is not None:
        yield mesh
        return
    if count == 1:
        yield None
        return
    if dist.is_initialized() or not ONE_AT_A_TIME.acquire(blocking=False):
        raise ConfigError("processes", "1 expected: this process shares other work, which is not done yet")
    all_of_them = Group.joined(place) if place else followers(count, function, {"share": share, **arguments})
    try:
        with all_of_them as group:
            yield Mesh.of(group, share)
    finally:
        ONE_AT_A_TIME.release()


@contextmanager
def followers(count: int, function: str, arguments: dict[str, Any]) -> Iterator[Group]:
    """Start `count - 1` processes that call a function with these arguments, and share this one's threads with them.

    Parameters
    ----------
    count : int
        Of all processes.
    function : str
        "module:name"; it gets the group as the keyword `group`, and the arguments.
    arguments : dict
        Further keywords, which can be pickled.

    Raises
    ------
    ParallelError
        If one of them ends before it has begun.
    """
    with tempfile.TemporaryDirectory(dir=scratch.home(), ignore_cleanup_errors=True) as folder:
        where = f"file://{Path(folder) / 'others'}"
        os.environ.update(loopback())
        with _started(Path(folder), function, [arguments] * (count - 1), where) as others:
            with Group.joined(Place(0, count, "", 0), where) as group:
                yield group
            for follower in others:
                follower.leave()


@contextmanager
def workers(function: str, tasks: Sequence[dict[str, Any]]) -> Iterator[None]:
    """Start a process for each task, which calls a function on its own; leave when all of them have ended.

    They share this process's threads with it, know no signal but one that kills, and are killed if an error ends the
    block.

    Parameters
    ----------
    function : str
        "module:name"; it gets a task as keywords.
    tasks : Sequence[dict]
        Those keywords, which can be pickled.

    Raises
    ------
    ParallelError
        If one of them fails; it ends with what that process said last.
    """
    with (
        tempfile.TemporaryDirectory(dir=scratch.home(), ignore_cleanup_errors=True) as folder,
        _started(Path(folder), function, tasks, None) as others,
    ):
        yield
        for other in others:
            if code := other.process.wait():
                raise other.failed("ended", code)


@contextmanager
def _started(
    folder: Path, function: str, tasks: Sequence[dict[str, Any]], where: str | None
) -> Iterator[list[Follower]]:
    """Start a process for each task, with its part of the threads, and end those that have not ended."""
    threads, count = torch.get_num_threads(), len(tasks) + 1
    own = max(1, threads // count)
    environment = os.environ | {"OMP_NUM_THREADS": str(own)}
    started = [Follower(rank, folder, environment) for rank in range(1, count)]
    try:
        for follower, task in zip(started, tasks, strict=True):
            follower.give(packed((count, where, function, task)))
        for follower in started:
            follower.wait_until_ready()
        torch.set_num_threads(own)
        yield started
    finally:
        torch.set_num_threads(threads)
        for follower in started:
            follower.end()


class Packer(pickle.Pickler):
    """Packs values for a process of this machine: of memory maps it packs where their file is."""

    def reducer_override(self, obj: Any) -> Any:
        """Return how to make an object again, where it is not as usual."""
        place = opened_by(obj) if isinstance(obj, np.ndarray) else None
        return NotImplemented if place is None else (np.memmap, place)


def packed(value: Any) -> bytes:
    """Return a value as `Packer` packs it."""
    room = io.BytesIO()
    Packer(room).dump(value)
    return room.getvalue()


class Follower:
    """A process that follows this one. What libraries say in it is kept in a file, for an error to end with.

    Parameters
    ----------
    rank : int
        Its number.
    folder : Path
        Where the file is.
    environment : dict
        Its variables.
    """

    def __init__(self, rank: int, folder: Path, environment: dict[str, str]):
        self.rank, self.words = rank, folder / f"stderr-{rank}"
        # -P: a file of the working directory is no module of Python's library.
        begin = [sys.executable, "-P", "-c", f"import sys; from {__name__} import main; sys.exit(main())", str(rank)]
        with self.words.open("wb") as words:
            self.process = subprocess.Popen(
                begin, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, env=environment
            )

    def give(self, work: bytes) -> None:
        """Hand over what it has to do."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended, which `wait_until_ready` says
            self.process.stdin.write(work)
            self.process.stdin.flush()

    def wait_until_ready(self) -> None:
        """Wait until it is about to join.

        Raises
        ------
        ParallelError
            If it ends before.
        """
        assert self.process.stdout is not None
        if self.process.stdout.readline() != READY:
            raise self.failed("ended as it began", self.process.wait())

    def failed(self, how: str, code: int) -> ParallelError:
        """Return the error that says what it said last."""
        *_, last = ["", *self.words.read_text(errors="replace").split("\n")[:-1]]
        return ParallelError(f"process {self.rank} {how} (exit code {code}): {last or 'it said nothing'}")

    def leave(self) -> None:
        """Give it some time to end by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(LEAVE_SECONDS)

    def end(self) -> None:
        """End it, if it has not ended."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def loopback() -> dict[str, str]:
    """Return what keeps messages between processes of this machine off the network, where no one said otherwise."""
    name = "lo0" if sys.platform == "darwin" else "lo"
    return {} if "GLOO_SOCKET_IFNAME" in os.environ or os.name == "nt" else {"GLOO_SOCKET_IFNAME": name}


def end_with_parent() -> None:
    """End this process when the one that started it has ended, however: nobody else reads what it finds."""
    os.read(sys.stdin.fileno(), 1)  # not of `sys.stdin`, which Python could not close at its own end
    os._exit(1)


def main() -> int:
    """Do as the first process says: it tells what goes wrong, and decides what a signal means."""
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.SIG_IGN)
    count, where, function, arguments = pickle.load(sys.stdin.buffer)  # made by `_started` in our parent
    module, _, name = function.partition(":")
    call = getattr(importlib.import_module(module), name)
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    try:
        if where is None:
            threading.Thread(target=end_with_parent, daemon=True).start()
            call(**arguments)
        else:
            with Group.joined(Place(int(sys.argv[1]), count, "", 0), where) as group:
                call(group=group, **arguments)
    except ShortrunError as error:
        print(error, file=sys.stderr)  # noqa: T201 - to a file, for the first process
        return 2
    return 0
