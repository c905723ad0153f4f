"""How the modes of a machine of Gaussian units grow, with what theory says of it drawn in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from shortrun.plots._figure import WIDTH, new_figure, palette, styled

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
    """Return singular values against time: lines as integrated, dashed as they begin, dotted where they end.

    Parameters
    ----------
    times : Sequence[float] or ndarray
        Of the rows.
    values : Float64[ndarray, "T K"]
        (T, K) singular values of W.
    rates : Float64[ndarray, " K"]
        (K,) early growth rates s_h (lambda_a - s_v).
    ends : Float64[ndarray, " K"]
        (K,) fixed points of theory 7.2.
    starts : Float64[ndarray, " K"], optional
        (K,) norms of the first W along the modes of the data; by default its singular values.
    """
    figure = new_figure(WIDTH, 3.4)
    axis = figure.subplots()
    moments, begun = np.asarray(times, float), values[0] if starts is None else starts
    for mode, colour in enumerate(palette(values.shape[1])):
        axis.plot(moments, values[:, mode], color=colour, label=f"mode {mode + 1}")
        early = begun[mode] * np.exp(rates[mode] * (moments - moments[0]))
        shown = early < 2 * max(ends[mode], values[0, mode])
        axis.plot(moments[shown], early[shown], color=colour, linestyle="--", linewidth=0.9)
        if ends[mode] > 0:
            axis.axhline(ends[mode], color=colour, linestyle=":", linewidth=0.9)
    axis.set(yscale="log", xlabel="time", ylabel=r"singular values $w_\alpha$")
    axis.set_ylim(bottom=max(values.min(), values.max() * 1e-5) / 1.5, top=values.max() * 1.6)
    axis.plot([], [], color="black", linestyle="--", linewidth=0.9, label=r"$e^{s_h(\lambda_\alpha - s_v)t}$")
    axis.plot([], [], color="black", linestyle=":", linewidth=0.9, label="fixed point")
    axis.legend(loc="lower right", fontsize=8)
    return figure
