"""Processes that work together, as threads of this one: the arithmetic is that of real ones."""

from __future__ import annotations

import threading

import torch

from shortrun.parallel import Group, Mesh
from shortrun.parallel.mesh import ALONE, sharing


class Told(Group):
    """A group whose members are threads."""

    def __init__(self, rank, count, board, barrier):
        super().__init__(rank, count)
        object.__setattr__(self, "board", board)
        object.__setattr__(self, "barrier", barrier)

    def whole(self, mine, rows):
        found = torch.cat(self.of_all(mine.clone()))
        assert len(found) == rows
        return found

    def of_all(self, mine):
        """Return what each member has."""
        self.board[self.rank] = mine
        self.barrier.wait()
        found = [self.board[rank] for rank in range(self.count)]
        self.barrier.wait()
        return found

    def told(self, make):
        return self.of_all(make() if self.rank == 0 else None)[0]

    def total(self, mine):
        return mine.copy_(self.whole(mine.unsqueeze(0), self.count).sum(0))

    def largest(self, mine):
        return self.whole(torch.tensor([mine], dtype=torch.float64), self.count).amax(0).tolist()


def together(count, work):
    """Return what each member of a group of threads gets from `work(group)`."""
    board, barrier, found = {}, threading.Barrier(count, timeout=60), {}

    def member(rank):
        try:
            found[rank] = work(Told(rank, count, board, barrier))
        except BaseException:
            barrier.abort()
            raise

    threads = [threading.Thread(target=member, args=(rank,)) for rank in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count
    return [found[rank] for rank in range(count)]


def sharing_all(rows, sites, work):
    """Return what each of `rows` times `sites` members gets from `work()`, while they share its work."""
    groups = [({}, threading.Barrier(n, timeout=60)) for n in [sites] * rows + [rows] * sites]

    def member(everyone):
        row, column = divmod(everyone.rank, sites)
        of_rows = Told(row, rows, *groups[rows + column]) if rows > 1 else ALONE
        of_sites = Told(column, sites, *groups[row]) if sites > 1 else ALONE
        with sharing(Mesh(everyone, of_rows, of_sites)):
            return work()

    return together(rows * sites, member)
