"""Scores of all single mutants of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.plots._figure import WIDTH, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TALLEST = 30  # letters that get a name


@styled
def mutations(table: pd.DataFrame) -> Figure:
    """Return the scores as a map of letters (rows) and positions; a dot is the wild type.

    Parameters
    ----------
    table : pd.DataFrame
        Position, wildtype, letter, score.
    """
    letters = sorted({*table["letter"], *table["wildtype"]})
    grid = table.pivot_table(index="letter", columns="position", values="score", sort=True).reindex(letters)
    figure = new_figure(WIDTH + 2, 1.3 + 0.16 * min(len(letters), TALLEST))
    axis = figure.subplots()
    columns = grid.columns.to_numpy()
    extent = (columns[0] - 0.5, columns[-1] + 0.5, len(letters) - 0.5, -0.5)
    whole = grid.reindex(columns=range(columns[0], columns[-1] + 1)).to_numpy()
    side = float(np.nanquantile(np.abs(whole), 0.98)) or 1.0
    shown = axis.imshow(whole, cmap="RdBu", vmin=-side, vmax=side, aspect="auto", extent=extent, interpolation="none")
    present = table.drop_duplicates("position")
    axis.plot(present["position"], [letters.index(each) for each in present["wildtype"]], "k.", markersize=3)
    if len(letters) <= TALLEST:
        axis.set_yticks(range(len(letters)), letters, fontsize=7)
    axis.set(xlabel="position", ylabel="letter")
    axis.spines[:].set_visible(True)
    figure.colorbar(shown, label="F(wild type) - F (kT)", extend="both")
    return figure
