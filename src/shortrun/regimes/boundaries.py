"""Phase boundaries for Gaussian components without fields (DFF18; theory 7.10 to 7.13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import root, root_scalar

from shortrun.regimes.component_distributions import GAUSSIAN
from shortrun.regimes.replica_symmetric import Ensemble, Order, Side, check_ratio, solve_from

PARAMAGNET, FERROMAGNET, GLASS = "paramagnet", "ferromagnet", "spin glass"
LARGEST = 8.0  # largest sigma of a diagram
LARGEST_OF_AT = 3.0  # beyond, the line lies at w > 2 sigma, where it is too steep for the nodes
POINTS = 32
WIDTH = 1e-9  # of logarithms of V, to which the AT line is found
LOG_VARIANCES = (-30.0, 10.0)


@dataclass(frozen=True)
class Phase:
    """The phase at a point.

    Parameters
    ----------
    name : str
        "paramagnet", "ferromagnet" or "spin glass".
    stable : bool
        Whether the replica-symmetric solution is stable (theory 7.13); that of a spin glass never is.
    """

    name: str
    stable: bool


def _glass(sigma: float, kappa: float = 1.0) -> Order:
    """Return the order parameters at m = 0: q = 0 up to sigma = 1, beyond it those of the bipartite spin glass."""
    zero = np.zeros(1)
    return solve_from(Ensemble(sigma, (0.0,), kappa), Order(zero, zero, 1.0, 1.0)).order


def ferromagnet_line(sigma: float, kappa: float = 1.0) -> float:
    """Return the w_1 at which a glass (or paramagnet) becomes a ferromagnet (theory 7.10, 7.12).

    It solves w^2 (1 - q) (1 - qbar) = 1 with q, qbar of m = 0, and is 1 for sigma <= 1. Full replica symmetry breaking
    is expected to move the line beyond to w = sigma at kappa = 1.

    Parameters
    ----------
    sigma : float
        The noise.
    kappa : float, default 1.0
        N_h / N_v.

    Examples
    --------
    >>> from shortrun.regimes import ferromagnet_line
    >>> ferromagnet_line(0.5), round(ferromagnet_line(2.0), 3)
    (1.0, 2.129)
    """
    if sigma <= 1:
        return 1.0
    order = _glass(sigma, kappa)
    return ((1 - order.q) * (1 - order.q_hidden)) ** -0.5


def at_line(sigma: float, kappa: float = 1.0) -> float:
    """Return the w_1 at which the ferromagnet becomes stable against replica symmetry breaking (AT line, theory 7.13).

    It is 1 for sigma <= 1.

    Parameters
    ----------
    sigma : float
        The noise.
    kappa : float, default 1.0
        N_h / N_v.

    Examples
    --------
    >>> from shortrun.regimes import at_line
    >>> at_line(0.5), round(at_line(2.0), 3)
    (1.0, 2.801)
    """
    if sigma <= 1:
        return 1.0

    def violated(logs: np.ndarray) -> tuple[float, float]:
        """Return the violation of m = w mbar (1 - q) with mbar = w m (1 - qbar), and the excess of (7.13)."""
        (v, v_hidden), (here, there) = np.exp(logs), _fields(np.exp(logs), kappa)
        q, q_hidden = here.moments()[1], there.moments()[1]
        pulled, pulled_hidden = v - sigma**2 * q_hidden, v_hidden - sigma**2 * q
        return pulled_hidden * (1 - q_hidden) - pulled * (1 - q), unstable(here, there)

    def unstable(here: Side, there: Side) -> float:
        return float(np.log(sigma**4 * here.sech4() * there.sech4()))

    alike = root_scalar(lambda log: unstable(*_fields(np.exp([log, log]), kappa)), bracket=LOG_VARIANCES).root
    found = root(violated, [alike, alike], tol=WIDTH)
    assert found.success, f"no point of the AT line at sigma {sigma:g}, kappa {kappa:g}: {found.message}"
    here, there = _fields(np.exp(found.x), kappa)
    return ((1 - here.moments()[1]) * (1 - there.moments()[1])) ** -0.5


def _fields(variances: np.ndarray, kappa: float) -> tuple[Side, Side]:
    """Return the two sides in normal fields of variances V and Vbar (theory 7.9)."""
    none, scale = np.zeros(1), kappa**0.25
    return Side(GAUSSIAN, scale, float(variances[0]), none), Side(GAUSSIAN, 1 / scale, float(variances[1]), none)


def phase_at(sigma: float, w: float, kappa: float = 1.0) -> Phase:
    """Return the phase of machines with noise sigma and largest signal w, Gaussian components and no fields.

    Parameters
    ----------
    sigma : float
        The noise.
    w : float
        The largest signal.
    kappa : float, default 1.0
        N_h / N_v.

    Raises
    ------
    ConfigError
        For a negative noise or a ratio that is not positive.

    Examples
    --------
    >>> from shortrun.regimes import phase_at
    >>> phase_at(sigma=1.5, w=1.6)
    Phase(name='ferromagnet', stable=False)
    """
    Ensemble(sigma, (w,), kappa)
    if max(sigma, w) <= 1:
        return Phase(PARAMAGNET, True)
    if w <= ferromagnet_line(sigma, kappa):
        return Phase(GLASS, False)
    return Phase(FERROMAGNET, w >= at_line(sigma, kappa))


def boundaries(
    kappa: float = 1.0, *, largest: float = LARGEST, points: int = POINTS, sigmas: Sequence[float] | None = None
) -> pd.DataFrame:
    """Return the boundaries of the diagram.

    Parameters
    ----------
    kappa : float, default 1.0
        N_h / N_v.
    largest : float, default LARGEST
        Largest sigma of the boundaries of the glass.
    points : int, default POINTS
        Number of points from sigma = 1 to there, evenly on a logarithmic scale.
    sigmas : Sequence[float], optional
        Values above 1 to use in place of these.

    Returns
    -------
    pandas.DataFrame
        boundary ("P/F", "P/SG", "SG/F", "AT"), sigma, w (of mode 1), x = w / sigma, y = 1 / sigma: the axes of the
        Sherrington-Kirkpatrick model, with which kappa = 1 agrees at beta J = sigma

    Raises
    ------
    ConfigError
        For a ratio that is not positive.

    Examples
    --------
    >>> from shortrun.regimes import boundaries
    >>> sorted(set(boundaries(points=2)["boundary"]))
    ['AT', 'P/F', 'P/SG', 'SG/F']
    """
    check_ratio(kappa)
    beyond = np.geomspace(1, largest, points + 1)[1:] if sigmas is None else np.asarray(sigmas)
    rows = [("P/F", sigma, 1.0) for sigma in np.linspace(0, 1, 11)]
    rows += [("P/SG", 1.0, w) for w in np.linspace(0, 1, 11)]
    rows += [("SG/F", sigma, ferromagnet_line(sigma, kappa)) for sigma in (1.0, *beyond)]
    rows += [("AT", sigma, at_line(sigma, kappa)) for sigma in (1.0, *beyond[beyond <= LARGEST_OF_AT])]
    names, noise, signal = zip(*rows, strict=True)
    return with_ratios(pd.DataFrame({"boundary": names, "sigma": noise, "w": signal}))


def with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Add x = w / sigma and y = 1 / sigma to points (sigma, w); infinite without noise."""
    with np.errstate(divide="ignore", invalid="ignore"):
        y = 1 / table["sigma"].to_numpy(float)
        return table.assign(x=table["w"].to_numpy(float) * y, y=y)
