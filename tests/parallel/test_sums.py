"""Sums over processes by pairs: what arrives, how many messages one after the other, and how many bytes.

The processes are threads, whose messages go through queues; those of real ones are in test_processes.py.
"""

import queue
import threading
from types import SimpleNamespace

import pytest
import torch

from shortrun.parallel import Group, group


class Member(Group):
    """A group whose members are threads."""

    def __init__(self, rank, count, post):
        super().__init__(rank, count)
        object.__setattr__(self, "post", post)

    def send(self, x, to, tag=0):
        self.post[self.rank, to, tag].put(x.clone())
        return SimpleNamespace(wait=lambda: None)

    def receive(self, x, of, tag=0):
        return SimpleNamespace(wait=lambda: x.copy_(self.post[of, self.rank, tag].get(timeout=20)))


def together(count, work):
    """Return what each member gets from `work(group)`, and the members."""
    ranks, found = range(count), {}
    post = {(one, other, tag): queue.Queue() for one in ranks for other in ranks for tag in (0, one ^ other)}
    members = [Member(rank, count, post) for rank in ranks]

    def begin(member):
        found[member.rank] = work(member)

    threads = [threading.Thread(target=begin, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[rank] for rank in ranks], members


@pytest.mark.parametrize("small", [0, 64, 2**14])
@pytest.mark.parametrize("count", [2, 4, 8])
def test_all_have_the_sum(count, small, monkeypatch):
    monkeypatch.setattr(group, "SMALL", small)
    mine = [torch.randint(-99, 99, (3, 67), generator=torch.Generator().manual_seed(rank)) for rank in range(count)]

    def work(member):
        once = member.total(mine[member.rank].float(), again=True)
        twice = member.total(2 * mine[member.rank].float())
        return once, twice, member.largest([float(member.rank), -1.0])

    found, members = together(count, work)
    for once, twice, largest in found:
        assert torch.equal(once, sum(mine).float())
        assert torch.equal(twice, 2 * once)
        assert largest == [count - 1, -1]
    assert {member.traffic.messages for member in members} == {3}


@pytest.mark.parametrize("size", [8, 100_000])
@pytest.mark.parametrize("count", [2, 4, 16])
def test_messages_one_after_the_other(count, size):
    """2^m processes: m of small tensors; 2 m - 1 of large ones, with the bytes of a ring."""
    made, _ = together(count, lambda member: group.Exchange(member, torch.zeros(size)))
    rounds, large = count.bit_length() - 1, 4 * size > count * group.SMALL
    assert {len(exchange.rooms) for exchange in made} == {2 * rounds - 1 if large else rounds}
    _, members = together(count, lambda member: member.total(torch.ones(size)))
    assert {member.traffic.bytes for member in members} == {
        round(2 * (count - 1) / count * 4 * size) if large else rounds * 4 * size
    }


@pytest.mark.parametrize("rows", [3, 4, 11])
def test_all_have_all_rows(rows):
    layers = [torch.arange(rows * 5).view(rows, 5).byte(), torch.linspace(0, 1, rows * 2).view(rows, 2)]
    found, members = together(3, lambda member: member.wholes([x[member.part(rows)] for x in layers], rows))
    for each in found:
        assert all(map(torch.equal, each, layers))
    assert {member.traffic.messages for member in members} == {1}
