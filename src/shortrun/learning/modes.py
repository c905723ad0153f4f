"""The strongest modes of the data: some sites at a time, so that processes may share the sites out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from shortrun.models import LABEL, RBM, STREAMED, rows_at_once
from shortrun.typing import State

MODES = 32  # of the data, at most, that are damped
ITERATIONS = 15
NOTHING = 1e-14  # of the largest eigenvalue of a covariance of vectors: rounding


class Modes(NamedTuple):
    """The strongest modes of the data: eigenvalues and eigenvectors of the covariance of the visible features.

    Parameters
    ----------
    values : Tensor
        (R,) from the largest to the smallest.
    vectors : Tensor
        (F, R) orthonormal, over all observed features; 0 at the label.
    """

    values: Tensor
    vectors: Tensor


def strongest_modes(model: RBM, state: State, count: int = MODES) -> Modes:
    """Return the strongest modes of some rows, to about a percent, by iterating a subspace.

    The features are made anew, some rows and sites at a time, in each iteration: of many sites they would fill the
    memory.
    """
    count, features = min(count, len(state[0]), model.undivided().shape[0]), model.undivided().shape[0]
    start = torch.randn(features, count, generator=torch.Generator().manual_seed(0))  # in general position
    start = torch.cat([start[place] for place in model.places()]).to(state[0].device)
    data = Centred(model, state)
    values, vectors = orthonormal(model, start)
    for _ in range(ITERATIONS):
        values, vectors = orthonormal(model, data.covariance_times(vectors))
    return Modes(values, vectors)


class Centred:
    """Rows of data less their means, block by block.

    Parameters
    ----------
    model : RBM
        Of these observed layers.
    state : State
        They.
    """

    def __init__(self, model: RBM, state: State):
        self.model, self.state = model, state
        self.rows, size = len(state[0]), rows_at_once(model, len(state[0]), STREAMED)
        self.blocks = [slice(first, first + size) for first in range(0, self.rows, size)]
        self.means = sums = torch.zeros(model.shape[0], device=state[0].device)
        for i, chunk in chunks(model):
            sums[chunk] = sum(self.features(i, chunk, block).sum(0) for block in self.blocks)
        self.means = sums / self.rows

    def features(self, i: int, chunk: slice, block: slice) -> Tensor:
        """Return some features of the i-th layer in some rows, less their means."""
        layer, first = self.model.spec.observed[i], self.model.slices[i].start
        width = layer.units.width
        sites = slice((chunk.start - first) // width, (chunk.stop - first) // width)
        return layer.units.features(self.state[i][block, sites]) - self.means[chunk]

    def covariance_times(self, vectors: Tensor) -> Tensor:
        """Return the covariance of the features times vectors, both (F, R)."""
        found, sizes = torch.zeros_like(vectors), (2.0, size_of(vectors))
        for block in self.blocks:
            like = vectors.new_empty(len(range(self.rows)[block]), vectors.shape[1])

            def projected(i: int, chunk: slice, block: slice = block) -> Tensor:
                return self.features(i, chunk, block) @ vectors[chunk]

            along = of_visible(self.model, projected, like, lambda _: sizes)
            for i, chunk in chunks(self.model):
                found[chunk] += self.features(i, chunk, block).T @ along
        return found.div_(self.rows)


def orthonormal(model: RBM, vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Return the singular values of vectors (F, R), from the largest to the smallest, and their left singular vectors.

    They are 0 where vectors depend on one another.
    """
    count = vectors.shape[1]

    def product(_: int, chunk: slice) -> Tensor:
        part = vectors[chunk].double()
        return part.T @ part

    like = vectors.new_empty(count, count, dtype=torch.float64)
    squares, turn = torch.linalg.eigh(of_visible(model, product, like, lambda rows: [size_of(vectors[rows])] * 2))
    squares, turn = squares.flip(0).clamp(min=0), turn.flip(1)
    there = squares > NOTHING * squares[0]
    turn = torch.where(there, turn / squares.sqrt(), 0.0).to(vectors.dtype)
    found = torch.zeros_like(vectors)
    for _, chunk in chunks(model):
        found[chunk] = vectors[chunk] @ turn
    return squares.sqrt().to(vectors.dtype), found


def chunks(model: RBM) -> list[tuple[int, slice]]:
    """Return the chunks of features of all visible layers, each with the number of its layer."""
    layers = (i for i, layer in enumerate(model.spec.observed) if layer.name != LABEL)
    return [(i, chunk) for i in layers for chunk in model.chunks(i)]


def of_visible(
    model: RBM, product: Callable[[int, slice], Tensor], like: Tensor, sizes: Callable[[slice], Sequence[float]]
) -> Tensor:
    """Return the sum over the chunks of visible features of products of matrices, see `RBM.sum_of_chunks`."""
    found = torch.zeros_like(like)
    for i, layer in enumerate(model.spec.observed):
        if layer.name != LABEL:
            found += model.sum_of_chunks(i, partial(product, i), like, sizes)
    return found


def size_of(x: Tensor) -> float:
    """Return the largest size of a number."""
    return max(abs(float(edge)) for edge in torch.aminmax(x)) if x.numel() else 0.0
