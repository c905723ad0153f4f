"""Predicted contacts: the map, and the precision of the highest-ranked pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.plots.arguments import check_columns
from shortrun.plots.figure import DATA, GENERATED, MARK, WIDTH, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REAL, RIGHT, WRONG = "0.82", GENERATED, MARK


@styled
def contacts(table: pd.DataFrame, sites: int) -> Figure:
    """Return a map of the first 2 L pairs and, if distances are known, precision against the number of pairs (DNS25).

    Parameters
    ----------
    table : pd.DataFrame
        Columns i, j and score, highest score first; columns distance and contact if distances are known; others are
        scores to compare with.
    sites : int
        Length L of the sequences.

    Examples
    --------
    >>> table = pd.DataFrame({"i": [1, 2], "j": [7, 9], "score": [2.0, 1.0]})
    >>> contacts(table, sites=10).axes[0].get_xlabel()
    'site'
    """
    check_columns(table, ("i", "j", "score"))
    known = "contact" in table
    figure = new_figure(WIDTH + 2 * known, 3.9)
    axes = figure.subplots(1, 1 + known, squeeze=False)[0]
    draw_map(axes[0], table, 2 * sites)
    if known:
        draw_precision(axes[1], table.dropna(subset=["contact"]), sites)
    return figure


def draw_map(axis: Axes, table: pd.DataFrame, count: int) -> None:
    """Draw real contacts below the diagonal and predicted ones above it, correct and wrong ones in two colours."""
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


def draw_precision(axis: Axes, table: pd.DataFrame, sites: int) -> None:
    """Draw the share of contacts among the first n pairs of each ranking, and of the best possible one."""
    contact = table["contact"].to_numpy(bool)
    count = np.arange(1, len(contact) + 1)
    axis.plot(count, np.minimum(1, contact.sum() / count), color=DATA, linewidth=1, linestyle=":", label="perfect")
    axis.plot(count, contact.cumsum() / count, color=GENERATED, label="couplings")
    others = [name for name in table.columns[3:] if name not in ("distance", "contact")]
    for name, style in zip(others, ("--", "-."), strict=False):
        ranked = contact[np.argsort(-table[name].to_numpy(), kind="stable")]
        axis.plot(count, ranked.cumsum() / count, color="0.3", linewidth=1, linestyle=style, label=str(name))
    axis.axhline(contact.mean(), color="0.6", linestyle="--", linewidth=1, label="chance")
    for share, name in ((0.2, "L/5"), (1, "L"), (2, "2L")):
        axis.axvline(share * sites, color="0.85", linewidth=0.8, zorder=0)
        axis.text(share * sites, 0.02, name, rotation=90, fontsize=8, color="0.4", ha="right")
    axis.set(xscale="log", ylim=(0, 1.04), xlabel="pairs, highest score first", ylabel="share of contacts (PPV)")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 0.12))
