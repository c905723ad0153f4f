"""Options of the verbs that judge samples: score, evaluate, curves, fold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from shortrun.settings._base import MACHINE, MEASUREMENT, MODEL, MOST, Positive, Settings, Steps, option
from shortrun.settings.shared import Averaged, OfAge, OfAges, Seeded, Shared
from shortrun.settings.text import words_of

SeveralSamples = Annotated[int, Field(ge=2, le=MOST)]


class ScoringSettings(Seeded):
    """Which scores are measured, and by whose definitions."""

    scores: Annotated[tuple[str, ...] | None, BeforeValidator(words_of)] = option(
        None, "Names of scores, as aai,spectrum; by default all that apply.", panel=MEASUREMENT, metavar="NAME,..."
    )
    convention: Literal["default", "paper", "fef"] = option(
        "default",
        "Definitions to follow where published ones differ: ours, the paper's, or those of its published code.",
        panel=MEASUREMENT,
    )


class ScoreSettings(ScoringSettings):
    """Options of `score`."""

    per_class: bool = option(
        True,
        "Score each class on its own and average over the classes; pooled, all samples at once.",
        panel=MEASUREMENT,
        flags=("--per-class/--pooled",),
    )


class EvaluateSettings(Shared, OfAge, ScoringSettings):
    """Options of `evaluate`."""

    n: SeveralSamples = option(10_000, "Largest number of generated samples.", panel=MODEL, flags=("-n", "--number"))
    steps: Steps | None = option(None, "Number of sweeps from noise; by default the k of the training.", panel=MODEL)
    with_curves: bool = option(
        True,
        "Measure scores against sampling time too.",
        panel=MEASUREMENT,
        flags=("--curves/--no-curves",),
    )


class CurvesSettings(Shared, OfAges, Averaged, ScoreSettings):
    """Options of `curves`."""

    times: tuple[Steps, ...] | None = option(
        None,
        "Numbers of sweeps to look after; by default a logarithmic grid with k.",
        panel=MEASUREMENT,
        metavar="1,2,5,...",
    )
    until: Steps | None = option(None, "End of that grid; by default 10 k.", panel=MEASUREMENT, metavar="SWEEPS")
    n: SeveralSamples = option(2000, "Largest number of samples compared.", panel=MODEL, flags=("-n", "--number"))

    def check(self) -> None:
        """Refuse the end of a grid that there is not."""
        if self.times is not None:
            self.refuse(("until",), "a grid of times, not where all of them are given (times)")


class FoldSettings(Settings):
    """Options of `fold`; the first four are those of ESMFold."""

    model: str = option(
        "facebook/esmfold_v1", "Weights of ESMFold: a name or a folder.", panel=MODEL, metavar="NAME|FOLDER"
    )
    device: str = option("auto", "Device to compute on.", panel=MACHINE, metavar="auto|cpu|cuda")
    precision: Literal["float32", "bfloat16"] = option(
        "float32", "Precision of the folding trunk; in float16 its padding masks overflow.", panel=MACHINE
    )
    chunk: Positive | None = option(
        None, "Part of the attention in memory at once, as 64; by default all of it.", panel=MACHINE
    )
    max_residues: Positive = option(1024, "Number of residues folded at once.", panel=MACHINE)
