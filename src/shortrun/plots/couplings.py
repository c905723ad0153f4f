"""Effective fields and pair couplings as images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.plots.figure import WIDTH, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def couplings(picture: np.ndarray, positions: np.ndarray, order: int, two_valued: bool) -> Figure:
    """Return the couplings of all pairs of sites, or the fields of all colours (rows) at all sites.

    Parameters
    ----------
    picture : ndarray
        (S, q) fields for order 1; for order 2 (S, S) couplings of two-valued sites, else their norms.
    positions : ndarray
        (S,) number of each site.
    order : int
        1 or 2.
    two_valued : bool
        Whether sites have two values, so that couplings have a sign.

    Examples
    --------
    >>> figure = couplings(np.eye(3), np.array([1, 2, 3]), order=2, two_valued=True)
    >>> figure.axes[0].get_xlabel()
    'site'
    """
    if order == 1:
        return draw_fields(picture, positions, two_valued)
    figure = new_figure(WIDTH, 0.88 * WIDTH)
    axis = figure.subplots()
    first, last, most = positions[0] - 0.5, positions[-1] + 0.5, colour_limit(picture)
    cmap, least = ("RdBu_r", -most) if two_valued else ("Greys", 0)
    image = axis.imshow(picture, extent=(first, last, last, first), cmap=cmap, vmin=least, vmax=most)
    axis.set(xlabel="site", ylabel="site")
    axis.spines[:].set_visible(True)
    figure.colorbar(image, shrink=0.8, label="$J_{ij}$, values $\\pm 1$" if two_valued else "norm of $J_{ij}$ (kT)")
    return figure


def draw_fields(picture: np.ndarray, positions: np.ndarray, two_valued: bool) -> Figure:
    """Return the fields: lines for sites of two values, else an image of colours by sites."""
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
    image = axis.imshow(picture.T, cmap="RdBu_r", vmin=-side, vmax=side, aspect="auto", extent=extent)
    axis.set_ylabel("code")
    figure.colorbar(image, label="field (kT)")
    return figure


def colour_limit(picture: np.ndarray) -> float:
    """Return the end of the colour scale, which includes all but one element in a thousand."""
    return float(np.quantile(np.abs(picture), 0.999)) or 1.0
