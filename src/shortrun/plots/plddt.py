"""Histograms of the mean pLDDT of real and generated proteins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.errors import DataError
from shortrun.plots._figure import new_figure
from shortrun.plots._sides import histograms

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SIDES = ("real", "generated")


def plddt(table: pd.DataFrame) -> Figure:
    """Return two normalised histograms of the mean pLDDT on common bins, real and generated, as FF23 fig. 4.

    Parameters
    ----------
    table : columns source ("real" or "generated") and plddt, 0 to 100, as `workflows.fold` returns it; rows without a
        pLDDT are left out, and a side without any is not drawn

    Raises
    ------
    DataError : if there is no pLDDT
    """
    lacking = {"source", "plddt"} - {*table.columns}
    known = table.iloc[:0] if lacking else table.dropna(subset=["plddt"])
    if known.empty:
        raise DataError("no sequence has a pLDDT: a table of `shortrun fold` expected")
    sides = {side: known.loc[known["source"] == side, "plddt"].to_numpy(float) for side in SIDES}
    figure = new_figure(4.2, 3.0)
    axis = figure.subplots()
    first = float(known["plddt"].iloc[0])
    edges = np.array([first - 0.5, first + 0.5]) if (known["plddt"] == first).all() else None
    histograms(axis, {side: values for side, values in sides.items() if len(values)}, edges)
    axis.set(xlabel="mean pLDDT of a sequence")
    return figure
