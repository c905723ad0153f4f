"""Replica-symmetric theory: order parameters and free energy of low-rank weights in noise (DFF18).

Ising units, w_{i mu} = sum_a w_a u_i^a v_mu^a + r_{i mu}, r ~ N(0, sigma^2 / L), L = sqrt(N_v N_h), kappa = N_h / N_v
(theory 7.4). Fields are those of E = - sum eta_i s_i - ..., so that they add to w mbar (the equations of the
source have them with the opposite sign, and the inverse powers of kappa).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from shortrun.errors import ConfigError
from shortrun.regimes.component_distributions import GAUSSIAN, ComponentDistribution, Nodes, normal

DAMPING = 0.5
TOLERANCE = 1e-10  # change of every order parameter in one step
STEPS = 20_000
NODES = 121  # of the noise, where components are not Gaussian
MOST_NODES = 2**23  # nodes of all components and the noise together
SAME = 1e-6  # two free energies that differ by less are of one solution; the one with the larger m comes first

Pulls = Float64[np.ndarray, " K"]


@dataclass(frozen=True)
class Ensemble:
    """An ensemble of machines with the same few modes, and noise (theory 7.4).

    Parameters
    ----------
    noise : float
        Noise sigma.
    signals : tuple[float, ...]
        w_a of each mode.
    kappa : float, default 1.0
        N_h / N_v.
    visible_components, hidden_components : ComponentDistribution, default GAUSSIAN
        Distributions of the components of u and v.
    visible_fields, hidden_fields : tuple[float, ...], default ()
        eta_a = L^{-1/2} sum_i u_i^a eta_i, theta_a likewise, one per mode; zeros by default.

    Raises
    ------
    ConfigError
        For a negative noise, a ratio that is not positive, or a number of fields other than that of modes.
    """

    noise: float
    signals: tuple[float, ...]
    kappa: float = 1.0
    visible_components: ComponentDistribution = GAUSSIAN
    hidden_components: ComponentDistribution = GAUSSIAN
    visible_fields: tuple[float, ...] = ()
    hidden_fields: tuple[float, ...] = ()

    def __post_init__(self):
        if not (math.isfinite(self.noise) and self.noise >= 0):
            raise ConfigError("sigma", f"a number from 0 on expected, got {self.noise:g}")
        check_ratio(self.kappa)
        if not self.signals or not np.isfinite(self.signals).all():
            raise ConfigError("w", f"at least one finite singular value expected, got {self.signals}")
        for fields in (self.visible_fields, self.hidden_fields):
            if len(fields) not in (0, len(self.signals)):
                raise ConfigError("fields", f"{len(self.signals)} expected, one a mode, got {len(fields)}")

    @property
    def transposed(self) -> Ensemble:
        """The ensemble with visible and hidden units exchanged."""
        return replace(
            self,
            kappa=1 / self.kappa,
            visible_components=self.hidden_components,
            hidden_components=self.visible_components,
            visible_fields=self.hidden_fields,
            hidden_fields=self.visible_fields,
        )


def check_ratio(kappa: float) -> None:
    """Raise ConfigError unless kappa is a positive ratio."""
    if not (math.isfinite(kappa) and kappa > 0):
        raise ConfigError("kappa", f"a positive ratio N_h / N_v expected, got {kappa:g}")


class Order(NamedTuple):
    """Order parameters: m_a = L^{-1/2} sum_i u_i^a <s_i>, q = N_v^{-1} sum_i <s_i>^2, and those of the hidden side."""

    m: Pulls
    m_hidden: Pulls
    q: float
    q_hidden: float


@dataclass(frozen=True)
class Solution:
    """A solution of the replica-symmetric equations.

    Parameters
    ----------
    order : Order
        The order parameters.
    free_energy : float
        Ln Z / L (theory 7.9b); the solution with the largest value is the state of the machine.
    instability : float
        sigma^4 E sech^4 E sech^4; above 1 replica symmetry is broken (theory 7.13).
    converged, residual : bool or float
        Whether the iteration converged, and its last step.
    """

    order: Order
    free_energy: float
    instability: float
    converged: bool
    residual: float

    @property
    def phase(self) -> str:
        """The phase: ferromagnet if some m is not 0, otherwise spin glass if q is not 0, otherwise paramagnet."""
        if np.abs(self.order.m).max() > 1e-4:
            return "ferromagnet"
        return "spin glass" if self.order.q > 1e-4 else "paramagnet"


@dataclass(frozen=True, eq=False)
class Side:
    """The sites of one side in the field scale (sqrt(variance) x + pulls . u), x normal noise, u components of modes.

    With Gaussian components the field itself is normal, and one average replaces two.
    """

    components: ComponentDistribution
    scale: float
    variance: float
    pulls: Pulls

    def field(self) -> tuple[Nodes, Nodes]:
        """Return the field at every node, and the weights of the nodes."""
        if self.components is GAUSSIAN:
            width = math.sqrt(self.variance + self.pulls @ self.pulls)
            return self.scale * width * self.components.nodes, self.components.weights
        values, noise, weights = _grid(self.components, len(self.pulls))
        return self.scale * (math.sqrt(self.variance) * noise + self.pulls @ values), weights

    def moments(self) -> tuple[Pulls, float]:
        """Return m = E[u tanh] / scale and q = E tanh^2 (theory 7.5 to 7.9); m = pulls (1 - q) by Stein's lemma."""
        field, weights = self.field()
        rate = np.tanh(field)
        q = float(weights @ rate**2)
        if self.components is GAUSSIAN:
            return self.pulls * (1 - q), q
        return _grid(self.components, len(self.pulls))[0] @ (weights * rate) / self.scale, q

    def log_z(self) -> float:
        """Return E ln 2cosh."""
        field, weights = self.field()
        size = np.abs(field)
        return float(weights @ (size + np.log1p(np.exp(-2 * size))))

    def sech4(self) -> float:
        """Return E sech^4, the contribution of a site to the replicon."""
        field, weights = self.field()
        return float(weights @ (1 - np.tanh(field) ** 2) ** 2)


