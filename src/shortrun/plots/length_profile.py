"""Lengths of sequences, and where their gaps are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.data.sequences.gaps import gap_share
from shortrun.plots._figure import WIDTH, new_figure, styled
from shortrun.plots._sides import COLOURS, check_alike
from shortrun.plots.histograms import common_edges
from shortrun.scores.sequences import GAPPED_SEQUENCES, lengths

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def length_profile(real: Dataset, generated: Dataset) -> Figure:
    """Return the distribution of the lengths of aligned sequences, and the share of gaps at each site.

    Raises
    ------
    DataError
        If the samples are no sequences with gaps, or of different sites.
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
