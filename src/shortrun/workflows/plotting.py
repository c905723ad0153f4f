"""Figures of one run: `run.plot`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.scores.music import MUSIC
from shortrun.settings import checked
from shortrun.settings.shared import WhichAge
from shortrun.store import Trajectory
from shortrun.workflows._runs import as_known
from shortrun.workflows.generation import generate, stream
from shortrun.workflows.prediction import predict
from shortrun.workflows.weights import motifs, receptive_fields, singular_values

if TYPE_CHECKING:
    from shortrun.plots.figure import Figure

OF_CLASS, OF_EACH_TIME = 10, 5  # samples of a class in one grid, and in each of several
ROLLS, ROWS, SITES = 8, 40, 2000  # largest numbers of piano rolls, of rows of sites, and of sites in a picture


class Plots:
    """Figures of a run, each as a matplotlib figure that a notebook shows; `shortrun.plots.save` writes it to a file.

    Parameters
    ----------
    run : Trajectory
        The run.

    Examples
    --------
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), hidden=8, updates=2)
    >>> [axis.get_ylabel() for axis in run.plot.training().axes]
    ['residuals', 'weights', 'labels']
    """

    def __init__(self, run: Trajectory):
        self.run = run

    def __repr__(self) -> str:
        names = ", ".join(name for name in vars(type(self)) if not name.startswith("_"))
        return f"Figures of {self.run}\n  {names}"

    def training(self) -> Figure:
        """Return residuals, norms and accuracy while the run learned."""
        from shortrun import plots

        return plots.training_curves(self.run.log_table())

    def samples(
        self, times: Sequence[int] | int = (), *, columns: int | None = None, seed: int = 0, age: WhichAge = "best"
    ) -> Figure:
        """Return generated samples: images in rows by class, music as piano rolls, others as rows of codes.

        Parameters
        ----------
        times : int or Sequence[int], optional
            Sweeps of images, a grid each; the k of the training by default.
        columns : int, optional
            Samples of a class; 10, or 5 in each of several grids.
        seed : int, default 0
            Of the noise.
        age : int or {"best", "last"}, default "best"
            Age of the machine.

        Raises
        ------
        DataError
            For several times of samples that are no images.
        """
        from shortrun import plots

        times = [times] if isinstance(times, int) else times
        k = self.run.recipe["steps"]
        number = columns or (OF_EACH_TIME if len(times) > 1 else OF_CLASS)
        counts = dict.fromkeys(self.run.classes, number) or None
        n = number * max(len(self.run.classes), OF_CLASS if counts is None else 1)
        (part,) = stream(self.run, times=[*times] or [k], labels=counts, n=n, seed=seed, age=age)
        if len(part) == 1:
            (made,) = part.values()
            return plots.sample_grid(made, columns=number) if made.kind.image.shape else rows_of(made)
        if self.run.kind.image.shape is None:
            raise DataError("samples after several times are drawn of images only")
        titles = {f"$t_G$ = {t:,}" + (" = k" if t == k else ""): part[t] for t in sorted(part)}
        return plots.sample_grids(titles, columns=number)

    @checked
    def pca(self, real: Dataset, *, seed: int = 0, age: WhichAge = "best") -> Figure:
        """Return real samples, and as many generated ones, on the principal components of the real ones."""
        from shortrun import plots

        real = as_known(self.run, real)
        return plots.pca(real, generate(self.run, n=len(real), seed=seed, age=age))

    def weights(self, *, count: int = 10) -> Figure:
        """Return the singular values of the weights against age."""
        from shortrun import plots

        return plots.singular_values(singular_values(self.run, count=count))

    def fields(self, *, count: int = 32, age: WhichAge = "best") -> Figure:
        """Return the weights of the strongest hidden units, of images as images."""
        from shortrun import plots

        shape = self.run.kind.image.shape
        found = receptive_fields(self.run, age=age, count=count)
        return plots.receptive_fields(found, None if shape is None else (int(shape[0]), int(shape[1])))

    def motifs(self, *, count: int = 6, age: WhichAge = "best") -> Figure:
        """Return the weights of the strongest hidden units as sequence logos."""
        from shortrun import plots

        return plots.motifs(*motifs(self.run, age=age, count=count))

    @checked
    def confusion(self, data: Dataset, *, age: WhichAge = "best") -> Figure:
        """Return which classes of labelled samples are taken for which."""
        from shortrun import plots

        return plots.confusion(predict(self.run, data, age=age))

    @checked
    def reliability(self, data: Dataset, *, age: WhichAge = "best") -> Figure:
        """Return whether predicted probabilities are right as often as they say."""
        from shortrun import plots

        return plots.reliability(predict(self.run, data, age=age))


def rows_of(data: Dataset) -> Figure:
    """Draw samples that are no images, some of each class: music as piano rolls, others a row of sites each."""
    from shortrun import plots

    order, music = np.argsort(data.labels, kind="stable"), MUSIC.includes(data)
    rows = order[np.linspace(0, len(data) - 1, min(ROLLS if music else ROWS, len(data))).astype(int)].tolist()
    return plots.piano_roll(data, rows) if music else plots.sample_rows(data, rows, SITES)
