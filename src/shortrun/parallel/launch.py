"""Further processes on this machine, that do the same as the first one."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from shortrun.parallel.group import Group
from shortrun.ranks import Place

LEAVE_SECONDS = 30  # that followers have to end in, after the first process has


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
    """
    threads = torch.get_num_threads()
    own = max(1, threads // count)
    with tempfile.TemporaryDirectory(prefix="shortrun-") as folder:
        where = f"file://{Path(folder) / 'others'}"
        environment = os.environ | {"OMP_NUM_THREADS": str(own)} | loopback()
        os.environ.update(loopback())
        work = pickle.dumps((count, where, function, arguments))
        started = [
            subprocess.Popen([sys.executable, "-m", __name__, str(rank)], stdin=subprocess.PIPE, env=environment)
            for rank in range(1, count)
        ]
        try:
            for process in started:
                assert process.stdin is not None
                process.stdin.write(work)
                process.stdin.close()
            torch.set_num_threads(own)
            with Group.joined(Place(0, count, "", 0), where) as group:
                yield group
            for process in started:
                process.wait(LEAVE_SECONDS)
        finally:
            torch.set_num_threads(threads)
            for process in started:
                process.kill()
                process.wait()


def loopback() -> dict[str, str]:
    """Return what keeps messages between processes of this machine off the network, where no one said otherwise."""
    name = "lo0" if sys.platform == "darwin" else "lo"
    return {} if "GLOO_SOCKET_IFNAME" in os.environ or os.name == "nt" else {"GLOO_SOCKET_IFNAME": name}


def main() -> int:
    """Do as the first process says, silently: it tells what goes wrong."""
    import importlib
    import signal

    from shortrun.errors import ShortrunError

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of them; the first one decides
    count, where, function, arguments = pickle.loads(sys.stdin.buffer.read())  # made by `followers` in our parent
    module, _, name = function.partition(":")
    try:
        with Group.joined(Place(int(sys.argv[1]), count, "", 0), where) as group:
            getattr(importlib.import_module(module), name)(group=group, **arguments)
    except ShortrunError:
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
