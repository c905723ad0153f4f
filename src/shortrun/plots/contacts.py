"""Predicted contacts: the map, and how many of the first pairs of the ranking are real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.plots._figure import DATA, GENERATED, MARK, WIDTH, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REAL, RIGHT, WRONG = "0.82", GENERATED, MARK


@styled
def contacts(table: pd.DataFrame, sites: int) -> Figure:
    """Return the first 2 L pairs as a map, and with distances precision against the number of pairs (as DNS25).

    Parameters
    ----------
    table : pd.DataFrame
        i, j, score, the highest score first; with distances also contact.
    sites : int
        L.
    """
    known = "contact" in table
    figure = new_figure(WIDTH + 2 * known, 3.9)
    axes = figure.subplots(1, 1 + known, squeeze=False)[0]
    contact_map(axes[0], table, 2 * sites)
    if known:
        curve(axes[1], table.dropna(subset=["contact"])["contact"].to_numpy(bool), sites)
    return figure


def contact_map(axis: Axes, table: pd.DataFrame, count: int) -> None:
    """Draw real contacts below the diagonal, predicted ones above, right and wrong in two colours."""
    first = table.head(count)
    if "contact" in table:
        real = table.loc[table["contact"].fillna(False).to_numpy(bool)]
        axis.plot(real["i"], real["j"], "s", color=REAL, markersize=2, label="contact")
        right = first["contact"].fillna(False).to_numpy(bool)
        axis.plot(first["j"][right], first["i"][right], "s", color=RIGHT, markersize=2, label=f"right, of {count}")
        axis.plot(first["j"][~right], first["i"][~right], "s", color=WRONG, markersize=2, label="not a contact")
    else:
        axis.plot(first["j"], first["i"], "s", color=RIGHT, markersize=2, label=f"first {count}")
    low, high = table["i"].min() - 0.5, table["j"].max() + 0.5
    axis.set(xlim=(low, high), ylim=(high, low), aspect="equal", xlabel="site", ylabel="site")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.17), ncols=3, markerscale=2, handletextpad=0.1)
    axis.spines[:].set_visible(True)


def curve(axis: Axes, contact: np.ndarray, sites: int) -> None:
    """Draw the share of contacts among the first n pairs, and the best that any ranking could do."""
    count = np.arange(1, len(contact) + 1)
    axis.plot(count, np.minimum(1, contact.sum() / count), color=DATA, linewidth=1, linestyle=":", label="perfect")
    axis.plot(count, contact.cumsum() / count, color=GENERATED, label="couplings")
    axis.axhline(contact.mean(), color="0.6", linestyle="--", linewidth=1, label="chance")
    for share, name in ((0.2, "L/5"), (1, "L"), (2, "2L")):
        axis.axvline(share * sites, color="0.85", linewidth=0.8, zorder=0)
        axis.text(share * sites, 0.02, name, rotation=90, fontsize=8, color="0.4", ha="right")
    axis.set(xscale="log", ylim=(0, 1.04), xlabel="pairs, highest score first", ylabel="share of contacts (PPV)")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 0.12))
