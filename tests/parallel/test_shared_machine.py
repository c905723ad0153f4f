"""What several processes compute together equals, bit for bit, what one computes alone.

The processes are threads of this one, whose messages go through a list: the arithmetic is that of real ones. Trainings
by real processes are in test_processes.py.
"""

import threading

import pytest
import torch

from conftest import machine as tiny
from shortrun import engine
from shortrun.dynamics import Noise, Stream, start
from shortrun.engine.shared import shared
from shortrun.models import ChaoticNetwork, Clamp, NetworkSpec, RateLayer, RBMPart
from shortrun.parallel import Group, pieces
from shortrun.units import Bernoulli, Ising, Potts
from threads_as_processes import Told, together

ROWS = 37  # not a multiple of the number of processes, nor of 32


def computed(machine):
    """Return everything that an update asks of a machine, as one list of tensors."""
    model, noise = machine.model, Noise(3, Stream.FREE)
    data = tuple(start(model, Noise(4, Stream.FREE), ROWS, {})[:-1])
    weights = torch.linspace(0.5, 1.5, ROWS, dtype=machine.theta.dtype)
    machine.keep(data)
    seen = []
    begin = start(model, noise, ROWS, {"label": data[1]})

    def look(_, state):
        seen.append(state[0].clone())

    generated = machine.run(begin, noise, steps=4, clamp=Clamp(("label",)), observe=look)
    held = machine.run((*data, begin[-1]), noise, steps=2, clamp=Clamp(("visible",)))
    terms = [(data, 2 * weights), (generated, -weights), (held, -weights)]
    return [
        *generated,
        *held,
        *seen,
        machine.statistics(terms),
        *machine.means(data, weights),
        machine.label_log_probabilities(data),
        machine.free_energy(data),
        machine.hidden_log_z(data),
    ]


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize(
    ("visible", "hidden"),
    [(Bernoulli(), Bernoulli()), (Ising(), Ising()), (Potts(3), Bernoulli()), (Potts(21), Bernoulli())],
    ids=lambda units: f"{units.kind}{getattr(units, 'colours', '')}",
)
def test_the_kernels_share_without_a_trace(visible, hidden, count):
    model, theta = tiny(visible, hidden, sites=11, hidden_sites=33, classes=4)
    theta = theta.float()
    own = engine.machine(model, theta)
    if own.name != "lookup":
        pytest.skip("the kernels are not here")
    alone = computed(engine.machine(model, theta))
    for found in together(count, lambda group: computed(shared(engine.machine(model, theta), group))):
        for one, other in zip(alone, found, strict=True):
            torch.testing.assert_close(other, one, rtol=0, atol=0)


@pytest.mark.parametrize(("rows", "sites"), [(1, 2), (2, 2)])
@pytest.mark.parametrize(
    ("visible", "hidden"),
    [(Bernoulli(), Bernoulli()), (Ising(), Ising()), (Potts(3), Bernoulli()), (Potts(21), Bernoulli())],
    ids=lambda units: f"{units.kind}{getattr(units, 'colours', '')}",
)
def test_the_kernels_share_sites_without_a_trace(visible, hidden, rows, sites):
    """Each of `sites` members has some of them; `rows` of these share the chains."""
    model, theta = tiny(visible, hidden, sites=500, hidden_sites=33, classes=4)
    theta = theta.float() * 0.1
    if engine.machine(model, theta).name != "lookup":
        pytest.skip("the kernels are not here")
    alone = computed(engine.machine(model, theta))
    boards = [({}, threading.Barrier(n, timeout=60)) for n in [sites] * rows + [rows] * sites]

    def work(group):
        row, column = divmod(group.rank, sites)
        of_sites = Told(column, sites, *boards[row])
        part = RBMPart.of(model, column, sites, of_sites)
        own = torch.cat([theta[piece.whole] for piece in pieces(part)])
        ready = shared(engine.machine(part, own), Told(row, rows, *boards[rows + column]))
        return computed(ready)

    found = together(rows * sites, work)
    members = [RBMPart.of(model, column, sites, Told(column, sites, *boards[0])) for column in range(sites)]
    for row in range(rows):
        of_row = found[row * sites : (row + 1) * sites]
        for one, *mine in zip(alone, *of_row, strict=True):
            close = 1e-14 if one.dtype == torch.float64 else 0
            torch.testing.assert_close(assembled(members, one, mine), one, rtol=close, atol=0)


def assembled(members, like, mine):
    """Return a tensor of the whole machine from those of its parts; one without sites is the same in all of them."""
    found, whole = torch.zeros_like(like), members[0].whole
    for part, x in zip(members, mine, strict=True):
        if like.shape == (whole.size(),):
            for piece in pieces(part):
                found[piece.whole] = x[piece.mine]
        elif like.shape == (whole.shape[0],):
            found[torch.cat([torch.arange(whole.shape[0])[rows] for rows in part.places()])] = x
        elif like.shape == (ROWS, whole.spec.observed[0].sites):
            found[:, part.sites[0]] = x
        else:
            assert torch.equal(x, mine[0])
            found = x
    return found


def test_other_engines_share_up_to_rounding():
    """Sums of float64 over parts of the rows."""
    model, theta = tiny(Potts(3), Ising(), sites=5, hidden_sites=6, classes=3)
    alone = computed(engine.machine(model, theta))
    members = together(3, lambda group: computed(shared(engine.machine(model, theta), group)))
    for found in members:
        for one, other, first in zip(alone, found, members[0], strict=True):
            torch.testing.assert_close(other, one)
            torch.testing.assert_close(other, first, rtol=0, atol=0)


@pytest.mark.parametrize("count", [2, 3])
def test_chaotic_networks_in_steps_share_without_a_trace(count):
    layers = (RateLayer("visible", 11), RateLayer("label", 3), RateLayer("hidden", 9))
    model, noise = ChaoticNetwork(NetworkSpec(layers=layers)), Noise(3, Stream.FREE)
    theta = 0.3 * torch.randn(model.size(), generator=torch.Generator().manual_seed(0))
    begin, weights = start(model, noise, ROWS, {}), torch.full((ROWS,), 1 / ROWS)

    def moved(ready):
        free = ready.run(begin, noise, steps=4, clamp=Clamp(("label",)))
        data = ready.settle(begin[:2], begin[2:], 4)
        return [*free, *data, ready.statistics([(data, weights), (free, -weights)])]

    alone = moved(engine.machine(model, theta))
    for found in together(count, lambda group: moved(shared(engine.machine(model, theta), group))):
        assert all(map(torch.equal, alone, found))


def test_fewer_rows_than_processes():
    model, theta = tiny(Bernoulli(), Bernoulli(), sites=5, hidden_sites=6, classes=3)
    noise = Noise(0, Stream.FREE)
    begin = start(model, noise, 2, {})
    alone = engine.machine(model, theta).run(begin, noise, steps=3, clamp=Clamp())

    def work(group):
        ready = shared(engine.machine(model, theta), group)
        return ready.run(begin, noise, steps=3, clamp=Clamp()), ready.label_log_probabilities(begin)

    for end, posterior in together(3, work):
        assert all(map(torch.equal, alone, end))
        assert len(posterior) == 2


@pytest.mark.parametrize("rows", [0, 1, 5, 64])
def test_parts_are_all_rows_once(rows):
    parts = [Group(rank, 4).part(rows) for rank in range(4)]
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(rows))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1
