"""Basins of fixed points: which samples came to each, as tables, arrays and profiles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int

from shortrun.data import Dataset
from shortrun.data.core.blocks import taken
from shortrun.data.core.labels import UNKNOWN
from shortrun.dynamics import Noise, Stream, start
from shortrun.files import atomic_file
from shortrun.landscape.fixed_points import FixedPoints, fixed_points
from shortrun.landscape.growth import starts_of
from shortrun.models import LABEL, RBM, Layer, parts_of
from shortrun.phrases import counted, first_of
from shortrun.settings import FixedPointsSettings
from shortrun.shown import ROWS, Shown
from shortrun.typing import Field, Theta
from shortrun.units import Ising

COLUMNS = ("number", "basin", "gamma", "stability", "residual", "class", "share")


@dataclass(frozen=True, eq=False, repr=False)
class Basins(Shown):
    """Fixed points with the machine that has them and the classes of the starts that found them.

    Parameters
    ----------
    points : FixedPoints
        See `FixedPoints`.
    model : RBM
        The machine.
    age : int
        Its age.
    labels : Int[ndarray, " N"]
        (N,) the class of each start, -1 where it has none.
    classes : tuple[str, ...]
        Names of the classes.
    """

    points: FixedPoints
    model: RBM
    age: int
    labels: Int[np.ndarray, " N"]
    classes: tuple[str, ...]

    def said(self) -> tuple[str, str]:
        """Return how many there are, and how many starts came to the largest."""
        points = self.points
        first = f"Basins: {counted(len(points), 'fixed point')} of {counted(len(points.which), 'start')}"
        lost = f"; {points.unconverged:,} did not converge" if points.unconverged else ""
        return f"{first} at age {self.age:,}", f"  starts that came to each: {first_of(points.basin.tolist())}{lost}"

    def first_rows(self) -> pd.DataFrame:
        """Return the largest as a frame."""
        return self.table().head(ROWS)

    @property
    def composition(self) -> Int[np.ndarray, "D K"]:
        """How many starts of each class came to each fixed point."""
        return self.points.composition(self.labels, len(self.classes))

    def majority(self) -> Int[np.ndarray, " D"]:
        """Return the code of the most frequent class of each basin, -1 without labelled starts."""
        counts = self.composition
        return np.where(counts.any(1), counts.argmax(1), UNKNOWN) if self.classes else np.full(len(counts), UNKNOWN)

    def table(self) -> pd.DataFrame:
        """Return one row a fixed point.

        Columns number (from 1), basin (starts), gamma, stability, residual, and of the labelled starts the most
        frequent class and its share, None and NaN without any.
        """
        points, counts = self.points, self.composition
        labelled = counts.sum(1)
        top = [None if k == UNKNOWN else self.classes[k] for k in self.majority()]
        share = np.where(labelled > 0, counts.max(1, initial=0) / np.maximum(labelled, 1), np.nan)
        numbers = np.arange(1, len(points) + 1)
        columns = (numbers, points.basin, points.gamma, points.stability, points.residual, top, share)
        return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))

    def save(self, path: Path | str) -> None:
        """Write mean features as .npz: an array (D, sites) or (D, sites, colours) a layer, and the table's numbers."""
        layers: dict[str, Any] = {layer.name: by_site(layer, m) for layer, m in self.layers()}
        points = self.points
        with atomic_file(path) as file:
            np.savez_compressed(
                file,
                **layers,
                hidden=points.hidden.cpu().numpy(),
                basin=points.basin,
                gamma=points.gamma,
                stability=points.stability,
                residual=points.residual,
                start=points.which,
                age=self.age,
            )

    def layers(self) -> list[tuple[Layer, Field]]:
        """Return each observed layer with its mean features, (D, F')."""
        spec = self.model.spec
        return [
            (layer, self.points.observed[:, rows]) for layer, rows in zip(spec.observed, self.model.slices, strict=True)
        ]

    def profiles(self) -> Float[np.ndarray, "D F"]:
        """Return means as the features that scores and figures compare: of two values that of the second, more one-hot.

        Sites are in the order of the data.
        """
        columns: dict[int, np.ndarray] = {}
        for layer, means in self.layers():
            if layer.name != LABEL:
                sites = layer.holds or range(layer.sites)
                columns |= dict(zip(sites, shares(layer, means).swapaxes(0, 1), strict=True))
        return np.concatenate([columns[site] for site in sorted(columns)], 1)


def basins(model: RBM, theta: Theta, data: Dataset, *, age: int, settings: FixedPointsSettings) -> Basins:
    """Return the fixed points that samples, or random draws, come to, with the classes of the samples.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    data : Dataset
        Samples of its kind.
    age : int
        Age of the machine, for the record.
    settings : FixedPointsSettings
        How many starts, from where, and the iteration.

    Returns
    -------
    Basins
        That of the most starts first.

    Examples
    --------
    >>> import torch
    >>> from shortrun.data import Dataset
    >>> from shortrun.landscape import basins
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.settings import FixedPointsSettings
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 4, Ising()), Layer("hidden", 4, Ising()))))
    >>> theta = torch.cat([torch.full((16,), 0.5), torch.zeros(8)])
    >>> data = Dataset.from_arrays([[1, 1, 1, 1], [0, 0, 0, 0]], ["up", "down"])
    >>> basins(model, theta, data, age=1, settings=FixedPointsSettings()).table()["class"].tolist()
    ['up', 'down']
    """
    starts, labels = _from_data(model, data, settings) if settings.starts == "data" else _at_random(model, settings)
    return Basins(fixed_points(model, theta, starts.to(theta), settings=settings), model, age, labels, data.classes)


def _from_data(model: RBM, data: Dataset, settings: FixedPointsSettings) -> tuple[Field, Int[np.ndarray, " N"]]:
    """Return the features of at most n samples, in their order, and their labels."""
    rows = np.sort(np.random.default_rng(settings.seed).permutation(len(data))[: settings.n])
    visible = parts_of(model.spec, torch.from_numpy(taken(data.values, rows)))
    return starts_of(model, visible), data.labels[rows]


def _at_random(model: RBM, settings: FixedPointsSettings) -> tuple[Field, Int[np.ndarray, " N"]]:
    """Return the features of n draws from p0; they have no label."""
    state = start(model, Noise(settings.seed, Stream.GENERATE), settings.n, {})
    return model.features(state[:-1]), np.full(settings.n, UNKNOWN)


def by_site(layer: Layer, means: Field) -> Float[np.ndarray, "D ..."]:
    """Return (D, sites) means, of several colours (D, sites, colours)."""
    table = means.cpu().numpy()
    return table if layer.units.width == 1 else table.reshape(len(table), layer.sites, layer.units.width)


def shares(layer: Layer, means: Field) -> Float[np.ndarray, "D S W"]:
    """Return the share of each colour at each site, of two values that of the second alone; continuous means as are."""
    table = means.cpu().numpy().reshape(len(means), layer.sites, layer.units.width)
    if isinstance(layer.units, Ising):
        table = (table + 1) / 2
    return table[..., 1:] if layer.units.width == 2 else table
