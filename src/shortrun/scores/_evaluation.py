"""How good a run is: the value that `evaluate` returns and that a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from shortrun.data import Dataset, Predictions
from shortrun.data.leaks import Leak
from shortrun.errors import MissingExtraError
from shortrun.phrases import counted
from shortrun.scores._base import ALL, Score
from shortrun.scores._compare import offered
from shortrun.scores._lead import leading
from shortrun.scores._summary import Scores
from shortrun.scores._verdict import MemoryEffect, memory_effect, verdict
from shortrun.shown import Shown, framed

if TYPE_CHECKING:
    import pandas as pd

Role: TypeAlias = Literal["training", "test"]


@dataclass(frozen=True, eq=False)
class Curves:
    """Scores of one run against sampling time and age.

    Parameters
    ----------
    name : str
        Name of the run.
    scheme : str
        Scheme that it was trained with.
    k : int
        Number of sweeps in training.
    table : pd.DataFrame
        Columns score, class, age, steps, value, error (`workflows.curves`).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("aai", "all", 100, steps, value, 0.01) for steps, value in ((1, 0.3), (10, 0.0), (100, 0.2))]
    >>> table = pd.DataFrame(rows, columns=["score", "class", "age", "steps", "value", "error"])
    >>> [effect.effect for effect in Curves("run", "ff", 10, table).memory_effects]
    ['best at k']
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


def size_of(data: Dataset, cls: str) -> int:
    """Return the number of samples of a class, or of all."""
    if cls == ALL:
        return len(data)
    return int((data.labels == data.classes.index(cls)).sum()) if cls in data.classes else 0


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Shown):
    """A run judged by samples that it generated and labels that it predicted.

    Parameters
    ----------
    run : dict[str, Any]
        `Trajectory.info`, with its configuration under "config".
    log : pd.DataFrame
        Monitored values, a row for each logged update.
    age, steps, seed : int
        Age, number of sweeps and seed of the generated samples.
    convention : str
        Definitions of the scores.
    reference : Dataset
        Real samples that generated ones are compared with.
    role : Role
        What the reference is: "training" samples, or "test" samples if the former are not available.
    generated : Dataset
        Samples with the labels of the reference.
    held_out : Dataset or None
        Real samples that the run was not trained on.
    scores : tuple[Score, ...]
        Scores of the samples and of the predictions.
    predictions : Predictions or None
        Exact predictions for the held-out samples (else for the reference); None without labels.
    described : Mapping[str, dict[str, Any]], optional
        `Dataset.describe` of "reference" and "held-out" samples.
    singular_values : pd.DataFrame, optional
        Singular values of the weights at every age (`workflows.singular_values`).
    receptive_fields : ndarray, optional
        (n, S) weights of the strongest hidden units (`workflows.receptive_fields`).
    curves : tuple[Curves, ...], default ()
        Curves of this run, then of those it is compared with; empty if not requested.
    timed : tuple[Role, int], optional
        What the curves compare with: the role of these real samples, and their number.
    notes : tuple[str, ...], default ()
        Remarks on the above, one sentence each.
    seconds : float, default 0.0
        Time that the evaluation took.
    command : str, default ""
        Command that repeats it.
    leak : Leak, optional
        What the samples that should be new have in common with those of the training; None where that is not known.
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
    timed: tuple[Role, int] | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    command: str = ""
    leak: Leak | None = None

    number: ClassVar = ".4g"

    def said(self) -> tuple[str, str]:
        """Return what was judged, and the verdict."""
        made = f"{counted(len(self.generated), 'sample')} at age {self.age:,}, {counted(self.steps, 'sweep')}"
        return f"Evaluation of {self.run['path'] or 'a run in memory'}: {made}", f"  {self.lead[0]}"

    def first_rows(self) -> pd.DataFrame:
        """Return the scores of all samples as a frame."""
        return Scores(self.scores).first_rows()

    def page(self) -> str:
        """Return the report as one self-contained HTML page.

        Raises
        ------
        MissingExtraError
            If matplotlib or jinja2 is not installed.
        """
        return self._page

    @cached_property
    def _page(self) -> str:
        from shortrun.report import report

        return report(self)  # takes seconds, and notebooks ask again and again

    def _repr_html_(self) -> str:
        """Return the two lines with the page below, or with the scores where it cannot be drawn."""
        try:
            page = self.page()
        except MissingExtraError:
            return super()._repr_html_()
        return f"<div>{self.heading()}{framed(page)}</div>"

    @property
    def lead(self) -> list[str]:
        """It in at most four sentences, the most useful one first."""
        return leading(self)

    def sizes(self, cls: str = ALL) -> dict[str, int | None]:
        """Return how many samples of a class scores compare: real, generated, held_out (None without any)."""
        sides = {"real": self.reference, "generated": self.generated, "held_out": self.held_out}
        return {name: None if data is None else size_of(data, cls) for name, data in sides.items()}

    def to_pandas(self) -> pd.DataFrame:
        """Return the scores as a frame, a row a score and class."""
        return Scores(self.scores).to_pandas()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: the sentences, then every score with its verdict and the numbers of samples."""
        sizes = {cls: self.sizes(cls) for cls in dict.fromkeys(it.cls for it in self.scores)}
        return {
            "lead": self.lead,
            "run": self.run["path"],
            "age": self.age,
            "steps": self.steps,
            "seed": self.seed,
            "leaks": list(self.leaks),
            "notes": list(self.notes),
            "scores": [it.to_dict() | {"verdict": verdict(it), "samples": sizes[it.cls]} for it in self.scores],
        }

    @property
    def leaks(self) -> tuple[str, ...]:
        """What to know before all else: samples that should be new and are not, a line each."""
        return () if self.leak is None else tuple(self.leak.lines("test"))

    @property
    def memory_effects(self) -> list[MemoryEffect]:
        """Memory effects of this run."""
        return self.curves[0].memory_effects if self.curves else []
