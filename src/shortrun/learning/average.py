"""The average of the parameters over the last part of a training: less noise than theta, at any rate.

Averages with polynomial decay (O. Shamir, T. Zhang, ICML 2013): the part that counts grows with the training, so there
is no length to choose for each data set.
"""

from __future__ import annotations

from shortrun.models import Training
from shortrun.typing import Theta

EVERY = 5  # updates: neighbouring thetas are nearly equal, and a pass over large weights is not free


def weight(update: int, share: float) -> float:
    """Return the weight of theta in the average after an update: 1 / (1 + share (n - 1)), n = update / EVERY.

    The average then extends over about the last `share` of all updates.

    Parameters
    ----------
    update : int
        Number of the update, from 1.
    share : float
        Part of the training that counts, from 0 (theta alone would do) to 1 (all thetas alike).

    Examples
    --------
    >>> weight(5, 0.1), weight(1000, 1.0)
    (1.0, 0.005)
    """
    return 1 / (1 + share * max(0.0, update / EVERY - 1))


def follow_(training: Training, share: float) -> None:
    """Move the average of a training towards its theta in place, every fifth update; without a share there is none."""
    if not share:
        return
    if training.average is None:
        training.average = training.theta.clone()
    elif training.update < EVERY or training.update % EVERY == 0:
        training.average.lerp_(training.theta, weight(training.update, share))


def machine_of(training: Training) -> Theta:
    """Return the parameters that a training would be used with: the average where there is one."""
    return training.theta if training.average is None else training.average
