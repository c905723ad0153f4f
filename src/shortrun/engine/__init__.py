"""The same sweep, as fast as the machine at hand allows; chosen once, never seen by the other rooms."""

from __future__ import annotations

from collections.abc import Callable

from shortrun.engine import cpu
from shortrun.models import RBM, Clamp
from shortrun.typing import Noise, State, Theta

Stepper = Callable[[State, Noise], State]


def stepper(model: RBM, theta: Theta, state: State, clamp: Clamp) -> Stepper:
    """Return one step of the model as a function of (state, noise), for a run that keeps theta and the clamp.

    The state that a step returns may be overwritten by the next.
    """
    if cpu.supports(model, theta):
        return cpu.Stepper(model, theta, state, clamp)
    return lambda now, noise: model.step(theta, now, noise, clamp)
