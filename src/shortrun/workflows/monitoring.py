"""How good a training is while it runs: what it generates beside held-out and training samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from shortrun.data import Dataset
from shortrun.data.core.dataset import UNKNOWN
from shortrun.dynamics import Noise, Stream, recorded
from shortrun.models import LABEL, Model, whole_of
from shortrun.parallel import Parts
from shortrun.records import Record
from shortrun.scores import adversarial_accuracy, second_moment
from shortrun.scores._features import features
from shortrun.scores._judges import Judge
from shortrun.scores._neighbours import least, points
from shortrun.scores.fidelity import has_classes, recogniser
from shortrun.typing import State, Theta

COMPARED = 1000  # held-out samples, and as many generated ones
FEW = 400  # held-out samples: fewer are compared with several sets of as many
REFERENCE = 10_000  # training samples among which a copy is looked for
FEWEST = 8  # held-out samples that shares can be read from
CODES = 2**24  # of the samples compared: long ones are fewer
BEYOND_CHANCE = 3.0  # standard errors
TAUGHT, JUDGE = 2000, "support vector machine"  # training samples, and what learns their classes
FEATURES = 1000  # whose covariances are compared


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Compares what parameters generate with samples that were kept aside: a `learning.Monitor`.

    Parameters
    ----------
    model : Model
        That generates.
    steps : int
        Sweeps k of its recipe.
    seed : int
        Seed of the training: the noise is the same at every age, so that ages differ by their parameters alone.
    held : Dataset
        Samples kept aside; generated ones have their labels.
    twins : Dataset
        For each of them a training sample of the same class.
    train : Dataset
        Training samples, at most REFERENCE.
    shared : Parts, optional
        Processes each of which generates its sites; the first one compares.
    """

    model: Model
    steps: int
    seed: int
    held: Dataset
    twins: Dataset
    train: Dataset
    shared: Parts | None = None

    @classmethod
    def of(
        cls, model: Model, steps: int, seed: int, data: Dataset, held: np.ndarray, most: int = COMPARED
    ) -> HeldOut | None:
        """Return the monitor of a training; None if too few samples were kept aside to compare with.

        Parameters
        ----------
        model, steps, seed : Model, int, int
            As of the class.
        data : Dataset
            All samples, of which no more are read than are compared.
        held : ndarray
            (N,) bool, which of them were kept aside.
        most : int, default COMPARED
            Largest number of samples compared.
        """
        known = data.labelled if data.classes else np.ones(len(data), bool)
        random, fits = np.random.default_rng([seed, 5]), max(CODES // data.sites, 100)
        compared = some(np.flatnonzero(held & known), min(most, fits), random)
        learned = np.flatnonzero(~held & known)
        if len(compared) < FEWEST or not len(learned):
            return None
        twins = learned[twins_of(data.labels[compared], data.labels[learned], random)]
        sets = (compared, twins, some(learned, min(REFERENCE, fits), random))
        held_out, twins, train = map(data.select, sets)
        return cls(model, steps, seed, held_out, twins, train)

    def __call__(self, theta: Theta, chains: State | None) -> Record:
        """Return how samples of these parameters, or persistent chains where a training has them, compare."""
        made = self.made(theta) if chains is None else self.continued(chains)
        if made is None:
            return {}
        of_held, of_twins = self.shares(self.held, made), self.shares(self.twins, made)
        columns = self.columns
        found: Record = {
            "compared": len(self.held),
            "drawn": len(made),
            "p_dd": of_held[0],
            "p_gg": of_held[1],
            "p_dd_train": of_twins[0],
            "p_gg_train": of_twins[1],
            "nearer": chance_below(nearest_to(made, self.train), self.to_train),
            "e2": second_moment(features(self.train)[:, columns], features(made)[:, columns]),
        }
        found |= self.of_real
        if self.judge is not None:
            found["recognised"] = float((self.judge(made) == made.labels).mean())
        return found

    @property
    def sets(self) -> int:
        """How many sets of samples are compared with the held-out ones: P_DD and P_GG are their means."""
        return math.ceil(FEW / len(self.held))

    def shares(self, real: Dataset, made: Dataset) -> tuple[float, float]:
        """Return the means of P_DD and P_GG over whole sets of generated samples."""
        size = len(real)
        sets = [made.select(np.arange(first, first + size)) for first in range(0, len(made) - size + 1, size)]
        p_dd, p_gg = np.mean([adversarial_accuracy(real, each) for each in sets], axis=0)
        return float(p_dd), float(p_gg)

    def made(self, theta: Theta) -> Dataset | None:
        """Return samples of these parameters with the labels of the held-out ones, in the first process."""
        labels = np.tile(self.held.labels, self.sets)
        codes = torch.from_numpy(labels.astype(np.uint8)).unsqueeze(1)
        noise, label = Noise(self.seed, Stream.MONITOR, device=theta.device), self.model.spec.label
        held = {}
        if label is not None:
            layers = [torch.empty(len(codes), 0)] * label + [codes.to(theta.device)]
            held[LABEL] = self.model.to_state(tuple(layers), torch.float32)[label]
        parts = recorded(self.model, theta, len(codes), noise, times=(self.steps,), held=held)
        values = [self.values(part[self.steps]) for part in parts]
        if self.shared is not None and not self.shared.is_first:
            return None
        return self.dataset(np.concatenate(values), labels)

    def continued(self, chains: State) -> Dataset | None:
        """Return the states of persistent chains: what a training towards equilibrium learns to generate."""
        label, values = self.model.spec.label, self.values(chains)[: len(self.held) * self.sets]
        if self.shared is not None and not self.shared.is_first:
            return None
        codes = np.full(len(values), UNKNOWN) if label is None else chains[label][:, 0].cpu().numpy().astype(np.int64)
        return self.dataset(values, codes[: len(values)])

    def values(self, state: State) -> np.ndarray:
        """Return the samples in a state, as values of the data; (0, S) in a process that is not the first one."""
        if self.shared is None:
            return whole_of(self.model.spec, self.model.to_values(state), self.held.sites).cpu().numpy()
        whole = self.shared.gathered_state(state[: len(self.model.spec.layers) - 1])
        if whole is None:
            return self.held.values[:0]
        return whole_of(self.shared.whole.spec, whole, self.held.sites).cpu().numpy()

    def dataset(self, values: np.ndarray, labels: np.ndarray) -> Dataset:
        """Return samples as a data set of the kind of the held-out ones."""
        return Dataset(
            values=values,
            labels=labels,
            weights=np.ones(len(values), np.float32),
            names=np.arange(len(values)).astype(str),
            kind=self.held.kind,
            classes=self.held.classes,
        )

    @cached_property
    def of_real(self) -> Record:
        """P_DD and P_GG of training samples in place of generated ones, where groups move them from 1/2."""
        if self.held.groups is None:
            return {}
        found = adversarial_accuracy(self.held, self.twins)
        moved = max(abs(share - 0.5) for share in found) > BEYOND_CHANCE * 0.5 / np.sqrt(len(self.held))
        return {"p_dd_real": found.p_dd, "p_gg_real": found.p_gg} if moved else {}

    @cached_property
    def to_train(self) -> np.ndarray:
        """(n,) distances of held-out samples from the training data."""
        return nearest_to(self.held, self.train)

    @cached_property
    def columns(self) -> np.ndarray:
        """The features whose covariances are compared."""
        width = features(self.held.head(1)).shape[1]
        return np.sort(np.random.default_rng(self.seed).permutation(width)[:FEATURES])

    @cached_property
    def judge(self) -> Judge | None:
        """A classifier of the training samples; None without classes."""
        return recogniser(self.train, rows=TAUGHT, among=[JUDGE]) if has_classes(self.train) else None


def some(rows: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Return at most `count` of some rows at random, in their order."""
    return np.sort(random.permutation(rows)[:count])


def twins_of(labels: np.ndarray, others: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return for each label the number of a random sample of that class, as different ones as there are."""
    chosen = np.empty(len(labels), np.int64)
    for code in np.unique(labels):
        asked, members = np.flatnonzero(labels == code), np.flatnonzero(others == code)
        members = members if len(members) else np.arange(len(others))
        chosen[asked] = np.resize(random.permutation(members), len(asked))
    return chosen


def nearest_to(samples: Dataset, train: Dataset) -> np.ndarray:
    """Return the distance of each sample from the nearest training sample."""
    ours, theirs = points(samples, train)
    return least(theirs, ours)


def chance_below(one: np.ndarray, other: np.ndarray) -> float:
    """Return the chance that a member of one set is below a member of the other, ties as halves (Mann and Whitney)."""
    ordered = np.sort(other)
    below, up_to = (np.searchsorted(ordered, one, side) for side in ("left", "right"))
    return float(1 - (below + up_to).mean() / 2 / len(ordered))
