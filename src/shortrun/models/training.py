"""A model while it learns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from shortrun.typing import State, Theta


@dataclass(eq=False)
class Training:
    """All that changes during a training: enough to go on from, bit for bit.

    Parameters
    ----------
    update : int
        Updates done.
    theta : Theta
        (P,) parameters.
    moments : tuple[Theta, ...]
        Moments of the optimiser.
    chains : tuple[State | None, ...]
        For each free run, its persistent chains or None.
    seconds : float, default 0.0
        Time spent so far, over all sessions.
    average : Theta, optional
        (P,) mean of theta over the last part of the training; None where none is kept.
    pace : float, default 1.0
        What rates are multiplied with: a training that ran away is slowed down.
    """

    update: int
    theta: Theta
    moments: tuple[Theta, ...]
    chains: tuple[State | None, ...]
    seconds: float = 0.0
    average: Theta | None = None
    pace: float = 1.0

    def to(self, device: torch.device | str) -> Training:
        """Return the same on a device."""
        return replace(
            self,
            theta=self.theta.to(device),
            moments=tuple(moment.to(device) for moment in self.moments),
            average=None if self.average is None else self.average.to(device),
            chains=tuple(state and tuple(x.to(device) for x in state) for state in self.chains),
        )
