"""The Triton kernels (`triton_kernels.py`) as functions of torch tensors: which tiles, which strides, which noise.

Triton is imported when a GPU is first computed on, and may be absent: ask `path(device)`. Every function writes into
tensors that the caller owns. With TRITON_INTERPRET=1 in the environment the kernels run on CPU tensors, slowly, for
tests. None of these functions waits for the device, so that all of them can be captured in a CUDA graph.

How exact a product of a layer's values with the weights is, is a choice (`PRECISIONS`; the environment variable
`SHORTRUN_GPU_PRECISION`). Products are added in float32; codes, and so the features of discrete units, are exact in
every one. What is rounded is the weight, in both directions of the sweep alike, so that a run draws exactly from a
machine with nearby parameters; the field is off by at most error * sum_f |x_f W_f mu|.

| precision | largest relative error of a weight | cost on tensor cores |
|---|---|---|
| bf16x2 | 2^-16: W = high + rest, both bfloat16 | 2 bfloat16 products |
| tf32 | 2^-10 | the same |
| bf16 | 2^-8 | 1 bfloat16 product |
| ieee | 0 | no tensor cores |

"torch" takes the plain formulas in place of the kernels.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from shortrun.errors import ConfigError, nearest
from shortrun.philox import uniform_reference
from shortrun.typing import NoisePlace
from shortrun.units import Bernoulli, Ising, Potts, Units

PRECISIONS = ("bf16x2", "tf32", "bf16", "ieee", "torch")
ROUNDING = {"bf16x2": 2.0**-16, "tf32": 2.0**-10, "bf16": 2.0**-8, "ieee": 0.0}
LOW = {Bernoulli(): 0, Ising(): -1}  # the value of code 0 of two-valued units
MULTIPROCESSORS = 132  # a tile is large where that many of them have two each: H100 and H200
MASK = 0xFFFFFFFF
Colours = Literal["product", "gather"]


class KernelSettings(NamedTuple):
    """How the machines of this process compute.

    Parameters
    ----------
    precision : str, default "bf16x2"
        One of `PRECISIONS`.
    colours : Colours, default "product"
        The hidden field of Potts units, as a "product" with one-hot tiles or as a "gather" of weight rows.
    """

    precision: str = "bf16x2"
    colours: Colours = "product"


_settings = KernelSettings()


def settings() -> KernelSettings:
    """Return what is in force."""
    return _settings


def select(precision: str = PRECISIONS[0], colours: Colours = "product") -> KernelSettings:
    """Take a precision and a way to compute fields, for tests and comparisons.

    Raises
    ------
    ConfigError
        If there is no such precision.
    """
    global _settings
    if precision not in PRECISIONS:
        expected = f"{precision!r} is not one of {', '.join(PRECISIONS)}"
        raise ConfigError("SHORTRUN_GPU_PRECISION", expected, nearest(precision, PRECISIONS))
    _settings = KernelSettings(precision, colours)
    return _settings


# Whether they work


def interpreted() -> bool:
    """Whether Triton's interpreter stands in for a GPU."""
    return os.environ.get("TRITON_INTERPRET", "0") not in ("", "0")


def available(device: torch.device | str) -> bool:
    """Whether the kernels compute on a device."""
    kind = torch.device(device).type
    return (kind == "cuda" or (kind == "cpu" and interpreted())) and not _fault(kind)


def path(device: torch.device | str = "cuda") -> str:
    """Which kernels a device has: "triton" with version and precision, or "torch: " and the reason why none."""
    kind = torch.device(device).type
    if not (torch.cuda.is_available() if kind == "cuda" else kind == "cpu" and interpreted()):
        return "torch: no GPU"
    if _settings.precision == "torch" or not available(device):
        return f"torch: {_fault(kind) or 'asked for'}"
    return f"triton {_kernels().triton.__version__}, {_settings.precision}"


@cache
def _kernels() -> Any:
    """Return the device side; raises ImportError without Triton."""
    from shortrun.engine import triton_kernels

    return triton_kernels


@cache
def _fault(kind: str) -> str:
    """Return why the kernels do not work on this kind of device, "" where they do: one of them is tried."""
    seed = 0x9ABCDEF001234567
    try:
        found = torch.empty(2, 70, device=kind)
        uniform(found, Words.at(seed, 3, 5, MASK))
    except ImportError:
        return "triton is not installed"
    except Exception as error:  # a compiler, a driver, a header: whatever it is, torch computes instead
        return f"triton does not work here ({type(error).__name__}: {str(error).strip().partition(chr(10))[0]})"
    same = torch.equal(found, uniform_reference(seed, 3, 5, MASK, 2, 70, kind))
    return "" if same else "the kernels' noise is not the contract's"


# What they compute


