"""The rate of jumps between clusters of the data by chains of a run's last machine: Gibbs sampling against PTT.

python -m benchmarks.jumps RUN DATA --clusters 2 --sweeps 3000

Clusters are those of k-means in the plane of the first two principal components of the data. A chain belongs to one
if it is twice as close to its centre as to the next. In between it still belongs to the previous one, so that wavering
at a border is not a jump.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

import shortrun as sr
from shortrun.dynamics import Noise, Stream, start_hidden
from shortrun.likelihood import TARGET, temper
from shortrun.models import Clamp, state_of
from shortrun.store import Trajectory
from shortrun.workflows.tempering import ladder

CHAINS, SEED = 100, 1


class Clusters:
    """The clusters of a data set, and which one each chain of a state is in (-1: between them)."""

    def __init__(self, values: np.ndarray, count: int):
        pca = PCA(2, random_state=0).fit(values.astype(np.float32))
        found = KMeans(count, n_init=10, random_state=0).fit(pca.transform(values.astype(np.float32)))
        self.mean, self.axes, self.centres = (
            torch.from_numpy(each).float() for each in (pca.mean_, pca.components_, found.cluster_centers_)
        )
        self.shares = np.bincount(found.labels_) / len(values)

    def of(self, x: torch.Tensor) -> np.ndarray:
        """Return the cluster of each row."""
        near = torch.cdist((x.float() - self.mean) @ self.axes.T, self.centres).topk(2, largest=False)
        return torch.where(near.values[:, 0] < near.values[:, 1] / 2, near.indices[:, 0], -1).numpy()


def summary(history: list[np.ndarray], clusters: int) -> str:
    """Return jumps of a chain in 10,000 sweeps with the error over chains, and the shares of clusters by quarter."""
    seen = np.stack(history)
    for n in range(1, len(seen)):
        seen[n] = np.where(seen[n] < 0, seen[n - 1], seen[n])
    jumps = ((seen[1:] != seen[:-1]) & (seen[:-1] >= 0)).mean(0) * 1e4
    parts = [part[part >= 0] for part in np.array_split(seen, 4)]
    quarters = [np.bincount(part, minlength=clusters) / len(part) for part in parts]
    shares = "; ".join(" ".join(f"{share:.3f}" for share in quarter) for quarter in quarters)
    return f"{jumps.mean():.2f} +- {jumps.std(ddof=1) / len(jumps) ** 0.5:.2f} jumps, shares by quarter {shares}"


def main() -> None:
    """Print jumps of both samplers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("data")
    parser.add_argument("--clusters", type=int, default=2)
    parser.add_argument("--sweeps", type=int, default=3000)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    run, data = Trajectory.open(asked.run), sr.read(asked.data)
    model, clusters = run.model, Clusters(data.values, asked.clusters)
    print("shares in the data", clusters.shares.round(3))
    rungs = ladder(run, acceptance=TARGET, chains=CHAINS, seed=SEED)
    print(f"{len(rungs)} machines: {' '.join(f'{rung.age:g}' for rung in rungs)}")
    history: list[np.ndarray] = []
    rows = torch.linspace(0, len(data) - 1, CHAINS).long()
    noise = Noise(SEED, Stream.PREDICT)
    state = tuple(x[rows] for x in state_of(data, noise.device))[: len(model.spec.observed)]
    rungs[-1].replica.machine.run(
        (*state, *start_hidden(model, noise, CHAINS)),
        noise,
        steps=10 * asked.sweeps,
        clamp=Clamp(),
        observe=lambda _, now: history.append(clusters.of(now[0])),
    )
    print("Gibbs from data:", summary(history, asked.clusters))
    history.clear()
    found = temper(
        [rung.replica for rung in rungs],
        [rung.state for rung in rungs],
        Noise(SEED, Stream.GENERATE),
        rounds=asked.sweeps,
        watch=lambda _, states: history.append(clusters.of(states[-1][0])),
    )
    print("PTT:", summary(history, asked.clusters))
    up, trips = found.upward.double(), found.round_trips.double()
    print(f"acceptance {found.acceptance.min():.2f} to {found.acceptance.max():.2f}", end="; ")
    print(
        f"{up.mean():.2f} states a chain came up, {trips.mean():.2f} back too; {int((up == 0).sum())} chains had none"
    )


if __name__ == "__main__":
    main()
