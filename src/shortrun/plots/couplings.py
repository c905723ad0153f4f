"""Effective fields and couplings of pairs, as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.plots._figure import WIDTH, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def couplings(picture: np.ndarray, positions: np.ndarray, order: int, two_valued: bool) -> Figure:
    """Return the couplings of all pairs of sites, or the fields of all colours (rows) at all sites.

    Parameters
    ----------
    picture : ndarray
        (S, q) fields for order 1; for order 2 (S, S) couplings of two-valued sites, else strengths.
    positions : ndarray
        (S,) the number of each site.
    order : int
        1 or 2.
    two_valued : bool
        Whether sites have two values, so that couplings have a sign.
    """
    if order == 1:
        return fields(picture, positions, two_valued)
    figure = new_figure(WIDTH, 0.88 * WIDTH)
    axis = figure.subplots()
    first, last, most = positions[0] - 0.5, positions[-1] + 0.5, limit(picture)
    cmap, least = ("RdBu_r", -most) if two_valued else ("Greys", 0)
    shown = axis.imshow(picture, extent=(first, last, last, first), cmap=cmap, vmin=least, vmax=most)
    axis.set(xlabel="site", ylabel="site")
    axis.spines[:].set_visible(True)
    figure.colorbar(shown, shrink=0.8, label="$J_{ij}$, values $\\pm 1$" if two_valued else "norm of $J_{ij}$ (kT)")
    return figure


def fields(picture: np.ndarray, positions: np.ndarray, two_valued: bool) -> Figure:
    """Return the fields: a line of sites with two values, else colours by sites."""
    figure = new_figure(WIDTH, 2.6 if two_valued else 3.4)
    axis = figure.subplots()
    axis.set_xlabel("site")
    if two_valued:
        axis.vlines(positions, 0, picture[:, 1], linewidth=1)
        axis.axhline(0, color="0.4", linewidth=0.8)
        axis.set_ylabel("field, values $\\pm 1$")
        return figure
    extent = (positions[0] - 0.5, positions[-1] + 0.5, picture.shape[1] - 0.5, -0.5)
    side = float(np.nanmax(np.abs(picture))) or 1.0
    shown = axis.imshow(picture.T, cmap="RdBu_r", vmin=-side, vmax=side, aspect="auto", extent=extent)
    axis.set_ylabel("code")
    figure.colorbar(shown, label="field (kT)")
    return figure


def limit(picture: np.ndarray) -> float:
    """Return where colours end: all but one element in a thousand are inside."""
    return float(np.quantile(np.abs(picture), 0.999)) or 1.0
