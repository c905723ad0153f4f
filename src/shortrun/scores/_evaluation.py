"""What is known of how good a run is: the value that `evaluate` returns and a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from shortrun.data import Dataset, Predictions
from shortrun.scores._base import Score
from shortrun.scores._compare import offered
from shortrun.scores._verdict import MemoryEffect, memory_effect

Role: TypeAlias = Literal["training", "test"]


@dataclass(frozen=True, eq=False)
class Curves:
    """Scores of one run against sampling time and age.

    Parameters
    ----------
    name : str
        Of the run.
    scheme, k : str or int
        How it was trained, and with how many sweeps.
    table : pd.DataFrame
        Score, class, age, steps, value, error (`workflows.curves`).
    """

    name: str
    scheme: str
    k: int
    table: pd.DataFrame

    @property
    def memory_effects(self) -> list[MemoryEffect]:
        """How each score depends on the sampling time, and whether it is best at k."""
        names = self.table.dropna(subset=["steps"])["score"].drop_duplicates()
        found = (memory_effect(self.table, name, self.k, ideal_of(name)) for name in names if name in offered())
        return [effect for effect in found if effect is not None]


def ideal_of(name: str) -> float:
    """Return the ideal of a score, 0 where it has none."""
    return offered()[name][0].ideal or 0.0


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A run judged by samples that it generated and labels that it predicted.

    Parameters
    ----------
    run : dict[str, Any]
        What `Trajectory.info` says, with its configuration under "config".
    log : pd.DataFrame
        Monitored values, a row a logged update.
    age, steps, seed, convention : int or str
        How the samples were generated and scored.
    reference, role : Dataset or Role
        Real samples that generated ones are compared with: those of the training, or test samples where the former are
        not at hand.
    generated : Dataset
        Samples with the labels of the reference.
    held_out : Dataset or None
        Real samples not trained on, None without any.
    scores : tuple[Score, ...]
        Of the samples and of the predictions.
    predictions : Predictions or None
        Of the held-out samples (else of the reference), exact; None without labels.
    described : Mapping[str, dict[str, Any]], optional
        What `Dataset.describe` says of "reference" and "held-out" samples.
    singular_values : pd.DataFrame, optional
        Of the weights at every age (`workflows.singular_values`).
    receptive_fields : ndarray, optional
        Of the strongest hidden units, (n, S) (`workflows.receptive_fields`).
    curves : tuple[Curves, ...], default ()
        Of this run, then of those it is compared with; empty if not asked for.
    notes : tuple[str, ...], default ()
        What to know of the above, one sentence each.
    seconds : float, default 0.0
        That the evaluation took.
    command : str, default ""
        That repeats it.
    """

    run: dict[str, Any]
    log: pd.DataFrame
    age: int
    steps: int
    seed: int
    convention: str
    reference: Dataset
    role: Role
    generated: Dataset
    held_out: Dataset | None
    scores: tuple[Score, ...]
    predictions: Predictions | None
    described: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    singular_values: pd.DataFrame | None = None
    receptive_fields: np.ndarray | None = None
    curves: tuple[Curves, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    command: str = ""

    @property
    def memory_effects(self) -> list[MemoryEffect]:
        """Of this run."""
        return self.curves[0].memory_effects if self.curves else []
