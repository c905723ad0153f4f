"""Fields of discrete units looked up in tables, not multiplied out: the machine of every processor with kernels.

Weights are rounded to multiples of 2^-bits, the finest step whose sums fit 16 bits, so what runs is exactly the machine
with the rounded weights: |W' - W| <= 2^-(bits + 1), the same W' in both directions. Every field is then an integer
times that step, which makes the results independent of the number of threads, of the order of summation and of the
processor. Sites are taken in groups, and what a group's joint value adds to the fields is looked up. On AVX-512 the
64 sums of six two-valued sites are two vector registers, those of a Potts site one, and one instruction looks up the
sums of 32 chains (csrc/registers.inc); elsewhere, and for more than 32 colours, the sums of four are 16 rows of 64
columns in the first-level cache, and 16 columns of a row are added with one AVX2 instruction (csrc/rows.inc). With AMX
two-valued sites are multiplied out instead, and their tables are the rounded weights themselves (csrc/tiles.inc).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from ctypes import Structure, c_float, c_void_p, pointer
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Int16
from torch import Tensor

from shortrun.engine import native
from shortrun.engine.cpu import BINARY, CpuMachine
from shortrun.engine.structures import (
    MOST_LAYERS,
    CBound,
    CFirstMoments,
    CLayer,
    CMeans,
    CNoise,
    CPosterior,
    CProducts,
    CScatter,
    CSums,
    CSweeps,
    CTabulate,
)
from shortrun.models import RBM, Clamp, Layer
from shortrun.parallel import Group
from shortrun.typing import NoisePlace, Observer, State, Term, Theta, Weights
from shortrun.units import Ising, Potts

LANES, BLOCK, BLOCK_BITS, SPAN, WIDE, TOGETHER = 16, 32, 160, 64, 64, 4  # as in csrc
LARGEST_SUM = 32_000  # of 16 bits, less the roundings
FEWEST_BITS, MOST_BITS = 8, 24  # coarser steps are not taken; finer ones are of no use
LARGEST_LABEL_FIELD = 40.0  # e^40 squared is a float32
MOST_ROWS = 128 * 320  # of whole blocks and tiles: their moments add up to less than 2^24 steps, 2^32 of the fine ones
SCATTERED = 8  # colours from which statistics are scattered rows, not tables: measured in docs/design_notes.md
SWEEPS, SUMS, MEANS, BOUND_UP, BOUND_DOWN, TABLES_DOWN, TABLES_UP, PRODUCTS, SCATTER, POSTERIOR, FIRST_MOMENTS = range(
    11
)


class TableLayout(NamedTuple):
    """How the tables lie, how many chains move together, and the most colours of a site."""

    name: str
    chains: int
    most_colours: int

    def up_size(self, layer: Layer, columns: int) -> int:
        """Return the numbers in the tables of a layer for some columns."""
        if self is ROWS:
            return _padded(columns, SPAN) * layer.width
        colours = colours_of(layer)
        if not colours:
            return self.down_size(columns, layer.sites)
        entry = colours if colours > 5 else 16
        return columns * -(-layer.sites // group_of(colours)) * entry + 32  # a table is read as 32 numbers

    def down_size(self, rows: int, sites: int, chunk: int = SPAN) -> int:
        """Return the numbers in the tables of two-valued sites for some rows, `chunk` of which are drawn together."""
        if self is ROWS:
            return -(-rows // chunk) * _padded(chunk, SPAN) * sites
        if self is TILES:
            return -(-rows // chunk) * _padded(chunk, LANES) * _padded(sites, SPAN)
        blocks, rest = divmod(sites, BLOCK_BITS)
        return rows * (blocks * -(-BLOCK_BITS // 6) + -(-rest // 6)) * 12  # six sites are 12 numbers


LAYOUTS = (  # as numbered in csrc/dispatch.c
    TableLayout("by rows", 512, 255),
    TableLayout("in registers", 256, 32),
    TableLayout("in tiles", 256, 32),
)
ROWS, REGISTERS, TILES = LAYOUTS


def layout_of(model: RBM) -> TableLayout:
    """Return the fastest layout that the processor and the numbers of colours allow."""
    best = {"avx512": REGISTERS, "amx": TILES}.get(native.path(), ROWS)
    return best if all(colours_of(layer) <= best.most_colours for layer in model.spec.observed) else ROWS


def group_of(colours: int) -> int:
    """Return how many sites make a group in registers; a block of 32 groups is summed in 16 bits in both layouts."""
    return (5 if not colours else 3 if colours <= 3 else 2) if colours <= 5 else 1


def chunk_of(colours: int) -> int:
    """Return how many columns of a layer are drawn together: of whole sites."""
    width = max(1, colours)
    return max(1, SPAN // width) * width


def colours_of(layer: Layer) -> int:
    """Return the colours of a Potts layer, 0 for two-valued units."""
    return layer.units.colours if isinstance(layer.units, Potts) else 0


def parts(count: int, largest: int) -> tuple[int, int]:
    """Return how many tasks to make of `count` chains and the chains of each, a multiple of 32."""
    threads = torch.get_num_threads()
    tasks = -(-count // largest)
    tasks = min(-(-tasks // threads) * threads, -(-count // 32))
    part = -(-count // (32 * tasks)) * 32
    return -(-count // part), part


def step_bits(model: RBM, theta: Theta) -> int:
    """Return the bits behind the point of the rounded weights: the most with which no sum of a block exceeds 16 bits.

    -1 if theta is not finite. A block is 32 groups: 160 binary sites, 32 Potts sites of many colours.
    """
    weight = model.view(theta).weight
    largest = c_float(0)
    factor = 1
    for layer, rows in zip(model.spec.observed, model.slices, strict=True):
        part = weight[rows]
        bound = CBound(
            part.data_ptr(), *part.shape, colours_of(layer), BLOCK * group_of(colours_of(layer)), pointer(largest)
        )
        native.lookup(BOUND_UP, bound, -(-part.shape[1] // LANES))
        native.lookup(BOUND_DOWN, bound, len(part))
        factor = max(factor, _doubling(layer) + 1, _doubling(model.spec.hidden) + 1)
    found = largest.value if math.isfinite(weight.sum().item()) else math.inf  # the bounds are maxima, which lose a NaN
    for i in range(len(model.spec.observed)):
        group = model.adds(i)
        found = found if group is None else group.largest([found])[0]
    return -1 if found == math.inf else min(MOST_BITS, math.floor(math.log2(LARGEST_SUM / factor / max(found, 1e-6))))


def _doubling(layer: Layer) -> int:
    """Ising spins are 2 b - 1 with bits b: their weights count twice."""
    return int(isinstance(layer.units, Ising))


class Tables(NamedTuple):
    """An observed layer's weights as the kernels want them."""

    up: Tensor
    down: Tensor
    bias: Tensor


