"""How a machine of Gaussian units would learn a data set, mode by mode: `learning_flow`."""

from __future__ import annotations

from shortrun.data import Dataset
from shortrun.regimes import LearningFlow
from shortrun.regimes.learning_curves import learned_modes
from shortrun.settings import takes
from shortrun.settings.regimes import LearningFlowSettings


@takes(LearningFlowSettings)
def learning_flow(data: Dataset, *, settings: LearningFlowSettings) -> LearningFlow:
    """Integrate dW/dt = C W - C_model W of Gaussian units on the strongest modes of a data set (theory 7.1, 7.2).

    Modes whose variance is above that of the units are learned, one after another, and end where the machine has their
    variance; others are forgotten. Codes count as values of mean 0 and variance 1 at zero fields (-1 and 1, or
    sqrt(q) (delta - 1/q)), other values as they are. Weights begin within the modes, where they stay.

    Parameters
    ----------
    data : Dataset
        The samples; their labels are ignored.

    Returns
    -------
    LearningFlow
        A table of the modes and one of the singular values against time.

    Raises
    ------
    ConfigError
        For modes, noise, initial weights or a time out of range.

    Examples
    --------
    >>> import shortrun as sr
    >>> found = sr.learning_flow(sr.read("digits"), modes=2)
    >>> found.modes["variance"].round(1).tolist()
    [4.2, 4.0]
    """
    return learned_modes(data, settings)
