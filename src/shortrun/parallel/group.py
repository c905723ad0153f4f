"""What processes that train one model tell one another; all of them must ask the same questions in the same order."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from shortrun.errors import ParallelError
from shortrun.ranks import Place

T = TypeVar("T")
PATIENCE = datetime.timedelta(hours=1)  # the first process may write, and judge samples, while others wait

_current: Group | None = None


@dataclass(frozen=True)
class Group:
    """Processes that train one model.

    Parameters
    ----------
    rank : int
        The number of this process, from 0; the first one owns files, terminal and clock.
    count : int
        How many there are.
    """

    rank: int
    count: int

    @classmethod
    @contextmanager
    def joined(cls, place: Place, where: str | None = None) -> Iterator[Group]:
        """Join the others at a place, or in a file of this name; leave them at the end.

        Raises
        ------
        ParallelError
            If they cannot be found.
        """
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
        with telling():
            dist.init_process_group(
                backend,
                init_method=where or f"tcp://{place.address}:{place.port}",
                rank=place.rank,
                world_size=place.count,
                timeout=PATIENCE,
            )
        try:
            yield cls(place.rank, place.count)
        finally:
            dist.destroy_process_group()

    def part(self, rows: int) -> slice:
        """Return which of some rows are those of this process: equally many, give or take one."""
        return slice(self.rank * rows // self.count, (self.rank + 1) * rows // self.count)

    def whole(self, mine: Tensor, rows: int) -> Tensor:
        """Return all rows, (rows, ...), of which each process has its `part`."""
        edges = [rank * rows // self.count for rank in range(self.count + 1)]
        sizes = [last - first for first, last in pairwise(edges)]
        padded = mine.new_zeros(max(sizes), *mine.shape[1:])
        padded[: len(mine)] = mine
        found = list(mine.new_empty(self.count, *padded.shape).unbind())
        with telling():
            dist.all_gather(found, padded)
        return torch.cat([part[:size] for part, size in zip(found, sizes, strict=True)])

    def added(self, mine: Tensor) -> Tensor:
        """Return the sum of what the processes have, in their order whatever arrives first."""
        parts = self.whole(mine.unsqueeze(0), self.count)
        return parts.sum(0)

    def told(self, make: Callable[[], T]) -> T:
        """Return what the first process makes."""
        box: list[T | BaseException | None] = [None]
        if self.rank == 0:
            try:
                box[0] = make()
            except Exception as error:
                box[0] = error
                with telling():
                    dist.broadcast_object_list(box)
                raise
        with telling():
            dist.broadcast_object_list(box)
        if isinstance(box[0], BaseException):
            raise ParallelError(f"the first process failed: {box[0]}")
        return box[0]  # type: ignore[return-value]

    def any(self, mine: bool) -> bool:
        """Return whether it is true in any process."""
        flag = torch.tensor([int(mine)], dtype=torch.uint8)
        with telling():
            dist.all_reduce(flag, dist.ReduceOp.MAX)
        return bool(flag.item())

    def check_equal(self, theta: Tensor, update: int) -> None:
        """Check that all processes have the same parameters, bit for bit.

        Raises
        ------
        ParallelError
            If they have not.
        """
        bits = theta.detach().cpu().view(torch.int32).to(torch.int64)
        own = torch.stack([bits.sum(), (bits * (1 + torch.arange(len(bits)) % 65_521)).sum()])
        if bool((self.whole(own.unsqueeze(0), self.count) != own).any()):
            raise ParallelError(
                f"the processes have different parameters after update {update}: "
                "use one kind of processor and one version of PyTorch for all of them"
            )


@contextmanager
def telling() -> Iterator[None]:
    """Say in one line that another process is gone."""
    try:
        yield
    except RuntimeError as error:
        why = re.sub(r"^\[\S+\] ", "", str(error).splitlines()[0])  # without the place in the library's source
        raise ParallelError(
            f"another process of this training ended, or cannot be reached ({why[:120]}); "
            "what was saved goes on with --resume"
        ) from error


def current() -> Group | None:
    """Return the processes that share the work at present; None if this one works alone.

    Examples
    --------
    >>> current() is None
    True
    """
    return _current


@contextmanager
def sharing(group: Group | None) -> Iterator[Group | None]:
    """Let the machines of `engine.machine` share their chains among these processes, until the end."""
    global _current
    before, _current = _current, group
    try:
        yield group
    finally:
        _current = before
