"""Stability of the silent state x = 0: spectra of couplings and the critical gain."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import accumulate

import numpy as np
import torch
from jaxtyping import Float64

from shortrun.engine.chaotic import ChaoticMachine
from shortrun.errors import ConfigError
from shortrun.models import ChaoticNetwork, NetworkSpec
from shortrun.typing import Theta

WIDTH = 1e-6  # relative width of the interval at which bisection ends


def coupling_matrix(model: ChaoticNetwork, theta: Theta) -> Float64[np.ndarray, "U U"]:
    """Return K of tau dx/dt = -x + K tanh x + b, all layers in order: row x, column y of what it feels.

    Parameters
    ----------
    model, theta : ChaoticNetwork and Theta
        The network.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import ChaoticNetwork, NetworkSpec, RateLayer
    >>> model = ChaoticNetwork(NetworkSpec(layers=(RateLayer("visible", 40),), gain=1.0))
    >>> from shortrun.chaos import coupling_matrix
    >>> coupling_matrix(model, torch.zeros(model.size())).shape
    (40, 40)
    """
    places = [0, *accumulate(layer.sites for layer in model.spec.layers)]
    full = np.zeros((places[-1], places[-1]))
    for c in ChaoticMachine(model, theta.double()).couplings:
        rows, columns = (slice(places[i], places[i + 1]) for i in (c.target, c.source))
        full[rows, columns] = c.matrix.T.cpu().numpy()
    return full


def spectral_radius(model: ChaoticNetwork, theta: Theta) -> float:
    """Return the spectral radius of K: the linearised network grows like exp((radius - 1) t / tau) around x = 0.

    Parameters
    ----------
    model, theta : ChaoticNetwork and Theta
        The network.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import ChaoticNetwork, NetworkSpec, RateLayer
    >>> model = ChaoticNetwork(NetworkSpec(layers=(RateLayer("visible", 40),), gain=0.25))
    >>> from shortrun.chaos import spectral_radius
    >>> spectral_radius(model, torch.zeros(model.size())) < 1
    True
    """
    return float(abs(np.linalg.eigvals(coupling_matrix(model, theta))).max())


def critical_gain(spec: NetworkSpec) -> float:
    """Return the variance g of the random couplings at which a large untrained network becomes unstable at x = 0.

    Each unit of x receives from each neighbouring layer y through N_y couplings of variance g / N_y, so that the
    spectral radius is sqrt(g r), with r that of the graph of layers, for any sizes (the circular law with a profile of
    variances): g_c = 1 / r, which is 1 for one layer and for two, 1 / sqrt(2) for three (theory 12.17).

    Parameters
    ----------
    spec : NetworkSpec
        Layers of the network.

    Examples
    --------
    >>> from shortrun.chaos import critical_gain
    >>> from shortrun.models import NetworkSpec, RateLayer
    >>> layers = [RateLayer(name, 10) for name in ("visible", "hidden", "hidden_2")]
    >>> [round(critical_gain(NetworkSpec(layers=tuple(layers[:n]))), 3) for n in (1, 2, 3)]
    [1.0, 1.0, 0.707]
    """
    graph = np.zeros((len(spec.layers), len(spec.layers)))
    for i, j in spec.edges:
        graph[i, j] = graph[j, i] = 1
    return float(1 / np.linalg.eigvalsh(graph).max())


def measured_critical_gain(model: ChaoticNetwork, theta: Theta | None = None) -> float:
    """Return the g at which the spectral radius of this particular network is 1, found by bisection.

    Trained couplings are constant while g changes; the result is 0 if they alone reach radius 1.

    Parameters
    ----------
    model : ChaoticNetwork
        The network.
    theta : Theta, optional
        Its parameters; the untrained network by default.

    Raises
    ------
    ConfigError
        If the random couplings are negligible, so that no g makes the network unstable.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import ChaoticNetwork, NetworkSpec, RateLayer
    >>> model = ChaoticNetwork(NetworkSpec(layers=(RateLayer("visible", 40),), gain=1.0))
    >>> from shortrun.chaos import measured_critical_gain
    >>> 0.5 < measured_critical_gain(model) < 2
    True
    """
    theta = torch.zeros(model.size()) if theta is None else theta

    def above(gain: float) -> bool:
        return spectral_radius(ChaoticNetwork(replace(model.spec, gain=gain)), theta) > 1

    if above(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while not above(high):
        low, high = high, 2 * high
        if not math.isfinite(high * high):
            raise ConfigError("chaotic.gain", "no variance of the random couplings makes this network unstable")
    while high - low > WIDTH * high:
        middle = (low + high) / 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return (low + high) / 2
