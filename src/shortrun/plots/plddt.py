"""Histograms of the mean pLDDT of real and generated proteins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortrun.errors import DataError
from shortrun.plots.figure import styled
from shortrun.plots.histograms import histograms

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SIDES = ("real", "generated")


@styled
def plddt(table: pd.DataFrame) -> Figure:
    """Return normalised histograms of the mean pLDDT of real and generated proteins, as FF23 fig. 4.

    Parameters
    ----------
    table : pd.DataFrame
        Columns source ("real" or "generated") and plddt, 0 to 100, as `workflows.fold` returns them. Rows without a
        pLDDT are left out; a side without any is not drawn.

    Raises
    ------
    DataError
        If there is no pLDDT.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"source": ["real", "generated"] * 2, "plddt": [80.0, 70.0, 90.0, 60.0]})
    >>> plddt(table).axes[0].get_xlabel()
    'mean pLDDT of a sequence'
    """
    lacking = {"source", "plddt"} - {*table.columns}
    known = table.iloc[:0] if lacking else table.dropna(subset=["plddt"])
    sides = {side: known.loc[known["source"] == side, "plddt"].to_numpy(float) for side in SIDES if not lacking}
    drawn = {f"{side} ({len(values):,})": values for side, values in sides.items() if len(values)}
    if not drawn:
        raise DataError("no sequence has a pLDDT: a table of `shortrun fold` expected")
    return histograms(drawn, "mean pLDDT of a sequence")
