"""The rows of a data set as a training sees them: in minibatches; values larger than memory stay in their file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from shortrun.data.core.dataset import Dataset
from shortrun.dynamics import Noise, Stream
from shortrun.learning.update import Batch
from shortrun.models import RBMPart, Stored, state_of
from shortrun.settings import Config
from shortrun.typing import State


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a data set as a model state on one device.

    Parameters
    ----------
    state : tuple[Tensor | Stored, ...]
        For each observed layer its (M, S) values, of which these rows are some or all; shared, never copied.
    weights : Tensor
        (N,).
    missing : Tensor
        (N,) bool, rows without a label; their label codes are arbitrary.
    index : Tensor, optional
        (N,) which rows of `state` these are; None for all in order.
    """

    state: tuple[Tensor | Stored, ...]
    weights: Tensor
    missing: Tensor
    index: Tensor | None = None

    @classmethod
    def of(cls, data: Dataset, device: torch.device) -> Rows:
        """Return the samples of a data set; weights and labels are its own."""
        weights = torch.from_numpy(data.weights).to(device)
        missing = torch.from_numpy(~data.labelled).to(device) if data.classes else torch.zeros_like(weights).bool()
        return cls(state_of(data, device), weights, missing)

    def __len__(self) -> int:
        return len(self.weights)

    def of_sites(self, part: RBMPart) -> Rows:
        """Return the same rows with the sites of a part of the machine; no others are read."""
        state = tuple(
            x.of_sites(s) if isinstance(x, Stored) else x[:, s] for x, s in zip(self.state, part.sites, strict=True)
        )
        return Rows(state, self.weights, self.missing, self.index)

    def select(self, rows: Tensor) -> Rows:
        """Return some of the rows, by number; the values are those of this object."""
        return Rows(self.state, self.weights[rows], self.missing[rows], self._place(rows))

    @cached_property
    def sums(self) -> dict[int, Tensor]:
        """The weighted sums (1, F_i) of features that were found, by the number of the observed layer."""
        return {}

    @cached_property
    def tensors(self) -> State | None:
        """The values of these rows and no others as tensors; None if some stay in a file."""
        values = tuple(x for x in self.state if isinstance(x, Tensor))
        if len(values) < len(self.state):
            return None
        return values if self.index is None else tuple(x[self.index] for x in values)

    def layer(self, i: int, rows: Tensor) -> Tensor:
        """Return the values of an observed layer in some of the rows."""
        values, place = self.state[i], self._place(rows)
        return values.index_select(0, place) if isinstance(values, Tensor) else values[place]

    def observed(self, rows: Tensor) -> State:
        """Return all observed layers of some of the rows."""
        return tuple(self.layer(i, rows) for i in range(len(self.state)))

    def spread(self, count: int) -> State:
        """Return about `count` rows (all, if there are fewer), evenly spread."""
        return self.observed(torch.linspace(0, len(self) - 1, min(count, len(self)), device=self.weights.device).long())

    def batch(self, rows: Tensor) -> Batch:
        """Return some of the rows as a minibatch."""
        missing = self.missing[rows]
        return Batch(self.observed(rows), self.weights[rows], missing, bool(missing.any()))

    @cached_property
    def refusal(self) -> str:
        """Why `gathered` does not serve these rows, "" where it does.

        A missing label becomes as many rows as there are classes: the size of such a minibatch is not known before.
        """
        if bool(self.missing.any()):
            return "some rows have no label"
        return "rows stay in a file" if self.tensors is None else ""

    def gathered(self, rows: Tensor) -> Batch:
        """Return some of the rows, all with a label, as a minibatch, without waiting for the device."""
        assert self.tensors is not None
        state = tuple(x.index_select(0, rows) for x in self.tensors)
        return Batch(state, self.weights.index_select(0, rows), torch.zeros_like(rows, dtype=torch.bool), False)

    def blocks(self, size: int) -> Iterator[State]:
        """Yield all rows, `size` at a time."""
        for rows in torch.arange(len(self), device=self.weights.device).split(size):
            yield self.observed(rows)

    def _place(self, rows: Tensor) -> Tensor:
        return rows if self.index is None else self.index[rows]


class Minibatches:
    """The minibatch of each update: a fresh shuffle every epoch, a pure function of seed and update.

    An epoch's last incomplete batch is left out, as in the published recipes.
    """

    def __init__(self, rows: Rows, config: Config):
        self.rows, self.seed = rows, config.training.seed
        self.size = min(config.training.batch, len(rows))
        self.per_epoch = len(rows) // self.size
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.long)

    def at(self, update: int) -> Batch:
        """Return the minibatch of an update (from 1)."""
        return self.rows.batch(self.indices(update))

    @property
    def refusal(self) -> str:
        """Why `gathered` does not serve these rows, "" where it does."""
        return self.rows.refusal

    def gathered(self, rows: Tensor) -> Batch:
        """Return the minibatch of some rows, without waiting for the device."""
        return self.rows.gathered(rows)

    def indices(self, update: int) -> Tensor:
        """Return which rows it takes."""
        epoch, position = divmod(update - 1, self.per_epoch)
        if epoch != self._epoch:
            noise = Noise(self.seed, Stream.SHUFFLE, epoch, device=self.rows.weights.device)
            self._epoch = epoch
            self._order = torch.argsort(noise.uniform(0, 1, len(self.rows))[0], stable=True)
        return self._order[position * self.size : (position + 1) * self.size]