class LookupMachine(CpuMachine):
    """A model at fixed parameters whose fields are looked up.

    Parameters
    ----------
    model : RBM
        All of its units are known to the kernels.
    theta : Theta
        On the CPU, float32.
    bits : int
        The bits behind the point of the rounded weights, see `step_bits`.
    layout : TableLayout, optional
        Layout of the tables; the faster one if None.
    """

    name: str = "lookup"

    @property
    def reason(self) -> str:
        tables = f"tables {self.layout.name} ({native.path()})"
        return f"fields looked up in {tables}, weights rounded to multiples of 2^-{self.bits}"

    @classmethod
    def attempt(cls, model: RBM, theta: Theta) -> LookupMachine | str:
        """Return the machine, or in words why there is none: weights, too, may not allow it."""
        if reason := cls.refusal(model, theta):
            return reason
        bits = step_bits(model, theta)
        return cls(model, theta, bits) if bits >= FEWEST_BITS else "the weights are too large for sums of 16 bits"

    @classmethod
    def refusal(cls, model: RBM, theta: Theta) -> str:
        """Return why the kernels cannot run the model whatever its weights are, "" where they can."""
        if reason := CpuMachine.refusal(model, theta):
            return reason
        if model.spec.hidden_rule != "sample":
            return "its tables take draws of the hidden layer, the hidden rule is 'mean'"
        layers = len(model.spec.observed)
        return f"it takes up to {MOST_LAYERS} observed layers, there are {layers}" if layers > MOST_LAYERS else ""

    def __init__(self, model: RBM, theta: Theta, bits: int, layout: TableLayout | None = None):
        super().__init__(model, theta)
        self.parameters = model.view(theta)
        self.bits, self.step = bits, 2.0**-bits
        self.layout = layout or layout_of(model)
        self.hidden = BINARY[model.spec.hidden.units]
        self.tables = [self._tabulate(i) for i in range(len(model.spec.observed))]
        self.hidden_bias = self._hidden_bias(self._rounded)
        self._sums_of_kept: list[tuple[int, Tensor, Tensor]] = []  # layer, values, sums

    def _run(self, kernel: int, ask: Structure, tasks: int) -> None:
        native.lookup(kernel, ask, tasks, layout=LAYOUTS.index(self.layout))

    def _parts(self, count: int) -> tuple[int, int]:
        return parts(count, self.layout.chains)

    def _tabulate(self, index: int) -> Tables:
        layer, rows = self.model.spec.observed[index], self.model.slices[index]
        hidden, chunk = self.model.spec.hidden, chunk_of(colours_of(layer))
        down = torch.empty(self.layout.down_size(layer.width, hidden.sites, chunk), dtype=torch.int16)
        ask = self._question(index)
        ask.shift, ask.high = _doubling(hidden), down.data_ptr()
        self._run(TABLES_DOWN, ask, -(-layer.width // chunk))
        weight, bias, _ = self.parameters
        bias = bias[rows]
        return Tables(self._up(index), down, bias - self._rounded(weight[rows]).sum(1) if _doubling(hidden) else bias)

    def _up(self, index: int, *, rest: bool = False) -> Tensor:
        """Tables towards the hidden layer, of the rounded weights or of 256 times what the rounding left."""
        layer, hidden = self.model.spec.observed[index], self.model.spec.hidden.sites
        up = torch.empty(self.layout.up_size(layer, hidden), dtype=torch.int16)
        ask = self._question(index)
        ask.shift, ask.up, ask.rest = _doubling(layer), up.data_ptr(), rest
        self._run(TABLES_UP, ask, -(-hidden // LANES))
        return up

    def _question(self, index: int) -> CTabulate:
        layer, weight = self.model.spec.observed[index], self.parameters.weight[self.model.slices[index]]
        shape = (*weight.shape, weight.shape[1], layer.sites, colours_of(layer))
        return CTabulate(weight.data_ptr(), *shape, 2.0**self.bits)

    def _hidden_bias(self, weights: Callable[[Tensor], Tensor]) -> Tensor:
        """The bias of the bits: spins are 2 b - 1."""
        weight, _, bias = self.parameters
        for i, (layer, rows) in enumerate(zip(self.model.spec.observed, self.model.slices, strict=True)):
            if _doubling(layer):
                bias = bias - self.model.sum_of_sites(i, weights(weight[rows]))
        return bias

    def whole_weights(self) -> Int16[Tensor, "F H"]:
        """Return the weights that it runs with, in steps: with `tables` and `hidden_bias` all of the machine."""
        return torch.round(self.parameters.weight * 2.0**self.bits).to(torch.int16)

    def _rounded(self, weight: Tensor) -> Tensor:
        return torch.round(weight * 2.0**self.bits) * self.step

    def _layer(self, index: int, codes: Tensor) -> CLayer:
        layer, tables = self.model.spec.observed[index], self.tables[index]
        gain = 1.0 if isinstance(layer.units, Potts) else BINARY[layer.units].gain
        assert codes.dtype is torch.uint8
        assert codes.shape[1] == layer.sites
        assert codes.stride(1) == 1 or layer.sites == 1
        return CLayer(
            *(layer.sites, colours_of(layer), layer.first),
            *(tables.up.data_ptr(), tables.down.data_ptr(), tables.bias.data_ptr(), gain),
            *(codes.data_ptr(), codes.stride(0)),
        )

    # ------------------------------------------------------------------------------------------ runs

    def run(
        self,
        state: State,
        noise: NoisePlace,
        *,
        steps: int,
        clamp: Clamp,
        observe: Observer | None = None,
        times: Container[int] | None = None,
    ) -> State:
        end = self._copied(state, clamp)
        sweeps, kept_alive = self._sweeps(end, noise.at(1), clamp)
        seen = [t for t in range(1, steps) if observe is not None and (times is None or t in times)]
        for before, t in pairwise([0, *seen, steps]):
            sweeps.count = t - before
            self._place(sweeps, noise.at(before + 1))
            self._run(SWEEPS, sweeps, self._parts(sweeps.chains)[0])
            if observe is not None and (times is None or t in times):
                observe(t, end)
        del kept_alive  # until here the kernels hold pointers to it
        return end

    def _copied(self, state: State, clamp: Clamp) -> State:
        """Return the layers of a run: those that move, and the hidden one, in memory of their own."""
        moved = [
            x if layer.name in clamp.layers else x.clone(memory_format=torch.contiguous_format)
            for layer, x in zip(self.model.spec.observed, state, strict=False)
        ]
        return (*moved, torch.empty(len(state[0]), self.model.spec.hidden.sites, dtype=torch.uint8))

    def _sweeps(self, state: State, noise: NoisePlace, clamp: Clamp) -> tuple[CSweeps, list[Tensor]]:
        chains, kept_alive = len(state[0]), [self.hidden_bias]
        sweeps = CSweeps(layers=len(state) - 1, chains=chains, padded=_padded(chains), hidden=state[-1].shape[1])
        for i, layer in enumerate(self.model.spec.observed):
            one = self._layer(i, state[i])
            one.clamped = layer.name in clamp.layers
            if one.clamped and layer.sites > 1:
                kept_alive.append(self._sums(i, state[i]))
                one.sums = kept_alive[-1].data_ptr()
            if layer.name in clamp.sites:
                kept_alive.append(clamp.sites[layer.name].to(torch.uint8).contiguous())
                one.kept = kept_alive[-1].data_ptr()
            sweeps.layer[i] = one
        sweeps.hidden_bias, sweeps.hidden_gain = self.hidden_bias.data_ptr(), self.hidden.gain
        sweeps.step, sweeps.part = self.step, self._parts(chains)[1]
        sweeps.hidden_codes, sweeps.hidden_codes_stride = state[-1].data_ptr(), state[-1].stride(0)
        sweeps.noise = CNoise(noise.seed, noise.update, 0, noise.first_chain)
        return sweeps, kept_alive

    def _place(self, sweeps: CSweeps, noise: NoisePlace) -> None:
        for i in range(sweeps.layers):
            sweeps.layer[i].place = noise.place(i)
        sweeps.hidden_place = noise.place(sweeps.layers)

    # ------------------------------------------------------------------------------------------ means

    def _sums(self, index: int, codes: Tensor) -> Float[Tensor, "H R"]:
        """What a layer adds to the hidden fields, in steps, chains along the rows; of a kept layer computed once."""
        for layer, values, sums in self._sums_of_kept:
            if layer == index and values is codes:
                return sums
        sums = self._summed(index, codes, self.tables[index].up)
        if self.is_kept(codes):
            self._sums_of_kept.append((index, codes, sums))
        return sums

    def _fine_sums(self, index: int, codes: Tensor) -> Float[Tensor, "H R"]:
        """The same of the weights themselves, to 2^-9 of a step a site."""
        return torch.add(self._sums(index, codes), self._summed(index, codes, self._up(index, rest=True)), alpha=2**-8)

    def _summed(self, index: int, codes: Tensor, up: Tensor) -> Float[Tensor, "H R"]:
        chains, hidden, layer = len(codes), self.model.spec.hidden.sites, self._layer(index, codes)
        (tasks, part), layer.up = self._parts(chains), up.data_ptr()
        out = torch.empty(hidden, _padded(chains))
        self._run(SUMS, CSums(layer, chains, _padded(chains), hidden, part, out.data_ptr()), tasks)
        return out

    def _hidden_means(self, state: State, weights: Weights) -> Float[Tensor, "H R"]:
        """The means E[h | x] times the weights, chains along the rows and padded with zeros."""
        sums = [self._sums(i, x) for i, x in enumerate(state[: len(self.tables)])]
        padded = sums[0].shape[1]
        weight = torch.zeros(padded)
        weight[: len(weights)] = weights
        out = torch.empty_like(sums[0])
        pointers = (c_void_p * MOST_LAYERS)(*(x.data_ptr() for x in sums))
        ask = CMeans(pointers, len(sums), len(weights), padded, 0, self.hidden_bias.data_ptr(), weight.data_ptr())
        ask.step, ask.gain, ask.low, ask.factor = self.step, *self.hidden, 1.0
        ask.out = out.data_ptr()
        self._run(MEANS, ask, len(out))
        return out

    def hidden_log_z(self, state: State) -> Weights:
        field = self.hidden_bias.unsqueeze(1)
        for i, x in enumerate(state[: len(self.tables)]):
            field = torch.add(field, self._summed(i, x, self.tables[i].up), alpha=self.step)
        return self.model.spec.hidden.units.log_z(field).sum(0, dtype=torch.float64)[: len(state[0])]

    def means(self, state: State, weights: Weights) -> tuple[Tensor, Tensor]:
        observed = torch.cat([self._first_moments(i, x, weights) for i, x in enumerate(state[: len(self.tables)])])
        return observed, self._hidden_means(state, weights).sum(1)

    def statistics(self, terms: Sequence[Term], group: Group | None = None) -> Theta:
        """Return the statistics of the interface; of several processes each gathers those of its part of the sites."""
        out = torch.empty_like(self.theta)
        weight, bias, hidden_bias = self.model.view(out)
        bias.zero_()
        hidden_bias.zero_()
        means = [self._hidden_means(state, weights) for state, weights in terms]
        for mean in means:
            hidden_bias += mean.sum(1)
        for i, (layer, rows) in enumerate(zip(self.model.spec.observed, self.model.slices, strict=True)):
            sharing = (
                group if group is not None and layer.sites >= group.count else None
            )  # a label is less than a message
            sites = slice(0, layer.sites) if sharing is None else sharing.part(layer.sites)
            by_site = weight[rows].view(layer.sites, -1)
            for n, (codes, moments, weights) in enumerate(self.shared(i, terms, means)):
                if sites.start < sites.stop:
                    self._add_products(layer, codes[:, sites], moments, by_site[sites], add=n > 0)
                bias[rows] += self._first_moments(i, codes, weights)
            if sharing is not None:
                by_site.copy_(sharing.whole(by_site[sites], layer.sites))
            if _doubling(layer):
                weight[rows].mul_(2).sub_(hidden_bias)
        return out

    def _first_moments(self, index: int, codes: Tensor, weights: Weights) -> Tensor:
        layer = self.model.spec.observed[index]
        out, weights = torch.empty(layer.width), weights.contiguous()
        ask = CFirstMoments(codes.data_ptr(), *codes.shape, colours_of(layer), codes.stride(0))
        ask.weight, ask.out = weights.data_ptr(), out.data_ptr()
        self._run(FIRST_MOMENTS, ask, -(-layer.sites // 64))
        return out.mul_(2).sub_(weights.sum()) if _doubling(layer) else out

    def _add_products(self, layer: Layer, codes: Tensor, moments: Tensor, out: Tensor, *, add: bool) -> None:
        """Write or add the product x^T m over the rows, x the features of the bits or colours, some rows at a time."""
        for first in range(0, len(codes), MOST_ROWS):
            last = min(first + MOST_ROWS, len(codes))
            some = moments if last - first == len(codes) else moments[:, first : _padded(last)].contiguous()
            self._add_product(layer, codes[first:last], some, out, add=add or first > 0)

    def _add_product(self, layer: Layer, codes: Tensor, moments: Tensor, out: Tensor, *, add: bool) -> None:
        rows, columns = len(codes), len(moments)
        shape = (codes.data_ptr(), *codes.shape, colours_of(layer), codes.stride(0))
        if colours_of(layer) >= SCATTERED and layer.sites > 1:
            blocks = -(-columns // WIDE)
            padded = torch.nn.functional.pad(moments[:, :rows], (0, 0, 0, blocks * WIDE - columns))
            scale = _scale_of(moments) * 256
            by_rows = torch.round(padded.view(blocks, WIDE, rows).transpose(1, 2) * scale).to(torch.int32).contiguous()
            ask = CScatter(*shape, columns, add, by_rows.data_ptr(), 1 / scale, out.data_ptr())
            self._run(SCATTER, ask, blocks * -(-codes.shape[1] // TOGETHER))
            return
        high, low, scale = self._tables_of_rows(moments, rows)
        tasks, part = self._parts(out.numel() // columns)
        ask = CProducts(*shape, high.data_ptr(), low.data_ptr(), columns, part, add, 1 / scale, out.data_ptr())
        self._run(PRODUCTS, ask, tasks)

    def _tables_of_rows(self, moments: Float[Tensor, "H R"], rows: int) -> tuple[Tensor, Tensor, float]:
        """Tables of the moments over groups of rows, in two 16-bit parts: the error is 2^-9 of a step of 16 bits."""
        columns, padded = moments.shape
        scale = _scale_of(moments)
        high = torch.empty(self.layout.down_size(columns, rows), dtype=torch.int16)
        low = torch.empty_like(high)
        ask = CTabulate(
            moments.data_ptr(), columns, rows, padded, scale=scale, high=high.data_ptr(), low=low.data_ptr()
        )
        self._run(TABLES_DOWN, ask, -(-columns // SPAN))
        return high, low, scale

    # ------------------------------------------------------------------------------------------ labels

    def label_log_probabilities(self, state: State) -> Float[Tensor, "C K"]:
        label, gain = self.model.spec.label, self.hidden.gain
        assert label is not None
        weight, bias, _ = self.parameters
        label_field = weight[self.model.slices[label]] * gain
        sums = [self._fine_sums(i, x) for i, x in enumerate(state[: len(self.tables)]) if i != label]
        hidden_bias = self._hidden_bias(lambda weight: weight)
        if label_field.abs().max() > LARGEST_LABEL_FIELD:
            fields = hidden_bias.unsqueeze(1) + self.step * sum(sums)
            return self.model.label_posterior(self.theta, fields.T[: len(state[0])])
        classes, chains, padded = len(label_field), len(state[0]), _padded(len(state[0]))
        factor = label_field.exp().T.contiguous()
        mantissa, exponent, common = torch.empty(classes, padded), torch.empty(classes, padded), torch.empty(padded)
        pointers = (c_void_p * MOST_LAYERS)(*(x.data_ptr() for x in sums))
        ask = CPosterior(pointers, len(sums), chains, padded, len(factor), classes)
        ask.bias, ask.factor, ask.step, ask.gain = hidden_bias.data_ptr(), factor.data_ptr(), self.step, gain
        ask.mantissa, ask.exponent, ask.common = mantissa.data_ptr(), exponent.data_ptr(), common.data_ptr()
        self._run(POSTERIOR, ask, padded // LANES)
        scores = (mantissa.log_() + exponent * math.log(2)).T[:chains] + bias[self.model.slices[label]]
        if gain == 2:  # ln 2 cosh f = ln(1 + e^2f) - f
            scores -= label_field.sum(1) / gain
        return torch.log_softmax(scores, 1)


def _scale_of(moments: Float[Tensor, "H R"]) -> float:
    """Return how many steps are 1, so that no sum of a block of rows exceeds 16 bits."""
    columns, padded = moments.shape
    largest = c_float(0)
    native.lookup(BOUND_DOWN, CBound(moments.data_ptr(), columns, padded, 0, 0, pointer(largest)), columns)
    value = largest.value if math.isfinite(largest.value) else 1.0
    return 2.0 ** math.floor(math.log2(LARGEST_SUM / max(value, 1e-30)))


def _padded(count: int, unit: int = 32) -> int:
    return -(-count // unit) * unit
