"""Lengths of sequences, and where their gaps are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.data.sequences.gaps import gap_share
from shortrun.plots.figure import WIDTH, new_figure, styled
from shortrun.plots.histograms import common_edges
from shortrun.plots.sides import COLOURS, check_alike
from shortrun.scores.sequences import GAPPED_SEQUENCES, lengths

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def length_profile(real: Dataset, generated: Dataset) -> Figure:
    """Return the distribution of the lengths of aligned sequences, and the share of gaps at each site.

    Parameters
    ----------
    real, generated : Dataset
        Aligned sequences with gaps.

    Raises
    ------
    DataError
        If the samples are not sequences with gaps, or differ in their sites.

    Examples
    --------
    >>> from shortrun.data import Dataset
    >>> data = Dataset.from_arrays([[0, 1, 2], [1, 1, 0], [0, 0, 3]], alphabet="-ACGU")
    >>> [axis.get_xlabel() for axis in length_profile(data, data).axes]
    ['residues', 'site']
    """
    check_alike(real, generated, GAPPED_SEQUENCES)
    figure = new_figure(WIDTH, 2.8)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.6))
    sides = {"real": real, "generated": generated}
    sizes = {name: lengths(side) for name, side in sides.items()}
    edges = common_edges(np.concatenate([*sizes.values()]))
    left.hist(sizes["generated"], edges, density=True, color=COLOURS["generated"], alpha=0.55)
    left.hist(sizes["real"], edges, density=True, color=COLOURS["real"], histtype="step", linewidth=1.6)
    left.set(xlabel="residues", ylabel="density")
    for name, side in sides.items():
        right.step(np.arange(1, side.sites + 1), gap_share(side), where="mid", color=COLOURS[name], label=name)
    right.set(xlabel="site", ylabel="share of gaps", xlim=(0.5, real.sites + 0.5), ylim=(0, None))
    right.legend()
    return figure
