"""What processes that work together tell one another; all of them must ask the same questions in the same order."""

from __future__ import annotations

import datetime
import re
import sys
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
SMALL = 2**14  # bytes up to which the way of a message takes longer than the message
DIRECT = 2**20  # bytes up to which a process sends to each other one, not round a ring


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
    _ahead: list[Exchange] = field(default_factory=list, compare=False, repr=False)

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
        as_before = sys.excepthook  # torch puts the rank before each line of a traceback, for good
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
            sys.excepthook = as_before
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
        found = mine.new_empty(self.count, *padded.shape)
        sent = (self.count - 1) * padded.nbytes
        self.traffic.add(sent)
        with telling():
            if mine.is_cpu and sent <= DIRECT:
                self._send_to_all(padded, found)
            else:
                dist.all_gather(list(found.unbind()), padded, group=self.members)
        return torch.cat([part[:size] for part, size in zip(found, sizes, strict=True)])

    def wholes(self, mine: Sequence[Tensor], rows: int) -> list[Tensor]:
        """Return the whole of several tensors (n, ...) in one message."""
        packed = [x.reshape(len(x), -1).contiguous().view(torch.uint8) for x in mine]
        found = self.whole(torch.cat(packed, 1), rows).split([x.shape[1] for x in packed], 1)
        return [part.contiguous().view(x.dtype).view(rows, *x.shape[1:]) for part, x in zip(found, mine, strict=True)]

    def _send_to_all(self, mine: Tensor, found: Tensor) -> None:
        """Send a tensor to each of the others, and receive theirs."""
        others = [(self.rank + i) % self.count for i in range(1, self.count)]
        on_the_way = [self.receive(found[other], other) for other in others]
        on_the_way += [self.send(mine, other) for other in others]
        found[self.rank] = mine
        for one in on_the_way:
            one.wait()

    def added(self, mine: Tensor) -> Tensor:
        """Return the sum of what the processes have, in their order whatever arrives first."""
        parts = self.whole(mine.unsqueeze(0), self.count)
        return parts.sum(0)

    def total(self, mine: Tensor, *, again: bool = False) -> Tensor:
        """Return the sum of what the processes have, in the memory of `mine`; exact numbers, in whatever order.

        Parameters
        ----------
        mine : Tensor
            What this process has.
        again : bool, default False
            A promise that the next sum of this group is of a tensor like this one: it takes half as long on the way.
        """
        return self._reduced(mine, torch.add, again=again)

    def largest(self, mine: Sequence[float]) -> list[float]:
        """Return the largest first number of any process, the largest second one, ..."""
        return self._reduced(torch.tensor(mine, dtype=torch.float64), torch.maximum).tolist()

    def _reduced(self, mine: Tensor, how: Callable[..., Tensor], *, again: bool = False) -> Tensor:
        if self.count == 1:
            return mine
        with telling():
            if mine.is_cpu and self.count & (self.count - 1) == 0:
                now = self._ahead.pop() if self._ahead else Exchange(self, mine)
                assert now.shape == mine.shape
                if again:
                    self._ahead.append(Exchange(self, mine))
                self.traffic.add(now.reduce(mine.view(-1), how))
            else:
                self.traffic.add(2 * mine.nbytes * (self.count - 1) / self.count)
                reduction = {torch.add: dist.ReduceOp.SUM, torch.maximum: dist.ReduceOp.MAX}[how]
                dist.all_reduce(mine, reduction, group=self.members)
        return mine

    def send(self, x: Tensor, to: int, tag: int = 0) -> Any:
        """Send a tensor to a member; return what to wait for."""
        return dist.isend(x, group=self.members, group_dst=to, tag=tag)

    def receive(self, x: Tensor, of: int, tag: int = 0) -> Any:
        """Receive a tensor from a member; return what to wait for."""
        return dist.irecv(x, group=self.members, group_src=of, tag=tag)

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
        return bool(self._reduced(torch.tensor([int(mine)], dtype=torch.uint8), torch.maximum).item())

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


class Exchange:
    """One sum, or maximum, over a group of 2^m processes, by pairs: of m, m - 1, ... of them half is summed at a time.

    Two processes at distance 1, then 2, 4, ... each send half of what they have and sum the other half; then the halves
    go back. Small tensors, and those of the last pair, are sent whole: 2 m - 1 messages one after the other, m of small
    ones, where a ring takes 2 (2^m - 1). What arrives has its room before anything is sent, for gloo sends no message
    before it hears that it is expected.

    Parameters
    ----------
    group : Group
        The processes; all of them make it.
    like : Tensor
        What is summed is like this.
    """

    def __init__(self, group: Group, like: Tensor):
        self.group, self.shape = group, like.shape
        self.rooms: list[tuple[Tensor, Any]] = []  # in the order in which they are filled
        size, distance, back = like.numel(), 1, []
        while distance < group.count:
            if not self._is_whole(size * like.element_size(), distance):
                mine, other = self._halves(range(size), distance)
                back.append((len(other), distance))
                size = len(mine)
            self._expect(like, size, distance)
            distance *= 2
        for size, distance in reversed(back):
            self._expect(like, size, distance)

    def _expect(self, like: Tensor, size: int, distance: int) -> None:
        room = like.new_empty(size)
        self.rooms.append((room, self.group.receive(room, self.group.rank ^ distance, distance)))

    def _is_whole(self, size: int, distance: int) -> bool:
        return size <= SMALL or 2 * distance == self.group.count

    def _halves(self, x: Any, distance: int) -> tuple[Any, Any]:
        """Return the half that this process sums, and that of the process at a distance."""
        first, second = x[: len(x) // 2], x[len(x) // 2 :]
        return (second, first) if self.group.rank & distance else (first, second)

    def reduce(self, x: Tensor, how: Callable[..., Tensor]) -> int:
        """Sum flat tensors in place; return the bytes that were sent."""
        self.filled = iter(self.rooms)
        return self._reduce(x, how, 1)

    def _reduce(self, x: Tensor, how: Callable[..., Tensor], distance: int) -> int:
        if distance == self.group.count:
            return 0
        if self._is_whole(x.nbytes, distance):
            how(x, self._swapped(x, distance), out=x)
            return x.nbytes + self._reduce(x, how, 2 * distance)
        mine, other = self._halves(x, distance)
        how(mine, self._swapped(other, distance), out=mine)
        sent = x.nbytes + self._reduce(mine, how, 2 * distance)
        other.copy_(self._swapped(mine, distance))
        return sent

    def _swapped(self, x: Tensor, distance: int) -> Tensor:
        """Send a tensor to the process at a distance; return what it sends."""
        room, expected = next(self.filled)
        sent = self.group.send(x, self.group.rank ^ distance, distance)
        expected.wait()
        sent.wait()
        return room


@contextmanager
def telling() -> Iterator[None]:
    """Say in one line that another process is gone."""
    try:
        yield
    except RuntimeError as error:
        why = re.sub(r"^\[\S+\] ", "", str(error).splitlines()[0])  # without the place in the library's source
        why = why.split(". ")[0].rstrip(".")  # what follows is where to look, in words for programmers
        raise LostError(f"another process ended, or cannot be reached ({why})") from error
