"""Parameters and chains on their way between the first process, which reads and writes them, and those that have them.

A piece goes from where it is to where it belongs in a whole tensor, so that the first process has the whole once, and
no other process more than its part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from shortrun.models import RBM, RBMPart, Training, sites_of
from shortrun.parallel.group import telling
from shortrun.parallel.mesh import Mesh
from shortrun.typing import State


class Piece(NamedTuple):
    """Numbers that lie together in the parameters of a part, and in those of the whole."""

    mine: slice
    whole: slice
    is_everywhere: bool  # the label's and the hidden biases


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a machine whose sites processes share.

    Parameters
    ----------
    whole : RBM
        The machine.
    mesh : Mesh
        The processes.
    """

    whole: RBM
    mesh: Mesh

    @property
    def is_first(self) -> bool:
        """Whether this process is the first one."""
        return self.mesh.everyone.rank == 0

    @cached_property
    def part(self) -> RBMPart:
        """That of this process."""
        return self._of(self.mesh.everyone.rank)

    def _of(self, rank: int) -> RBMPart:
        count = self.mesh.sites.count
        return RBMPart.of(self.whole, rank % count, count, self.mesh.sites)

    def _sites(self, rank: int) -> list[slice]:
        return sites_of(self.whole, rank % self.mesh.sites.count, self.mesh.sites.count)

    # ------------------------------------------------------------------------------------------ to the first process

    def gathered(self, mine: Tensor) -> Tensor | None:
        """Return the whole of what is like theta, in the first process."""
        if not self.is_first:
            if self.mesh.rows.rank == 0:
                for piece in pieces(self.part):
                    if not piece.is_everywhere:
                        self._send(mine[piece.mine], 0)
            return None
        found = torch.empty(self.whole.size())
        for piece in pieces(self.part):
            found[piece.whole] = mine[piece.mine]
        for rank in range(1, self.mesh.sites.count):
            for piece in pieces(self._of(rank)):
                if not piece.is_everywhere:
                    receive(found[piece.whole], rank)
        return found

    def gathered_state(self, mine: State) -> State | None:
        """Return the whole of layers (C, S), in the first process; labels and hidden layers are whole already."""
        found = tuple(self._gathered_layer(i, x) for i, x in enumerate(mine))
        return found if self.is_first else None

    def _gathered_layer(self, i: int, mine: Tensor) -> Tensor:
        if i >= len(self.whole.spec.observed) or self.part.adds(i) is None:
            return mine
        if not self.is_first:
            if self.mesh.rows.rank == 0:
                self._send(mine, 0)
            return mine
        parts = [mine]
        for rank in range(1, self.mesh.sites.count):
            sites = self._sites(rank)[i]
            width = (sites.stop - sites.start) * mine.shape[1] // self.part.spec.observed[i].sites
            parts.append(mine.new_empty(len(mine), width))
            receive(parts[-1], rank)
        return torch.cat(parts, 1)

    def everywhere(self, mine: State) -> State:
        """Return the whole of layers (C, S), in every process."""
        return tuple(self._everywhere(i, x) for i, x in enumerate(mine))

    def _everywhere(self, i: int, mine: Tensor) -> Tensor:
        if i >= len(self.whole.spec.observed) or self.part.adds(i) is None:
            return mine
        widths = [sites[i].stop - sites[i].start for sites in map(self._sites, range(self.mesh.sites.count))]
        padded = torch.nn.functional.pad(mine, (0, max(widths) - mine.shape[1]))
        parts = self.mesh.sites.whole(padded.unsqueeze(0), len(widths))
        return torch.cat([part[:, :width] for part, width in zip(parts, widths, strict=True)], 1)

    def gathered_features(self, mine: Tensor) -> Tensor | None:
        """Return the whole of a table (n, F) of features, in the first process."""
        found = self.gathered_state(tuple(mine[:, rows] for rows in self.part.slices))
        return None if found is None else torch.cat(found, 1)

    def gathered_training(self, mine: Training) -> Training | None:
        """Return the whole of a training, in the first process."""
        theta, moments = self.gathered(mine.theta), tuple(self.gathered(each) for each in mine.moments)
        average = None if mine.average is None else self.gathered(mine.average)
        chains = tuple(state and self.gathered_state(state) for state in mine.chains)
        if theta is None:
            return None
        there = tuple(moment for moment in moments if moment is not None)
        return replace(mine, theta=theta, moments=there, average=average, chains=chains)

    # ------------------------------------------------------------------------------------------ from the first process

    def handed(self, whole: Tensor | None) -> Tensor:
        """Return the part of this process of what the first one has, like theta."""
        mine = torch.empty(self.part.size())
        if whole is None:
            for piece in pieces(self.part):
                receive(mine[piece.mine], 0)
            return mine
        for rank in range(1, self.mesh.everyone.count):
            for piece in pieces(self._of(rank)):
                self._send(whole[piece.whole], rank)
        for piece in pieces(self.part):
            mine[piece.mine] = whole[piece.whole]
        return mine

    def handed_features(self, whole: Tensor | None) -> Tensor | None:
        """Return the columns of this process of a table (n, F) that the first one has, if it has one."""
        rows = self.mesh.everyone.told(lambda: None if whole is None else len(whole))
        if rows is None:
            return None
        if whole is not None:
            for rank in range(1, self.mesh.everyone.count):
                self._send(self._of(rank).taken(whole), rank)
            return self.part.taken(whole)
        mine = torch.empty(rows, self.part.shape[0])
        receive(mine, 0)
        return mine

    def handed_training(self, whole: Training | None) -> Training | None:
        """Return the part of this process of a training that the first one has, if it has one."""
        form = self.mesh.everyone.told(lambda: whole and replace(whole, **bare(whole)))
        if form is None:
            return None
        from_first = whole or form
        flat = [self.handed(each if self.is_first else None) for each in (from_first.theta, *from_first.moments)]
        average = None if form.average is None else self.handed(from_first.average if self.is_first else None)
        chains = tuple(state and self._handed_state(state) for state in from_first.chains)
        return replace(form, theta=flat[0], moments=tuple(flat[1:]), average=average, chains=chains)

    def _handed_state(self, state: State) -> State:
        """Return our sites of a state; of those that are not the first, `state` has the shapes alone."""
        found = []
        for i, x in enumerate(state):
            here = self._columns(self.mesh.everyone.rank, i)
            if self.is_first:
                for rank in range(1, self.mesh.everyone.count):
                    self._send(x[:, self._columns(rank, i)], rank)
                found.append(x[:, here].contiguous())
            else:
                width = x.shape[1] if here == slice(None) else here.stop - here.start
                found.append(torch.empty(len(x), width, dtype=x.dtype))
                receive(found[-1], 0)
        return tuple(found)

    def _columns(self, rank: int, i: int) -> slice:
        return self._sites(rank)[i] if i < len(self.whole.spec.observed) else slice(None)

    def _send(self, x: Tensor, rank: int) -> None:
        self.mesh.everyone.traffic.add(x.nbytes)
        with telling():
            dist.send(x.contiguous(), rank)


