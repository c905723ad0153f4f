"""What a figure of ours is made of, and the sentences about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import shortrun as sr
from benchmarks.paper_figures.runs import PUBLISHED, RECIPES, SCORES, Runs, training
from shortrun.phrases import joined
from shortrun.plots.figure import short
from shortrun.scores import ALL, Curves, project

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STAND_INS = (
    "SH3 domains stand in for GH30, of which no copy was found; SAM is aligned anew; the four masters are other MIDI "
    "files than CMPC"
)
BINS = 30


@dataclass(frozen=True)
class Drawn:
    """Our side of a published figure.

    Parameters
    ----------
    figures : Mapping[str, Figure]
        By title.
    found : str
        What we find, in numbers of these figures.
    differs : str
        What differs from the published figure, and why.
    """

    figures: Mapping[str, Figure]
    found: str
    differs: str


def shorter(runs: Runs, names: Sequence[str]) -> str:
    """Return how much shorter and smaller trainings are than those of the papers."""
    told = []
    for name in names:
        run, it = runs.run(name), RECIPES[name]
        updates, hidden = PUBLISHED[it.case]
        told.append(
            f"{training(name)} {short(run.ages[-1])} of {short(updates)} updates, "
            f"{it.hidden:,} of {hidden:,} hidden units, rate {it.rate:g}"
        )
    return f"shorter trainings at larger rates than 0.01, to be affordable: {'; '.join(told)}"


def overlap(real: sr.Dataset, made: sr.Dataset) -> float:
    """Return the share that the densities of real and generated samples along PC1 have in common."""
    found = project(real, made)
    sides = found.real[:, 0], found.generated[:, 0]
    bins = np.histogram_bin_edges(np.concatenate(sides), BINS)
    one, other = (np.histogram(side, bins)[0] / len(side) for side in sides)
    return float(np.minimum(one, other).sum())


def best_times(course: Curves) -> str:
    """Return after how many sweeps each score of the last age is best."""
    table = course.table.dropna(subset=["steps"])
    table = table.loc[(table["class"] == ALL) & (table["age"] == table["age"].max())]
    found = []
    for name in SCORES:
        rows = table.loc[table["score"] == name]
        found.append(f"{name} {int(rows.loc[rows['value'].abs().idxmin(), 'steps']):,}")
    return joined(found)


def classes_of(real: sr.Dataset) -> list[str]:
    """Return the class of each sample."""
    return [real.classes[code] for code in real.labels]
