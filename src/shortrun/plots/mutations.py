"""Scores of all single mutants of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.plots.arguments import check_columns
from shortrun.plots.figure import WIDTH, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TALLEST = 30  # number of letters up to which they are named


@styled
def mutations(table: pd.DataFrame) -> Figure:
    """Return the scores as a map of letters (rows) and positions; dots mark the wild type.

    Parameters
    ----------
    table : pd.DataFrame
        Columns position, wildtype, letter, score.

    Examples
    --------
    >>> rows = [(1, "A", "C", -0.5), (1, "A", "A", 0.0), (2, "C", "A", -1.0), (2, "C", "C", 0.0)]
    >>> mutations(pd.DataFrame(rows, columns=["position", "wildtype", "letter", "score"])).axes[0].get_ylabel()
    'letter'
    """
    check_columns(table, ("position", "wildtype", "letter", "score"))
    letters = sorted({*table["letter"], *table["wildtype"]})
    grid = table.pivot_table(index="letter", columns="position", values="score", sort=True).reindex(letters)
    figure = new_figure(WIDTH + 2, 1.3 + 0.16 * min(len(letters), TALLEST))
    axis = figure.subplots()
    columns = grid.columns.to_numpy()
    extent = (columns[0] - 0.5, columns[-1] + 0.5, len(letters) - 0.5, -0.5)
    scores = grid.reindex(columns=range(columns[0], columns[-1] + 1)).to_numpy()
    side = float(np.nanquantile(np.abs(scores), 0.98)) or 1.0
    image = axis.imshow(scores, cmap="RdBu", vmin=-side, vmax=side, aspect="auto", extent=extent, interpolation="none")
    present = table.drop_duplicates("position")
    axis.plot(present["position"], [letters.index(each) for each in present["wildtype"]], "k.", markersize=3)
    if len(letters) <= TALLEST:
        axis.set_yticks(range(len(letters)), letters, fontsize=7)
    axis.set(xlabel="position", ylabel="letter")
    axis.spines[:].set_visible(True)
    figure.colorbar(image, label="F(wild type) - F (kT)", extend="both")
    return figure
