"""The mean-field fixed points of a run at one age: `fixed_points`, and what verbs show of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int

from shortrun import landscape
from shortrun.data import Dataset
from shortrun.data.core.blocks import taken
from shortrun.data.core.labels import UNKNOWN
from shortrun.dynamics import Noise, Stream, start
from shortrun.errors import ConfigError
from shortrun.files import atomic
from shortrun.landscape import EPS, FixedPoints
from shortrun.models import LABEL, RBM, Layer, parts_of
from shortrun.store import Trajectory
from shortrun.typing import Field
from shortrun.units import Ising
from shortrun.workflows._runs import check_kind, opened, rbm_of, theta_of

STARTS = ("data", "random")
COLUMNS = ("number", "basin", "gamma", "stability", "residual", "class", "share")


@dataclass(frozen=True, eq=False)
class FixedPointsOfRun:
    """Fixed points with the machine that has them and the starts that found them.

    Parameters
    ----------
    points : FixedPoints
        See `FixedPoints`.
    model : RBM
        The machine.
    age : int
        Of the training.
    labels : Int[ndarray, " N"]
        (N,) the class of each start, -1 where it has none.
    classes : tuple[str, ...]
        Their names.
    """

    points: FixedPoints
    model: RBM
    age: int
    labels: Int[np.ndarray, " N"]
    classes: tuple[str, ...]

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
        with atomic(path) as temporary, temporary.open("wb") as file:
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


def fixed_points(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    order: int = 2,
    age: int | None = None,
    starts: str = "data",
    n: int = 1000,
    eps: float = EPS,
    tolerance: float = 1e-5,
    max_iterations: int = 3000,
    damping: float = 0.0,
    seed: int = 0,
) -> FixedPointsOfRun:
    """Return the mean-field fixed points that samples, or random starts, come to, with their basins.

    Labels of samples are not looked at by the iteration, only counted.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset
        Samples with the sites and the alphabet of the training data.
    order : int, default 2
        Of the expansion: 1 naive mean field, 2 TAP, 3.
    age : int, optional
        Which age of the training; by default the last.
    starts : str, default "data"
        "data" for samples, "random" for draws from the law that generated samples start from.
    n : int, default 1000
        Number of starts; of more samples a random choice.
    eps : float, default EPS
        Root mean square distance a site under which two fixed points are one.
    tolerance, max_iterations, damping : float or int, optional
        Of the iteration.
    seed : int, default 0
        Of the choice, and of random starts.

    Raises
    ------
    ConfigError
        For a chaotic network, or settings out of range.
    DataError
        If the samples are not of the kind that the machine knows.
    StoreError
        For an age that was not kept.
    """
    run = opened(run)
    model = rbm_of(run, "mean-field fixed points")
    if starts not in STARTS:
        raise ConfigError("starts", f"'data' or 'random' expected, got '{starts}'")
    if n < 1:
        raise ConfigError("n", f"at least 1 start expected, got {n}")
    check_kind(run, data)
    theta = theta_of(run, age)
    begun, labels = from_data(model, data, n, seed) if starts == "data" else at_random(model, n, seed)
    points = landscape.fixed_points(
        model,
        theta,
        begun.to(theta),
        order=order,
        eps=eps,
        tolerance=tolerance,
        max_iterations=max_iterations,
        damping=damping,
    )
    return FixedPointsOfRun(points, model, run.ages[-1] if age is None else age, labels, data.classes)


def from_data(model: RBM, data: Dataset, n: int, seed: int) -> tuple[Field, Int[np.ndarray, " N"]]:
    """Return the features of at most n samples, in their order, and their labels."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(data))[:n])
    visible = parts_of(model.spec, torch.from_numpy(taken(data.values, rows)))
    return landscape.starts_of(model, visible), data.labels[rows]


def at_random(model: RBM, n: int, seed: int) -> tuple[Field, Int[np.ndarray, " N"]]:
    """Return the features of n draws from p0; they have no label."""
    state = start(model, Noise(seed, Stream.GENERATE), n, {})
    return model.features(state[:-1]), np.full(n, UNKNOWN)


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