@cache
def _grid(
    components: ComponentDistribution, modes: int
) -> tuple[Float64[np.ndarray, "K n"], Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Return all combinations of components and noise, (K, n) and (n,), with their weights.

    Raises
    ------
    ConfigError
        If there are too many.
    """
    noise = normal(NODES)
    if len(components.nodes) ** modes * NODES > MOST_NODES:
        raise ConfigError("modes", f"fewer modes expected with {components.name} components, got {modes}")
    axes = np.meshgrid(*[components.nodes] * modes, noise.nodes, indexing="ij")
    weights = np.ones(())
    for each in (*[components.weights] * modes, noise.weights):
        weights = np.multiply.outer(weights, each)
    flat = np.stack([axis.ravel() for axis in axes])
    return flat[:-1], flat[-1], weights.ravel()


def _sides(ensemble: Ensemble, order: Order) -> tuple[Side, Side]:
    """Return the visible and the hidden side, each in the field of the other."""
    scale, variance, signals = ensemble.kappa**0.25, ensemble.noise**2, np.array(ensemble.signals)
    up = signals * order.m_hidden + np.array(ensemble.visible_fields or 0.0)
    down = signals * order.m + np.array(ensemble.hidden_fields or 0.0)
    return (
        Side(ensemble.visible_components, scale, variance * max(order.q_hidden, 0.0), up),
        Side(ensemble.hidden_components, 1 / scale, variance * max(order.q, 0.0), down),
    )


def _step(ensemble: Ensemble, order: Order) -> Order:
    """Return the right-hand sides of the replica-symmetric equations (theory 7.5 to 7.7)."""
    visible, hidden = _sides(ensemble, order)
    (m, q), (m_hidden, q_hidden) = visible.moments(), hidden.moments()
    return Order(m, m_hidden, q, q_hidden)


def free_energy(ensemble: Ensemble, order: Order) -> float:
    """Return ln Z / L, stationary at the solutions (theory 7.9b)."""
    visible, hidden = _sides(ensemble, order)
    root = math.sqrt(ensemble.kappa)
    paired = float(np.sum(np.array(ensemble.signals) * order.m * order.m_hidden))
    glass = ensemble.noise**2 / 2 * (1 - order.q) * (1 - order.q_hidden)
    return -paired + glass + visible.log_z() / root + hidden.log_z() * root


def instability(ensemble: Ensemble, order: Order) -> float:
    """Return sigma^4 E sech^4 E sech^4 of the two sides (theory 7.13): above 1 replica symmetry is broken."""
    visible, hidden = _sides(ensemble, order)
    return ensemble.noise**4 * visible.sech4() * hidden.sech4()


def solve_from(ensemble: Ensemble, start: Order, steps: int = STEPS) -> Solution:
    """Return the solution that damped iteration converges to."""
    now, residual = _flat(start), math.inf
    for _ in range(steps):
        new = _flat(_step(ensemble, _order(now)))
        residual = float(np.abs(new - now).max())
        now = now + DAMPING * (new - now)
        if residual <= TOLERANCE:
            break
    order = _order(now)
    energy, broken = free_energy(ensemble, order), instability(ensemble, order)
    return Solution(order, energy, broken, residual <= TOLERANCE, residual)


def solutions(ensemble: Ensemble) -> list[Solution]:
    """Return the solutions from m = 0, from each mode alone and from all together, the largest ln Z first.

    Parameters
    ----------
    ensemble : Ensemble
        The machines.

    Examples
    --------
    >>> from shortrun.regimes import Ensemble, solutions
    >>> [each.phase for each in solutions(Ensemble(noise=0.5, signals=(2.0,)))]
    ['ferromagnet', 'paramagnet']
    """
    count = len(ensemble.signals)
    starts = [*np.eye(count), *([np.ones(count)] if count > 1 else []), np.zeros(count)]
    found = [solve_from(ensemble, Order(m.copy(), m.copy(), 1.0, 1.0)) for m in starts]
    return sorted(found, key=lambda each: -round(each.free_energy / SAME))


def solve(ensemble: Ensemble) -> Solution:
    """Return the solution with the largest ln Z, the state of the machine (theory 7.9b).

    Parameters
    ----------
    ensemble : Ensemble
        The machines.

    Returns
    -------
    Solution
        Order parameters, free energy, stability, and whether the iteration converged.

    Raises
    ------
    ConfigError
        If so many modes with components of that distribution need too many nodes.

    Examples
    --------
    >>> from shortrun.regimes import Ensemble, solve
    >>> solve(Ensemble(noise=0.5, signals=(2.0,))).phase
    'ferromagnet'
    """
    return solutions(ensemble)[0]


def _flat(order: Order) -> Float64[np.ndarray, " _"]:
    return np.concatenate([order.m, order.m_hidden, [order.q, order.q_hidden]])


def _order(flat: Float64[np.ndarray, " _"]) -> Order:
    count = (len(flat) - 2) // 2
    return Order(flat[:count], flat[count : 2 * count], float(flat[-2]), float(flat[-1]))
