"""The path of a machine through the phase diagram while it learns: where each age lies, and when modes cross."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.models import RBM
from shortrun.models.ising_form import ising_weights, sizes
from shortrun.regimes.boundaries import phase_at, with_ratios
from shortrun.regimes.middle import fixed_point_near, instabilities, middle
from shortrun.regimes.placement import Placement, place
from shortrun.regimes.susceptibility import susceptibility
from shortrun.settings.regimes import PhasesSettings
from shortrun.typing import Theta

THRESHOLD = 1.0  # of w_a and of s_a

Row = dict[str, float | int | str | bool]


def path_point(model: RBM, theta: Theta, settings: PhasesSettings) -> Row:
    """Return where parameters lie on the diagram, and how near each mode is to its transition.

    Parameters
    ----------
    model : RBM
        A machine with discrete units.
    theta : Theta
        Its parameters.
    settings : PhasesSettings
        The number of modes; whether and from how many samples their susceptibility is measured.

    Returns
    -------
    dict
        The columns of `workflows.phases`, without the age and the ratios of w_1 and sigma.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.regimes import path_point
    >>> from shortrun.settings.regimes import PhasesSettings
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 6, Bernoulli()), Layer("hidden", 4, Bernoulli()))))
    >>> path_point(model, torch.zeros(model.size()), PhasesSettings(modes=1))["phase"]
    'paramagnet'
    """
    vectors, placed = _spectrum(model, theta, settings.modes)
    sampled = _sampled(model, theta, vectors, settings) if settings.susceptibility else {}
    return _place(placed, settings.modes) | _stability(model, theta, settings.modes) | sampled


def path_table(points: Mapping[int, Row]) -> pd.DataFrame:
    """Return points by age as a table, a row an age, with x = w_1 / sigma and y = 1 / sigma."""
    table = pd.DataFrame([{"age": age, **point} for age, point in points.items()])
    return with_ratios(table.rename(columns={"w_1": "w"})).rename(columns={"w": "w_1"})


def _spectrum(model: RBM, theta: Theta, modes: int) -> tuple[Float[Tensor, "F K"], Placement]:
    """Return the leading left singular vectors of the Ising weights, and these as noise and signals."""
    left, values, _ = torch.linalg.svd(ising_weights(model, theta.double()), full_matrices=False)
    visible, hidden = sizes(model)
    return left[:, :modes].to(theta.dtype), place(values[: min(visible, hidden)].numpy(), visible, hidden)


def _place(placed: Placement, modes: int) -> Row:
    """Return where weights lie on the diagram."""
    phase = phase_at(placed.sigma, placed.leading, placed.kappa)
    return {
        "sigma": placed.sigma,
        "kappa": placed.kappa,
        "outliers": placed.outliers,
        "phase": phase.name,
        "stable": phase.stable,
        "settled": placed.converged,
        **_numbered("w", placed.signals, modes),
    }


def _stability(model: RBM, theta: Theta, modes: int) -> Row:
    """Return s_1, s_2, ... in the middle, and the first of the fixed point near it, NaN if there is none."""
    values = instabilities(model, theta, middle(model, theta))[:modes].numpy()
    found = fixed_point_near(model, theta)
    fixed = float(instabilities(model, theta, found)[0]) if found.converged else math.nan
    return {**_numbered("s", values, modes), "fixed": fixed, "residual": found.residual}


def _sampled(model: RBM, theta: Theta, vectors: Float[Tensor, "F K"], settings: PhasesSettings) -> Row:
    """Return chi_1, ... and within_1, ... of samples."""
    found = susceptibility(model, theta, vectors, settings)
    count = vectors.shape[1]
    return _numbered("chi", found.total, count) | _numbered("within", found.within, count)


def _numbered(name: str, values: np.ndarray, count: int) -> Row:
    """Return name_1, name_2, ... of the first values, NaN where there are no more."""
    return {f"{name}_{i + 1}": float(values[i]) if i < len(values) else math.nan for i in range(count)}


def transitions(table: pd.DataFrame, name: str) -> list[float]:
    """Return the ages at which w_1, w_2, ... (or s_1, s_2, ...) first cross 1 upwards, NaN where they do not.

    Between two ages the values are taken as a power of the age.

    Parameters
    ----------
    table : pd.DataFrame
        Of `workflows.phases`.
    name : str
        "w" or "s".

    Examples
    --------
    >>> import pandas as pd
    >>> from shortrun.regimes import transitions
    >>> [round(age) for age in transitions(pd.DataFrame({"age": [1, 100], "w_1": [0.1, 10.0]}), "w")]
    [10]
    """
    ages = table["age"].to_numpy(float)
    columns = [column for column in table.columns if column.startswith(f"{name}_")]
    return [crossing(ages, table[column].to_numpy(float)) for column in columns]


def crossing(ages: np.ndarray, values: np.ndarray) -> float:
    """Return the first age at which values come to 1, NaN if they do not."""
    known = np.isfinite(values) & (values > 0)
    ages, values = ages[known], values[known]
    above = np.flatnonzero(values >= THRESHOLD)
    if len(above) == 0:
        return math.nan
    last = above[0]
    if last == 0:
        return float(ages[0])
    (low, high), logs = np.log(values[last - 1 : last + 1]), np.log(ages[last - 1 : last + 1])
    return float(np.exp(logs[0] - low / (high - low) * (logs[1] - logs[0])))
