"""The position of weights on the phase diagram: the noise of the bulk, the signals of the outliers.

Random-matrix formulas for a matrix of finite rank in noise (Benaych-Georges, Nadakuditi, J. Multivar. Anal. 111, 120
(2012)), for w = sum_a w_a u^a v^aT + r with r ~ N(0, sigma^2 / L), L = sqrt(N_v N_h), kappa = N_h / N_v.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from shortrun.errors import ConfigError

STEPS = 200
MARGIN = 1.5  # in units of N^{-2/3}: fluctuation of the largest value of pure noise beyond the edge

Values = Float64[np.ndarray, " n"]


@dataclass(frozen=True)
class Placement:
    """Weights as noise and signals, and how well their singular vectors agree.

    Parameters
    ----------
    sigma : float
        Standard deviation of the noise.
    kappa : float
        N_h / N_v.
    edge : float
        Largest singular value of pure noise.
    observed : Values
        (K,) singular values beyond it, largest first.
    signals : Values
        (K,) w_a, their values without the noise.
    visible_overlaps, hidden_overlaps : Values
        (K,) squared overlaps of their singular vectors with those of the signals.
    converged : bool
        Whether the number K of outliers converged.
    """

    sigma: float
    kappa: float
    edge: float
    observed: Values
    signals: Values
    visible_overlaps: Values
    hidden_overlaps: Values
    converged: bool

    @property
    def outliers(self) -> int:
        """The number K of values beyond the bulk."""
        return len(self.observed)

    @property
    def leading(self) -> float:
        """w_1, or 0 without outliers."""
        return float(self.signals[0]) if self.outliers else 0.0


def _bulk(sigma: float, kappa: float) -> tuple[float, float]:
    """Return the first and last singular value of noise: sigma |kappa^{1/4} -+ kappa^{-1/4}| (Marchenko-Pastur)."""
    root = kappa**0.25
    return sigma * abs(root - 1 / root), sigma * (root + 1 / root)


def signals_of(observed: Values, sigma: float, kappa: float) -> Values:
    """Return the signals behind singular values beyond the bulk (theory 7.15)."""
    root = math.sqrt(kappa)
    b = observed**2 - sigma**2 * (root + 1 / root)
    return np.sqrt((b + np.sqrt(np.maximum(b**2 - 4 * sigma**4, 0))) / 2)


def _overlaps(signals: Values, sigma: float, kappa: float) -> tuple[Values, Values]:
    """Return (u_obs . u)^2 and (v_obs . v)^2 of signals w > sigma."""
    square, root = signals**2, math.sqrt(kappa)
    detached = square**2 - sigma**4
    return detached / (square * (square + sigma**2 / root)), detached / (square * (square + sigma**2 * root))


def place(values: Values, visible: int, hidden: int, margin: float | None = None) -> Placement:
    """Return the noise and the signals of the singular values of Ising weights.

    K values are outliers, beyond (1 + margin) sigma (kappa^{1/4} + kappa^{-1/4}), and sigma^2 is the sum of squares of
    the others over (N_v - K) (N_h - K) / L, the free entries beside K modes. This is repeated until K is stable.

    Parameters
    ----------
    values : Values
        All min(N_v, N_h) singular values, in any order.
    visible, hidden : int
        N_v and N_h.
    margin : float, optional
        1.5 min(N_v, N_h)^{-2/3} by default.

    Raises
    ------
    ConfigError
        For values that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.regimes import place
    >>> weights = np.random.default_rng(0).normal(0, 1 / 20, (400, 400)) + 2 / 400
    >>> place(np.linalg.svd(weights, compute_uv=False), 400, 400).signals.round(1).tolist()
    [2.0]
    """
    if not np.isfinite(values).all():
        raise ConfigError("weights", "finite singular values expected: the training has diverged")
    ordered, scale, kappa = np.sort(values)[::-1], math.sqrt(visible * hidden), hidden / visible
    width = 1 + (MARGIN * min(visible, hidden) ** (-2 / 3) if margin is None else margin)
    count, sigma, settled = 0, 0.0, False
    for _ in range(STEPS):
        free = (visible - count) * (hidden - count) / scale
        sigma = math.sqrt(np.square(ordered[count:]).sum() / free) if free > 0 else 0.0
        new = min(int((ordered > width * _bulk(sigma, kappa)[1]).sum()), min(visible, hidden))
        settled = new == count
        if settled:
            break
        count = new
    observed = ordered[:count]
    signals = signals_of(observed, sigma, kappa)
    return Placement(
        sigma, kappa, _bulk(sigma, kappa)[1], observed, signals, *_overlaps(signals, sigma, kappa), converged=settled
    )
