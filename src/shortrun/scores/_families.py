"""The contract of a score module: it declares `SCORES`, one of the six families below.

| family | `measure` is called with | for |
|---|---|---|
| `SampleScores` | the samples of one class, or all of them | what compares generated samples with real ones |
| `TrainingScores` | all samples; the reference is all training samples, the unlabelled too | copies and privacy |
| `PooledScores` | all samples, labels included | the same where classes are not scored one by one |
| `ClassScores` | all samples at once | what needs every class at the same time |
| `PredictionScores` | predicted labels | how well labels are predicted |
| `ReconstructionScores` | samples and their reconstructions | how much a chaotic network keeps of its data |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from shortrun.data import Dataset, Predictions
from shortrun.registry import check_function, hint
from shortrun.scores._base import ALL, UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._errors import linear


class Row(NamedTuple):
    """Value, standard error and floor of a quantity, and a note for readers.

    Examples
    --------
    >>> Row(0.9, 0.01, 0.95).floor
    0.95
    """

    value: float
    error: float
    floor: float
    note: str = ""


Rows: TypeAlias = dict[str, Row]  # by the name of the quantity
ClassRows: TypeAlias = dict[str, Rows]  # by the class, "all" for all samples


@dataclass(frozen=True)
class Domain:
    """A kind of samples.

    Parameters
    ----------
    name : str
        In an error message: "this score needs ...".
    includes : Callable[[Dataset], bool]
        Whether a data set is of that kind.

    Raises
    ------
    TypeError
        If `includes` is not a function of one argument.

    Examples
    --------
    >>> NUMBERS = Domain("continuous samples", lambda data: data.continuous)
    >>> NUMBERS.includes(Dataset.from_arrays([[0, 1], [1, 0]]))
    False
    """

    name: str
    includes: Callable[[Dataset], bool]

    def __post_init__(self):
        check_function(f"Domain '{self.name}'", "includes", self.includes, 1)


ANYTHING = Domain("samples", lambda _: True)


@dataclass(frozen=True)
class Evidence:
    """Everything that scores of one generator are measured on.

    Parameters
    ----------
    pair : Pair
        Real and generated samples.
    predictions : Predictions, optional
        Labels that were predicted.
    reconstructed : tuple[Dataset, Dataset], optional
        Samples, and what a chaotic network rebuilds of them.

    Examples
    --------
    >>> data = Dataset.from_arrays([[0, 1], [1, 0]])
    >>> Evidence(Pair(data, data)).predictions is None
    True
    """

    pair: Pair
    predictions: Predictions | None = None
    reconstructed: tuple[Dataset, Dataset] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoreFamily:
    """Scores that are measured together; a module declares one of the subclasses.

    Parameters
    ----------
    quantities : tuple[Quantity, ...]
        The scores, in the order of tables.
    measure : Callable
        Returns the values by the names of the quantities.
    domain : Domain, optional
        The real samples that the scores make sense for, by default all.
    on_request : bool, default False
        Whether they are measured only when they are named, because they are slow.
    """

    quantities: tuple[Quantity, ...]
    measure: Callable[..., Any]
    domain: Domain = ANYTHING
    on_request: bool = False

    arguments: ClassVar[int] = 1  # of `measure`
    compares_classes: ClassVar[bool] = True  # a class that was compared has a row even if its value is undefined

    def __post_init__(self):
        if not self.quantities or not all(isinstance(each, Quantity) for each in self.quantities):
            raise TypeError(f"{self}: quantities must be a tuple of Quantity(...), found {self.quantities!r}")
        if not isinstance(self.domain, Domain):
            raise TypeError(f"{self}: domain must be a Domain(...), found {self.domain!r}")
        check_function(str(self), "measure", self.measure, self.arguments)

    def __str__(self) -> str:
        names = (each.name if isinstance(each, Quantity) else repr(each) for each in self.quantities)
        return f"{type(self).__name__} '{', '.join(names)}'"

    def missing(self, quantity: Quantity, evidence: Evidence) -> str:
        """Return what a quantity needs and the evidence lacks, empty if it can be measured."""
        if quantity.held_out and evidence.pair.held_out is None:
            return "held-out samples"
        included = self.domain.includes(evidence.pair.reference)
        return self.missing_input(evidence) or ("" if included else self.domain.name)

    def missing_input(self, evidence: Evidence) -> str:
        """Return what `measure` needs and the evidence lacks, empty if it can be called."""
        return ""

    def measure_part(self, pair: Pair, floors: bool) -> Rows:
        """Return value, error and floor of each quantity for the samples of one class, or for all of them."""
        return {}

    def measure_all(self, evidence: Evidence, floors: bool = True) -> ClassRows:
        """Return value, error and floor of each quantity, class by class, from all samples at once."""
        return {}

    def check(self, found: Mapping[str, Any]) -> None:
        """Check the names of measured values.

        Raises
        ------
        TypeError
            If there is a name that no quantity has.
        """
        names = [quantity.name for quantity in self.quantities]
        if unknown := [name for name in found if name not in names]:
            raise TypeError(
                f"{self}: the values have the name '{unknown[0]}', which no quantity has{hint(unknown[0], names)}"
            )

    def checked(self, found: dict[str, dict[str, Any]]) -> ClassRows:
        """Return the rows of each class after a check of their names; plain tuples may take the place of rows."""
        for rows in found.values():
            self.check(rows)
        return {cls: {name: Row(*row) for name, row in rows.items()} for cls, rows in found.items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class SampleScores(ScoreFamily):
    """Scores of generated samples against real ones, class by class or pooled.

    Parameters
    ----------
    measure : Callable[[Pair], dict[str, Estimate]]
        Returns value and error of each quantity; quantities that need held-out samples only if there are some.
    floors : Callable[[Pair], dict[str, float]], optional
        Returns the values of real samples, by default those of one half of the reference against the other half.

    Examples
    --------
    >>> def measure(pair):
    ...     return {"size": Estimate(len(pair.generated) / len(pair.reference), lambda: 0.0)}
    >>> scores = SampleScores(quantities=(Quantity("size", ideal=1.0, direction="none"),), measure=measure)
    >>> data = Dataset.from_arrays([[0, 1], [1, 0], [1, 1], [0, 0]])
    >>> scores.measure_part(Pair(data, data), floors=True)
    {'size': Row(value=1.0, error=0.0, floor=1.0, note='')}
    """

    measure: Callable[[Pair], dict[str, Estimate]]
    floors: Callable[[Pair], dict[str, float]] | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.floors is not None:
            check_function(str(self), "floors", self.floors, 1)

    def measure_part(self, pair: Pair, floors: bool) -> Rows:
        found, real = self.measure(pair), self.measure_floors(pair) if floors else {}
        self.check(found | real)
        wanted = {name: it for name, it in found.items() if pair.wants(name)}  # errors take longer than values
        return {name: Row(it.value, it.error(), real.get(name, np.nan), it.note) for name, it in wanted.items()}

    def measure_floors(self, pair: Pair) -> dict[str, float]:
        """Return the values of real samples."""
        if self.floors is not None:
            return self.floors(pair)
        return {name: estimate.value for name, estimate in self.measure(pair.halves()).items()}


class Contributions(NamedTuple):
    """What single samples contribute to a quantity, so that it has a value for each class too.

    Parameters
    ----------
    sides : tuple[tuple[ndarray, ndarray], ...]
        (N,) contributions of some samples, and their labels.
    estimate : Callable[..., Estimate]
        Returns the value of the contributions of all sides, or of one class.

    Examples
    --------
    >>> it = Contributions.mean(np.array([0.0, 1.0, 1.0]), np.array([0, 0, 1]))
    >>> it.of(None).value, it.of(0).value
    (0.6666666666666666, 0.5)
    """

    sides: tuple[tuple[np.ndarray, np.ndarray], ...]
    estimate: Callable[..., Estimate]

    @classmethod
    def mean(cls, values: np.ndarray, labels: np.ndarray) -> Contributions:
        """Return the contributions to a mean."""
        return cls(((values, labels),), lambda it: Estimate(float(it.mean()), partial(linear, (it, len(it)))))

    def of(self, code: int | None) -> Estimate:
        """Return the estimate of one class, or of all samples; undefined where a side has none."""
        parts = [values if code is None else values[labels == code] for values, labels in self.sides]
        return self.estimate(*parts) if min(map(len, parts)) else UNDEFINED


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingScores(ScoreFamily):
    """Scores of what generated samples owe to single training samples: all of these, labelled or not, of any class.

    Parameters
    ----------
    measure : Callable[[Pair], dict[str, Contributions]]
        Called with all training samples as the reference; quantities that need held-out samples only if there are some.
    floors : Callable[[Pair], dict[str, Contributions]], optional
        Returns those of real samples, by default of one half of the reference against the other half.

    Examples
    --------
    >>> def measure(pair):
    ...     return {"ones": Contributions.mean(pair.generated.values.mean(1), pair.generated.labels)}
    >>> scores = TrainingScores(quantities=(Quantity("ones", ideal=1.0, direction="none"),), measure=measure)
    >>> data = Dataset.from_arrays([[0, 1], [1, 0], [1, 1], [0, 0]], labels=["a", "a", "b", "b"])
    >>> scores.measure_all(Evidence(Pair(data, data)))["a"]["ones"].value
    0.5
    """

    measure: Callable[[Pair], dict[str, Contributions]]
    floors: Callable[[Pair], dict[str, Contributions]] | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.floors is not None:
            check_function(str(self), "floors", self.floors, 1)

    def measure_all(self, evidence: Evidence, floors: bool = True) -> ClassRows:
        pair = evidence.pair.with_all_training().shuffled()
        found, real = self.measure(pair), self.measure_floors(pair) if floors else {}
        self.check(found | real)
        codes: dict[str, int | None] = {ALL: None}
        codes |= {name: code for code, name in enumerate(pair.generated.classes)}
        relative = {quantity.name for quantity in self.quantities if quantity.ideal is None}
        return {cls: rows_of_class(found, real, code, relative) for cls, code in codes.items()}

    def measure_floors(self, pair: Pair) -> dict[str, Contributions]:
        """Return the contributions of real samples."""
        return self.measure(pair.halves()) if self.floors is None else self.floors(pair)


def rows_of_class(
    found: Mapping[str, Contributions], real: Mapping[str, Contributions], code: int | None, relative: Set[str]
) -> Rows:
    """Return value, error and floor of each quantity for a class, or for all samples.

    Those that only the floor judges (`relative`) have its error where that is larger: distances that are all 0, as of
    the few different rows that a small table has, hardly vary, and the floor does.
    """
    rows = {}
    for name, it in found.items():
        estimate, floor = it.of(code), real[name].of(code) if name in real else UNDEFINED
        error = estimate.error()
        if name in relative and np.isfinite(error):
            error = float(np.fmax(error, floor.error()))
        rows[name] = Row(estimate.value, error, floor.value, estimate.note)
    return rows


@dataclass(frozen=True, kw_only=True, eq=False)
class PooledScores(SampleScores):
    """Scores of all generated samples against all real ones, never class by class: they may look at the labels.

    Examples
    --------
    >>> def measure(pair):
    ...     return {"labelled": Estimate(float(pair.generated.labelled.mean()), lambda: 0.0)}
    >>> scores = PooledScores(quantities=(Quantity("labelled", ideal=1.0, direction="none"),), measure=measure)
    >>> data = Dataset.from_arrays([[0, 1], [1, 0], [1, 1], [0, 0]], labels=["a", "b", "a", "b"])
    >>> scores.measure_all(Evidence(Pair(data, data)))["all"]["labelled"].value
    1.0
    """

    compares_classes: ClassVar[bool] = False

    def measure_part(self, pair: Pair, floors: bool) -> Rows:
        return {}

    def measure_all(self, evidence: Evidence, floors: bool = True) -> ClassRows:
        return {ALL: super().measure_part(evidence.pair.shuffled(), floors)}


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassScores(ScoreFamily):
    """Scores of generated samples that need all classes at once.

    Parameters
    ----------
    measure : Callable[[Pair], dict[str, dict[str, Row]]]
        Returns, for "all" and each class, value, error and floor of each quantity.

    Examples
    --------
    >>> def measure(pair):
    ...     return {"all": {"classes": Row(float(len(pair.generated.classes)), 0.0, 2.0)}}
    >>> scores = ClassScores(quantities=(Quantity("classes", ideal=None, direction="none"),), measure=measure)
    >>> data = Dataset.from_arrays([[0, 1], [1, 0]], labels=["a", "b"])
    >>> scores.measure_all(Evidence(Pair(data, data)))
    {'all': {'classes': Row(value=2.0, error=0.0, floor=2.0, note='')}}
    """

    measure: Callable[[Pair], ClassRows]

    def missing_input(self, evidence: Evidence) -> str:
        return "" if evidence.pair.generated.labelled.any() else "labels of generated samples"

    def measure_all(self, evidence: Evidence, floors: bool = True) -> ClassRows:
        return self.checked(self.measure(evidence.pair.shuffled()))


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictionScores(ScoreFamily):
    """Scores of predicted labels.

    Parameters
    ----------
    measure : Callable[[Predictions], dict[str, dict[str, Row]]]
        Returns, for "all" and each class, value, error and floor of each quantity.

    Examples
    --------
    >>> def measure(predictions):
    ...     return {"all": {"accuracy": Row(predictions.accuracy, 0.0, np.nan)}}
    >>> str(PredictionScores(quantities=(Quantity("accuracy", ideal=1.0, direction="higher"),), measure=measure))
    "PredictionScores 'accuracy'"
    """

    measure: Callable[[Predictions], ClassRows]

    compares_classes: ClassVar[bool] = False

    def missing_input(self, evidence: Evidence) -> str:
        known = evidence.predictions is not None and evidence.predictions.accuracy is not None
        return "" if known else "predictions of known labels"

    def measure_all(self, evidence: Evidence, floors: bool = True) -> ClassRows:
        return {} if evidence.predictions is None else self.checked(self.measure(evidence.predictions))


@dataclass(frozen=True, kw_only=True, eq=False)
class ReconstructionScores(ScoreFamily):
    """Scores of what a chaotic network rebuilds of samples.

    Parameters
    ----------
    measure : Callable[[Dataset, Dataset], dict[str, dict[str, Row]]]
        Called with samples and their reconstructions; returns, for "all", value, error and floor of each quantity.

    Examples
    --------
    >>> def measure(data, rebuilt):
    ...     return {"all": {"equal": Row(float((data.values == rebuilt.values).mean()), 0.0, np.nan)}}
    >>> str(ReconstructionScores(quantities=(Quantity("equal", ideal=1.0, direction="higher"),), measure=measure))
    "ReconstructionScores 'equal'"
    """

    measure: Callable[[Dataset, Dataset], ClassRows]

    arguments: ClassVar[int] = 2

    def missing_input(self, evidence: Evidence) -> str:
        return "" if evidence.reconstructed else "samples rebuilt by a chaotic network of two layers"

    def measure_all(self, evidence: Evidence, floors: bool = True) -> ClassRows:
        return {} if evidence.reconstructed is None else self.checked(self.measure(*evidence.reconstructed))
