"""Distributions of the components of singular vectors as quadrature rules, all of mean 0 and variance 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float64
from numpy.polynomial.laguerre import laggauss

from shortrun.errors import ConfigError, nearest

NORMAL_REACH = 9.0  # standard deviations; the tails beyond have a probability of 2e-19
NORMAL_NODES = 401
LAPLACE_NODES = 24  # per side
Nodes = Float64[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Law:
    """A symmetric distribution of variance 1 of components of u or v: E f(u) = sum_i weights_i f(nodes_i).

    Parameters
    ----------
    name : str
        Its name in `law_of`.
    nodes, weights : Nodes
        (n,) of the quadrature, which is exact for distributions over finitely many values.
    """

    name: str
    nodes: Nodes
    weights: Nodes

    def mean(self, values: Nodes) -> float:
        """Return E f(u) of f at the nodes."""
        return float(values @ self.weights)

    @property
    def kurtosis(self) -> float:
        """E u^4: 3 for Gaussian components; where it is larger, modes condense together."""
        return self.mean(self.nodes**4)


def normal(count: int = NORMAL_NODES) -> Law:
    """Return the normal distribution with equidistant nodes.

    The error of tanh^2(a u) is exp(-pi^2 / (a step)): below 1e-10 up to a = 8. Gauss-Hermite nodes lie pi / sqrt(n)
    apart: 60 of them have an error of 1e-2 at a = 4.
    """
    nodes = np.linspace(-NORMAL_REACH, NORMAL_REACH, count)
    weights = np.exp(-(nodes**2) / 2)
    return Law("gaussian", nodes, weights / weights.sum())


def laplace() -> Law:
    """Return p(u) = exp(-sqrt(2) |u|) / sqrt(2), with Gauss-Laguerre nodes on either side."""
    nodes, weights = laggauss(LAPLACE_NODES)
    return Law("laplace", np.concatenate([-nodes, nodes]) / math.sqrt(2), np.concatenate([weights, weights]) / 2)


def rademacher() -> Law:
    """Return u = +1 or -1, the components of Hopfield's patterns."""
    return Law("rademacher", np.array([-1.0, 1.0]), np.array([0.5, 0.5]))


def sparse(density: float = 0.1) -> Law:
    """Return u = 0 except for a share `density` of components, which are +-1 / sqrt(density).

    Raises
    ------
    ConfigError
        If the density is not between 0 and 1.
    """
    if not 0 < density <= 1:
        raise ConfigError("sparse", f"a density above 0, at most 1 expected, got {density:g}")
    value = 1 / math.sqrt(density)
    return Law(f"sparse:{density:g}", np.array([-value, 0.0, value]), np.array([density / 2, 1 - density, density / 2]))


GAUSSIAN = normal()
LAWS = {"gaussian": lambda: GAUSSIAN, "laplace": laplace, "rademacher": rademacher, "sparse": sparse}


@cache
def law_of(text: str) -> Law:
    """Return the distribution with a name: gaussian, laplace, rademacher, sparse, or sparse:0.2 with its density.

    Raises
    ------
    ConfigError
        For an unknown name, or a density that is not between 0 and 1.
    """
    name, colon, number = text.partition(":")
    if name not in LAWS or (colon and name != "sparse"):
        raise ConfigError("law", f"{', '.join(LAWS)} expected, got '{text}'", nearest(name, LAWS))
    if not colon:
        return LAWS[name]()
    try:
        return sparse(float(number))
    except ValueError as error:
        raise ConfigError("law", f"a density such as sparse:0.1 expected, got '{text}'") from error
