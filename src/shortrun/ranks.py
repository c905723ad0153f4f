"""Where a process stands among others, read off its environment; knows no torch, so that asking costs nothing."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

FIRST_PORT, PORTS = 20_000, 20_000  # of jobs of SLURM, which chooses none


@dataclass(frozen=True)
class Place:
    """The number of a process, how many there are, and where the first one listens."""

    rank: int
    count: int
    address: str
    port: int


def here() -> Place | None:
    """Return the place that torchrun or srun gave this process; None for a process on its own.

    Examples
    --------
    >>> here() is None
    True
    """
    found = os.environ
    if int(found.get("WORLD_SIZE", "1")) > 1 and "RANK" in found:  # torchrun
        return Place(
            int(found["RANK"]),
            int(found["WORLD_SIZE"]),
            found.get("MASTER_ADDR", "localhost"),
            int(found.get("MASTER_PORT", "29500")),
        )
    if int(found.get("SLURM_STEP_NUM_TASKS", "1")) > 1:  # srun
        port = FIRST_PORT + (int(found["SLURM_JOB_ID"]) + int(found.get("SLURM_STEP_ID", "0"))) % PORTS
        address = first_host(found["SLURM_STEP_NODELIST"])
        return Place(int(found["SLURM_PROCID"]), int(found["SLURM_STEP_NUM_TASKS"]), address, port)
    return None


def follows() -> bool:
    """Return whether this process is one of several, and not the first: it writes no file and shows nothing."""
    place = here()
    return place is not None and place.rank > 0


def first_host(nodes: str) -> str:
    """Return the first of the hosts that SLURM lists.

    Examples
    --------
    >>> first_host("gpu[07-09,12],login"), first_host("a1,a2")
    ('gpu07', 'a1')
    """
    name, numbers = re.match(r"([^,\[]*)(?:\[(\d+))?", nodes).groups()  # type: ignore[union-attr]
    return name + (numbers or "")