def receive(x: Tensor, rank: int) -> None:
    """Fill a tensor with what another process sends."""
    with telling():
        dist.recv(x, rank)


def pieces(part: RBMPart) -> Iterator[Piece]:
    """Yield the pieces of the parameters of a part."""
    hidden, whole = part.shape[1], part.whole.shape[0]
    for i, (mine, there) in enumerate(zip(part.slices, part.places(), strict=True)):
        own, of_whole = (slice(rows.start * hidden, rows.stop * hidden) for rows in (mine, there))
        yield Piece(own, of_whole, part.adds(i) is None)
    for i, (mine, there) in enumerate(zip(part.slices, part.places(), strict=True)):
        own, all_of_them = part.shape[0] * hidden, whole * hidden
        biases = slice(own + mine.start, own + mine.stop), slice(all_of_them + there.start, all_of_them + there.stop)
        yield Piece(*biases, part.adds(i) is None)
    yield Piece(slice(part.size() - hidden, part.size()), slice(part.whole.size() - hidden, part.whole.size()), True)


def bare(training: Training) -> dict[str, object]:
    """Return what a training is told with: its tensors without their numbers, those of chains with their shapes."""
    none = torch.empty(0)
    return {
        "theta": none,
        "moments": (none,) * len(training.moments),
        "average": None if training.average is None else none,
        "chains": tuple(
            state and tuple(torch.empty(1, 1, dtype=x.dtype).expand(x.shape) for x in state)
            for state in training.chains
        ),
    }
