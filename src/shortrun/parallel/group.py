"""What processes that work together tell one another; all of them must ask the same questions in the same order."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count, pairwise
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from shortrun.errors import LostError, ParallelError
from shortrun.ranks import Place

T = TypeVar("T")
PATIENCE = datetime.timedelta(hours=1)  # the first process may write, and judge samples, while others wait


@dataclass
class Traffic:
    """What a process sent to others of a group."""

    messages: int = 0
    bytes: int = 0

    def add(self, count: float) -> None:
        """Count a message of so many bytes."""
        self.messages += 1
        self.bytes += round(count)


@dataclass(frozen=True)
class Group:
    """Processes that work together.

    Parameters
    ----------
    rank : int
        The number of this process, from 0; the first one owns files, terminal and clock.
    count : int
        How many there are.
    members : ProcessGroup, optional
        Those of `torch.distributed` that it has; all of them by default.
    traffic : Traffic
        What this process sent.
    """

    rank: int
    count: int
    members: Any = field(default=None, compare=False, repr=False)
    traffic: Traffic = field(default_factory=Traffic, compare=False, repr=False)

    @classmethod
    @contextmanager
    def joined(cls, place: Place, where: str | None = None) -> Iterator[Group]:
        """Join the others at a place, or in a file of this name; leave them at the end.

        Processes may join at a place again and again, as often as all of them do.

        Raises
        ------
        ParallelError
            If they cannot be found.
        """
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
        who = {"rank": place.rank, "world_size": place.count, "timeout": PATIENCE}
        with telling():
            if where is not None:
                dist.init_process_group(backend, init_method=where, **who)
            else:
                board, turns = board_at(place)
                turn = dist.PrefixStore(f"turn {next(turns)}", board)  # pyright: ignore[reportPrivateImportUsage]
                dist.init_process_group(backend, store=turn, **who)
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
        self.traffic.add((self.count - 1) * padded.nbytes)
        with telling():
            dist.all_gather(found, padded, group=self.members)
        return torch.cat([part[:size] for part, size in zip(found, sizes, strict=True)])

    def added(self, mine: Tensor) -> Tensor:
        """Return the sum of what the processes have, in their order whatever arrives first."""
        parts = self.whole(mine.unsqueeze(0), self.count)
        return parts.sum(0)

    def total(self, mine: Tensor) -> Tensor:
        """Return the sum of what the processes have, in the memory of `mine`; exact numbers, in whatever order."""
        return self._reduced(mine, dist.ReduceOp.SUM)

    def largest(self, mine: Sequence[float]) -> list[float]:
        """Return the largest first number of any process, the largest second one, ..."""
        return self._reduced(torch.tensor(mine, dtype=torch.float64), dist.ReduceOp.MAX).tolist()

    def _reduced(self, mine: Tensor, how: Any) -> Tensor:
        if self.count > 1:
            self.traffic.add(2 * mine.nbytes * (self.count - 1) / self.count)
            with telling():
                dist.all_reduce(mine, how, group=self.members)
        return mine

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
        return bool(self._reduced(torch.tensor([int(mine)], dtype=torch.uint8), dist.ReduceOp.MAX).item())

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


@cache
def board_at(place: Place) -> tuple[Any, Iterator[int]]:
    """Return where processes at a place find one another, as long as they live, and the numbers of their meetings."""
    url = f"tcp://{place.address}:{place.port}"
    found = dist.rendezvous(url, place.rank, place.count, timeout=PATIENCE)  # pyright: ignore[reportPrivateImportUsage]
    return next(iter(found))[0], count()


@contextmanager
def telling() -> Iterator[None]:
    """Say in one line that another process is gone."""
    try:
        yield
    except RuntimeError as error:
        why = re.sub(r"^\[\S+\] ", "", str(error).splitlines()[0])  # without the place in the library's source
        raise LostError(f"another process ended, or cannot be reached ({why[:120]})") from error
