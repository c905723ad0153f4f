"""Growth of the modes of a machine with Gaussian units, with the predictions of theory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from shortrun.plots.figure import WIDTH, new_figure, palette, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def learning_curves(
    times: Sequence[float] | np.ndarray,
    values: Float64[np.ndarray, "T K"],
    rates: Float64[np.ndarray, " K"],
    ends: Float64[np.ndarray, " K"],
    starts: Float64[np.ndarray, " K"] | None = None,
) -> Figure:
    """Return singular values against time: integrated (lines), their first growth (dashed) and their ends (dotted).

    Parameters
    ----------
    times : Sequence[float] or ndarray
        Time of each row.
    values : Float64[ndarray, "T K"]
        (T, K) singular values of W.
    rates : Float64[ndarray, " K"]
        (K,) initial growth rates s_h (lambda_a - s_v).
    ends : Float64[ndarray, " K"]
        (K,) fixed points (theory 7.2).
    starts : Float64[ndarray, " K"], optional
        (K,) norms of the initial W along the modes of the data; by default its singular values.

    Examples
    --------
    >>> times = np.linspace(0, 5, 6)
    >>> values = 0.01 * np.exp(times)[:, None]
    >>> learning_curves(times, values, np.array([1.0]), np.array([1.5])).axes[0].get_xlabel()
    'time'
    """
    figure = new_figure(WIDTH, 3.4)
    axis = figure.subplots()
    moments, initial = np.asarray(times, float), values[0] if starts is None else starts
    for mode, colour in enumerate(palette(values.shape[1])):
        axis.plot(moments, values[:, mode], color=colour, label=f"mode {mode + 1}")
        early = initial[mode] * np.exp(rates[mode] * (moments - moments[0]))
        visible = early < 2 * max(ends[mode], values[0, mode])
        axis.plot(moments[visible], early[visible], color=colour, linestyle="--", linewidth=0.9)
        if ends[mode] > 0:
            axis.axhline(ends[mode], color=colour, linestyle=":", linewidth=0.9)
    axis.set(yscale="log", xlabel="time", ylabel=r"singular values $w_\alpha$")
    axis.set_ylim(bottom=max(values.min(), values.max() * 1e-5) / 1.5, top=values.max() * 1.6)
    axis.plot([], [], color="black", linestyle="--", linewidth=0.9, label=r"$e^{s_h(\lambda_\alpha - s_v)t}$")
    axis.plot([], [], color="black", linestyle=":", linewidth=0.9, label="fixed point")
    axis.legend(loc="lower right", fontsize=8)
    return figure