class Words(NamedTuple):
    """A place in the noise as a kernel takes it: 32-bit words with a sign, `update` a number or where it is kept."""

    seed_low: int = 0
    seed_high: int = 0
    update: int | Tensor = 0
    place: int = 0
    first_chain: int = 0
    clock: bool = False

    @classmethod
    def of(cls, noise: NoisePlace, layer: int) -> Words:
        """Return the words of a layer's noise."""
        update = noise.update if noise.clock is None else noise.clock
        return cls.at(noise.seed, update, noise.place(layer), noise.first_chain)

    @classmethod
    def at(cls, seed: int, update: int | Tensor, place: int, first_chain: int) -> Words:
        """Return the words of `philox.uniform_reference`'s arguments."""
        clock = isinstance(update, Tensor)
        count = update if clock else _signed(update)
        return cls(_signed(seed), _signed(seed >> 32), count, _signed(place), _signed(first_chain), clock)


def _signed(word: int) -> int:
    """Return the low 32 bits as a signed number, which every kernel takes as one type."""
    return ((word & MASK) ^ 0x80000000) - 0x80000000


class Source(NamedTuple):
    """Values that enter a product, and what they are."""

    values: Tensor
    kind: Literal["binary", "potts", "real"]
    colours: int = 1
    low: int = 0

    @classmethod
    def of(cls, units: Units, values: Tensor) -> Source:
        """Return the codes of a layer of discrete units, or the means of one, which are real."""
        if values.is_floating_point():
            return cls(values, "real")
        if isinstance(units, Potts):
            return cls(values, "potts", units.colours)
        return cls(values, "binary", low=LOW[units])


class Weights(NamedTuple):
    """Weights as the kernels multiply them: `high`, and for "bf16x2" what is left of them."""

    high: Tensor
    rest: Tensor
    precision: str

    @classmethod
    def of(cls, weight: Tensor, precision: str) -> Weights:
        """Return the weights rounded to a precision."""
        if precision in ("ieee", "tf32"):
            return cls(weight, weight, precision)
        high = weight.to(torch.bfloat16)
        return cls(high, (weight - high).to(torch.bfloat16) if precision == "bf16x2" else high, precision)

    def rows(self, part: slice) -> Weights:
        """Return the weights of some features."""
        return Weights(self.high[part], self.rest[part], self.precision)

    def transposed(self) -> Weights:
        """Return the weights of the other direction."""
        return Weights(self.high.T, self.rest.T, self.precision)


class Goal(NamedTuple):
    """What a product ends in.

    Parameters
    ----------
    to : {"field", "mean", "draw"}, default "field"
        The "field", or the "mean" or a "draw" of two-valued units.
    low : int, default 0
        Their value of code 0.
    scale : Tensor, optional
        (C,) a factor for each row of means.
    held : Tensor, optional
        (S,) uint8, where a draw leaves what is there.
    words : Words, default Words()
        The noise of a draw.
    """

    to: Literal["field", "mean", "draw"] = "field"
    low: int = 0
    scale: Tensor | None = None
    held: Tensor | None = None
    words: Words = Words()


def uniform(out: Tensor, words: Words) -> None:
    """Fill `out` (C, S) with the numbers of `philox.uniform_reference`."""
    rows, sites = out.shape
    grid = (_tiles(rows, 16), _tiles(sites, 128))
    with torch.cuda.device_of(out):
        _kernels().uniform[grid](out, out.stride(0), rows, sites, *words[:5], CLOCK=words.clock, M=16, N=128)


