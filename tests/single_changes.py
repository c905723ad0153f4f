"""The standard error of a score from what a single sample changes, for tests."""

from collections.abc import Callable, Sequence

import numpy as np

from shortrun.data import Dataset
from shortrun.scores import Estimate


def with_error(
    value: Callable[..., Estimate], sides: Sequence[Dataset], times: int, given: Sequence[int] = ()
) -> tuple[Estimate, float]:
    """Return a score of sides that are repeated `times` times, and its error by replacing a sample by each other one.

    Parameters
    ----------
    value : the score of both sides
    given : positions of sides whose samples are not drawn
    """
    few = len(sides[0])
    many = [side.select(np.tile(np.arange(few), times)) for side in sides]
    whole, variance = value(*many), 0.0
    for i, side in enumerate(sides):
        if i in given:
            continue
        changes = []
        for sample in range(few):
            rows = np.tile(np.arange(few), times)
            rows[0] = sample
            changed = [*many]
            changed[i] = side.select(rows)
            changes.append(few * times * (value(*changed).value - whole.value))
        variance += np.var(changes) / (few * times)
    return whole, variance**0.5
