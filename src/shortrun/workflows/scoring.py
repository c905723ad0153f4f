"""How good generated samples are: `score`."""

from __future__ import annotations

from collections.abc import Sequence

from shortrun import scores as scoring
from shortrun.data import Dataset
from shortrun.scores import Score


def score(
    reference: Dataset,
    generated: Dataset,
    *,
    held_out: Dataset | None = None,
    scores: Sequence[str] | None = None,
    convention: str = "default",
    seed: int = 0,
    per_class: bool = True,
) -> list[Score]:
    """Score generated samples against real ones; docs/scores.md has the definitions.

    Parameters
    ----------
    reference : Dataset
        Real samples, as a rule those that the generator was trained on.
    generated : Dataset
        Samples of the same kind; where sizes must be equal, random ones of the larger set are left out.
    held_out : Dataset, optional
        Real samples that the generator has not seen, for the scores that tell learning from memorising.
    scores : Sequence[str], optional
        Names, by default all that the data allow.
    convention : str, default "default"
        "default", or the definitions of "paper" (arXiv 2307.06797 as printed) or "fef" (its published code).
    seed : int, default 0
        Of every random choice; the same seed gives the same numbers.
    per_class : bool, default True
        Score each class on its own and average over classes, where all samples have them; False compares all samples at
        once.

    Returns
    -------
    list of Score
        for each quantity that of "all", then those of the classes; nan where a class has fewer than four samples

    Raises
    ------
    DataError
        If the samples are not of one kind, or too few.
    ConfigError
        For an unknown score or convention, or a score whose data are not given.
    """
    return scoring.compare(
        reference,
        generated,
        held_out=held_out,
        scores=scores,
        convention=convention,
        seed=seed,
        per_class=per_class,
    )
