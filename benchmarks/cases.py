"""Benchmark cases: the papers' kinds of data, each with the machine and minibatch of the published training.

Rows are real if available (in $SHORTRUN_SHARED, by default ../shared/data), otherwise random ones of the same shape;
the cost of an update depends on the shape only. GH30 is always random: its alignment is not public.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import shortrun as sr
from shortrun.learning import Rows, Scheme, from_settings
from shortrun.learning.update import Batch
from shortrun.models import RBM, spec_of
from shortrun.settings import Config
from shortrun.typing import Theta

SHARED = Path(os.environ.get("SHORTRUN_SHARED", Path(__file__).parents[2] / "shared" / "data"))
WEIGHT_STD = 0.05  # of the initial parameters of every contestant, about that of a trained machine


@dataclass(frozen=True)
class Case:
    """A kind of data.

    Parameters
    ----------
    sites, colours, classes : int
        Shape of the data.
    batch : int
        Rows per minibatch.
    hidden : int, default 1024
        Number of hidden units.
    read : Callable[[], sr.Dataset], optional
        Returns the real data.
    """

    sites: int
    colours: int
    classes: int
    batch: int
    hidden: int = 1024
    read: Callable[[], sr.Dataset] | None = None

    def data(self, rows: int = 4000) -> tuple[sr.Dataset, str]:
        """Return labelled samples and their source: "real", or "random" (`rows` of them)."""
        try:
            data = self.read() if self.read else None
        except (OSError, sr.ShortrunError):
            data = None
        if data is None:
            return random_data(rows, self.sites, self.colours, self.classes), "random"
        return data.select(data.labelled), "real"


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything an update needs.

    Parameters
    ----------
    source : str
        "real" or "random" rows.
    theta : Theta
        (P,) parameters, copied by every contestant.
    """

    case: str
    source: str
    model: RBM
    scheme: Scheme
    config: Config
    batch: Batch
    theta: Theta

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes that determine the cost."""
        visible, label = self.model.spec.observed
        return {
            "sites": visible.sites,
            "colours": visible.units.levels,
            "classes": label.units.levels,
            "hidden": self.model.spec.hidden.sites,
            "batch": len(self.batch.weights),
            "steps": self.scheme.steps,
        }


def random_data(rows: int, sites: int, colours: int, classes: int, seed: int = 0) -> sr.Dataset:
    """Return samples of independent sites, each with its own colour frequencies."""
    rng = np.random.default_rng(seed)
    cumulative = rng.dirichlet(np.full(colours, 0.5), sites).cumsum(1)
    uniforms = rng.random((rows, sites))
    values = sum((uniforms > cumulative[:, c]).astype(np.uint8) for c in range(colours - 1))
    values[0] = colours - 1  # every colour occurs
    labels = np.arange(rows) % classes
    return sr.Dataset.from_arrays(values, labels, classes=[str(c) for c in range(classes)], alphabet="codes")


def mnist() -> sr.Dataset:
    """Return the papers' 10,000 training images, threshold 0.3."""
    return sr.read(SHARED / "mnist" / "mnist.npz", threshold=0.3).head(10_000)


def hgd() -> sr.Dataset:
    """Return the haplotypes by continent."""
    return sr.read(SHARED / "hgd" / "hgd.npz", keys={"x": "x", "y": "continent", "group": "sample"})


def sam() -> sr.Dataset:
    """Return the SAM riboswitches by taxonomic class."""
    folder = SHARED / "sam_riboswitch"
    return sr.read(folder / "sam_rf00162.fasta.gz", labels=folder / "sam_rf00162_labels.csv.gz")


def cmpc() -> sr.Dataset:
    """Return windows of piano pieces by composer."""
    return sr.read(SHARED / "four_masters" / "four_pieces_w10.npz", keys={"x": "x", "y": "y"})


CASES = {
    "mnist": Case(784, 2, 10, 500, read=mnist),
    "hgd": Case(805, 2, 5, 4507, read=hgd),
    "gh30": Case(430, 21, 9, 1961),
    "sam": Case(108, 5, 10, 1000, read=sam),
    "cmpc": Case(880, 2, 4, 2000, read=cmpc),
    "tiny": Case(64, 2, 10, 100, hidden=64),
}


def problem(
    case: str, *, batch: int | None = None, hidden: int | None = None, steps: int = 10, shape: Case | None = None
) -> Problem:
    """Return the problem of a case (or of another `shape`): k-step F&F with the default settings.

    Parameters
    ----------
    batch, hidden : int, optional
        Replace those of the case; rows are repeated if the data have fewer.
    """
    shape = shape or CASES[case]
    batch = batch or shape.batch
    data, source = shape.data(max(batch, 100))
    chosen = np.random.default_rng(0).permutation(max(batch, len(data)))[:batch] % len(data)
    config = Config.checked({"model": {"hidden": hidden or shape.hidden}, "scheme": {"steps": steps}})
    model = RBM(spec_of(data, config.model))
    rows = Rows.of(data.select(np.sort(chosen)), torch.device("cpu"))
    return Problem(
        case=case,
        source=source,
        model=model,
        scheme=from_settings(config.scheme, labelled=True),
        config=config,
        batch=rows.batch(torch.arange(batch)),
        theta=parameters(model),
    )


def parameters(model: RBM, seed: int = 0) -> Theta:
    """Return weights with the standard deviation of a trained machine, and zero biases."""
    theta = torch.zeros(model.size())
    weight = model.view(theta).weight
    weight.normal_(0, WEIGHT_STD, generator=torch.Generator().manual_seed(seed))
    model.project_(theta)
    return theta