def product(
    source: Source, weight: Weights, before: Tensor, out: Tensor, goal: Goal, colours: Colours = "product"
) -> None:
    """Write the goal of before + x W; `before` is one row for all, or one each, and may be `out`.

    The layer that `out` belongs to has one column a unit: a hidden layer, where x are observed features (C, F), or an
    observed layer of two-valued units, where x is hidden and the weight comes transposed, (H, F).
    """
    rows, columns = out.shape
    depth = weight.high.shape[0]
    head = (source.values, source.values.stride(0), weight.high, weight.rest)
    ends = (before, before.stride(0) if before.ndim == 2 else 0, out, out.stride(0))
    ends += (out if goal.scale is None else goal.scale, out if goal.held is None else goal.held)
    options = {
        "COLOURS": source.colours,
        "TO": goal.to,
        "LOW": goal.low,
        "SCALED": goal.scale is not None,
        "HELD": goal.held is not None,
        "CLOCK": goal.words.clock,
        "PRECISION": weight.precision,
    }
    stride, column_stride = weight.high.stride()
    with torch.cuda.device_of(out):
        if source.kind == "potts" and colours == "gather":
            numbers = (rows, depth // source.colours, columns, *goal.words[:5])
            grid = (_tiles(rows, 8), _tiles(columns, 128))
            _kernels().gather[grid](*head, stride, *ends, *numbers, **options, M=8, N=128, num_warps=4)
        else:
            tile = _tile(rows, columns, depth, weight.precision)
            _kernels().product[_tiles(rows, tile["M"]), _tiles(columns, tile["N"])](
                *head, stride, column_stride, *ends, rows, depth, columns, *goal.words[:5],
                **options, FROM=source.kind, FROM_LOW=source.low, **tile,
            )  # fmt: skip


def draw_potts(
    source: Source, weight: Weights, bias: Tensor, colours: int, out: Tensor, words: Words, held: Tensor | None = None
) -> None:
    """Draw Potts units given h: softmax of bias + h W^T a site, W (F, H) by rows; as `Potts.sample` from the same u."""
    rows, sites = out.shape
    depth, tile = weight.high.shape[1], _tile_of_sites(sites, colours, weight.precision)
    with torch.cuda.device_of(out):
        _kernels().draw_potts[_tiles(rows, tile["M"]), _tiles(sites, tile["S"])](
            source.values, source.values.stride(0), weight.high, weight.rest, weight.high.stride(0), bias,
            out, out.stride(0), out if held is None else held, rows, depth, sites, *words[:5],
            COLOURS=colours, FROM=source.kind, FROM_LOW=source.low, HELD=held is not None, CLOCK=words.clock,
            PRECISION=weight.precision, K=_depth(depth, weight.precision), **tile,
        )  # fmt: skip


def moments(source: Source, weighted: Tensor, out: Tensor, precision: str, *, add: bool = False) -> None:
    """Write x^T weighted (F, H), x the features of a layer and weighted (C, H), or add it to what is there."""
    rows, columns = weighted.shape
    tile = _tile(len(out), columns, rows, precision)
    with torch.cuda.device_of(out):
        _kernels().moments[_tiles(len(out), tile["M"]), _tiles(columns, tile["N"])](
            source.values, source.values.stride(0), weighted, weighted.stride(0), out, out.stride(0),
            rows, len(out), columns,
            COLOURS=source.colours, FROM=source.kind, LOW=source.low, ADD=add, PRECISION=precision, **tile,
        )  # fmt: skip


def first_moments(source: Source, weights: Tensor, out: Tensor, *, add: bool = False) -> None:
    """Write x^T weights (F,), x the features of a layer and weights (C,), or add it to what is there."""
    with torch.cuda.device_of(out):
        _kernels().first_moments[(_tiles(len(out), 64),)](
            source.values, source.values.stride(0), weights, out, len(weights), len(out),
            COLOURS=source.colours, FROM=source.kind, LOW=source.low, ADD=add, M=64, K=64,
        )  # fmt: skip


def label_scores(base: Tensor, weight: Tensor, bias: Tensor, out: Tensor, low: int) -> None:
    """Write bias_l + sum_mu ln z(base_mu + weight_l mu), (C, K), for two-valued hidden units."""
    rows, hidden = base.shape
    with torch.cuda.device_of(out):
        _kernels().label_scores[_tiles(rows, 16), len(weight)](
            base, base.stride(0), weight, weight.stride(0), bias, out, out.stride(0), rows, hidden, LOW=low, M=16, N=128
        )


# Tiles: a sum over the depth has the same parts whatever the number of rows


def _tiles(size: int, tile: int) -> int:
    return -(-size // tile)


def _power(size: int) -> int:
    return 1 << (size - 1).bit_length()


def _depth(depth: int, precision: str) -> int:
    return min(32 if precision == "ieee" else 64, max(16, _power(max(depth, 1))))


def _tile(rows: int, columns: int, depth: int, precision: str) -> dict[str, int]:
    large = precision != "ieee" and _tiles(rows, 128) * _tiles(columns, 128) >= 2 * MULTIPROCESSORS
    side, warps = (128, 8) if large else (64, 4)
    return {"M": side, "N": side, "K": _depth(depth, precision), "num_warps": warps, "num_stages": 3}


def _tile_of_sites(sites: int, colours: int, precision: str) -> dict[str, int]:
    """Rows, whole sites and columns a site (a power of two) of a tile; the label, one site, is cut into more rows."""
    padded = _power(colours)
    height, columns = (16, 16) if sites == 1 else (32, 64) if precision == "ieee" else (64, 128)
    fitting = max(1, min(columns // padded, _power(sites)))
    of_tile = max(fitting, 16 // padded)  # a product of tiles has at least 16 columns
    return {"M": height, "S": of_tile, "Q": padded, "num_warps": 8 if padded > 128 else 4, "num_stages": 3}


select(os.environ.get("SHORTRUN_GPU_PRECISION") or PRECISIONS[0])
