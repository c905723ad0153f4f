"""Sums over sites that are the same bits in any order, so that processes may share the sites out.

Floating-point numbers are rounded to multiples of one step, 2^-(52 - b) of the largest, for up to 2^b terms: their sum
in float64 is then exact. What the rounding changes is less than what a sum of float32 loses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

EXACT = 52  # bits behind the first one of a float64
ROWS = 2**22  # numbers that are rounded together


@runtime_checkable
class Adds(Protocol):
    """Processes that add up what they have (`parallel.Group`)."""

    def total(self, mine: Tensor, *, again: bool = False) -> Tensor:
        """Return the sum of float64 or float32 numbers that are exact in any order."""
        ...

    def largest(self, mine: Sequence[float]) -> list[float]:
        """Return the largest first number, the largest second one, ..."""
        ...


def step_of(largest: float, count: int) -> float:
    """Return the step of numbers up to `largest` in size, `count` of which are added exactly; 0 if all are 0."""
    if not 0 < largest < math.inf:
        return 0.0 if largest == 0 else math.nan
    return 2.0 ** (math.ceil(math.log2(largest)) + math.ceil(math.log2(max(count, 1))) - EXACT)


def largest_of(rows: Tensor) -> float:
    """Return the size of the largest number; 0 of none, and infinity where one is NaN."""
    return float(torch.linalg.vector_norm(rows, math.inf).nan_to_num(nan=math.inf)) if rows.numel() else 0.0


def exact_sum(parts: Iterable[Tensor], like: Tensor, largest: float, count: int, group: Adds | None = None) -> Tensor:
    """Return the sum of tensors of one shape, with those of other processes.

    Parameters
    ----------
    parts : Iterable[Tensor]
        What is added here.
    like : Tensor
        Has the shape and type of the result.
    largest : float
        No number of any process is larger in size.
    count : int
        No more tensors are added in all processes.
    group : Adds, optional
        The processes.

    Examples
    --------
    >>> x = torch.tensor([0.1, 1e8, -1e8, 0.2])
    >>> exact_sum(x, x[0], 1e8, 4), exact_sum(x.flip(0), x[0], 1e8, 4), x.sum() == x.flip(0).sum()
    (tensor(0.3000), tensor(0.3000), tensor(False))
    """
    step, sums = step_of(largest, count), torch.zeros(like.shape, dtype=torch.float64)
    if step != 0:
        for part in parts:
            sums += torch.round(part.double() / step)
    if group is not None:
        sums = group.total(sums)
    return (sums * step).to(like.dtype)


def sums_of_rows(tables: Sequence[Tensor], count: int, group: Adds | None = None) -> list[Tensor]:
    """Return the sums of the rows of tables (n, ...) of one shape, n <= `count`, with those of other processes.

    Numbers on a GPU, or in double precision, which no processes share, are added as they are.
    """
    if group is None and not all(rows.is_cpu and rows.dtype is torch.float32 for rows in tables):
        return [rows.sum(0) for rows in tables]
    largest = [largest_of(rows) for rows in tables]
    steps = [step_of(size, count) for size in (largest if group is None else group.largest(largest))]
    sums = torch.zeros(len(tables), *tables[0].shape[1:], dtype=torch.float64)
    for rows, step, out in zip(tables, steps, sums, strict=True):
        for part in rows.split(max(1, ROWS // max(1, rows[:1].numel()))) if step != 0 else ():
            out += torch.round(part.double() / step).sum(0)
    if group is not None:
        sums = group.total(sums)
    return [(out * step).to(rows.dtype) for rows, step, out in zip(tables, steps, sums, strict=True)]
