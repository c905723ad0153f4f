"""The standard error of a score from what a single sample changes, for tests."""

from collections.abc import Callable, Sequence

import numpy as np

from shortrun.data import Dataset
from shortrun.scores import Estimate


def with_error(
    value: Callable[..., Estimate], sides: Sequence[Dataset], times: int, given: Sequence[int] = ()
) -> tuple[Estimate, float]:
    """Return a score and its error as `with_errors` does."""
    (whole,), (error,) = with_errors(lambda *sides: [value(*sides)], sides, times, given)
    return whole, error


def with_errors(
    values: Callable[..., Sequence[Estimate]], sides: Sequence[Dataset], times: int, given: Sequence[int] = ()
) -> tuple[Sequence[Estimate], np.ndarray]:
    """Return scores of sides that are repeated `times` times, and their errors by replacing a sample by each other one.

    Parameters
    ----------
    values : the scores of all sides
    given : positions of sides whose samples are not drawn
    """
    few = len(sides[0])
    many = [side.select(np.tile(np.arange(few), times)) for side in sides]
    whole = values(*many)
    variance = np.zeros(len(whole))
    for i, side in enumerate(sides):
        if i in given:
            continue
        changes = []
        for sample in range(few):
            rows = np.tile(np.arange(few), times)
            rows[0] = sample
            changed = [*many]
            changed[i] = side.select(rows)
            changes.append(
                [few * times * (new.value - it.value) for new, it in zip(values(*changed), whole, strict=True)]
            )
        variance += np.var(changes, axis=0) / (few * times)
    return whole, variance**0.5
