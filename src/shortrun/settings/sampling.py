"""Options of the verbs that sample a trained model: generate, predict, animate, reconstruct."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Number, Real
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from shortrun.errors import ConfigError
from shortrun.settings._base import MOST, OUTPUT, SAMPLING, TWO_TIMES, Count, Positive, Rate, Settings, Steps, option
from shortrun.settings.likelihood import ExchangeSettings
from shortrun.settings.reading import Names
from shortrun.settings.shared import OfAge, Seeded, Shared, SharedBySites

Sites = Annotated[
    tuple[int | str, ...], BeforeValidator(lambda sites: (sites,) if isinstance(sites, str | int) else sites)
]


def texts_of_labels(labels: Any) -> Any:
    """Return classes that are given as numbers as the texts that name them.

    Raises
    ------
    ValueError
        For a count that is none, or no samples at all, or more than the noise tells apart.
    """
    if isinstance(labels, Mapping):
        wrong = next((name for name, count in labels.items() if not isinstance(count, Integral) or count < 0), None)
        if wrong is not None:
            raise ValueError(f"a number of samples expected for class '{wrong}', got {labels[wrong]}")
        if not 1 <= sum(labels.values()) <= MOST:
            raise ValueError(f"1 to {MOST:,} samples in all expected, got {sum(labels.values()):,}")
        return {text_of_label(label): int(count) for label, count in labels.items()}
    if labels is None or isinstance(labels, str | bytes):
        return labels
    if isinstance(labels, Number):
        return text_of_label(labels)
    try:
        named = [text_of_label(label) for label in labels]
    except TypeError:
        raise ValueError(f"a class, one for each sample, or a count of each expected, got {labels!r}") from None
    if not named:
        raise ValueError("a class for each sample expected, got none")
    return named


def text_of_label(label: Any) -> str:
    """Return a class as text, a whole number without a decimal point."""
    if isinstance(label, Real) and not isinstance(label, bool) and float(label).is_integer():
        return str(int(float(label)))
    return str(label)


Labels = Annotated[str | Sequence[str] | Mapping[str, int] | None, BeforeValidator(texts_of_labels)]

HELD = "Sites that are held"
MUSIC = "Music of any length"


class TemperingSettings(ExchangeSettings):
    """How `generate` samples: by the run's own recipe, or in equilibrium."""

    sampler: Literal["short", "ptt", "pt"] = option(
        "short",
        "Sampler: the run's own recipe (short), or in equilibrium by swaps between ages (ptt) or temperatures (pt).",
        panel=SAMPLING,
    )


class SampleSettings(OfAge, Seeded):
    """Which samples are generated."""

    labels: Labels = option(
        None,
        "Class of the samples (in Python also one for each, or a count of each); by default the classes in the "
        "proportions of the training data.",
        panel=SAMPLING,
        flags=("--label",),
        metavar="CLASS",
    )
    n: Positive = option(100, "Number of samples.", panel=SAMPLING, flags=("-n", "--number"))


class StreamSettings(SharedBySites, TemperingSettings, SampleSettings):
    """Which samples are generated, how, and what they have in common."""

    fix: Names | Mapping[int | str, str] | None = option(
        None,
        "Letters that every sample has, by site from 1; for a table, cells by column.",
        panel=HELD,
        metavar="SITE=LETTER[,...]",
    )
    keep: Sites = option(
        (),
        "Sites of the template to hold, as numbers and ranges; for a table, names of columns.",
        panel=HELD,
        metavar="1-50,60[,...]",
    )


class PieceSettings(Settings):
    """How long pieces of music are that are longer than one sample."""

    bars: Positive | None = option(
        None, "Length of pieces of music in bars of four beats, in place of one sample each.", panel=MUSIC
    )
    seconds: Rate | None = option(
        None, "Length of pieces of music in seconds, in place of one sample each.", panel=MUSIC, metavar="SECONDS"
    )
    overlap: Positive | None = option(
        None,
        "Bins of a window that are held as the window before ends; by default half of a window.",
        panel=MUSIC,
        metavar="BINS",
    )


class GenerateSettings(PieceSettings, StreamSettings):
    """Options of `generate`."""

    rules: Names = option(
        (),
        "Rule that every row of a table keeps: 'a <= b', 'a = x -> b >= 17', or 'a, b' for the combinations of the "
        "training data; rows that break one are drawn again; give the option once for each rule.",
        panel=HELD,
        flags=("--rule",),
        metavar="RULE",
    )

    steps: Steps | None = option(
        None,
        "Sweeps from noise; by default the k of the training, or 500 for each replica in equilibrium.",
        panel=SAMPLING,
    )
    time: Rate | None = option(
        None, "Time T from the start of a chaotic network, in place of steps.", panel=SAMPLING, metavar="T"
    )

    def check(self) -> None:
        """Refuse two lengths of a run."""
        if self.time is not None and self.steps is not None:
            raise ConfigError("time", TWO_TIMES)


class AnimateSettings(SampleSettings):
    """Which chains are followed from their noise on, and how far."""

    n: Positive = option(25, "Number of samples.", panel=SAMPLING, flags=("-n", "--number"))
    until: str = option(
        "3k", "Last sweep: a number, or 3k for 3 times the k of the training.", panel=SAMPLING, metavar="SWEEPS"
    )


class MovieSettings(AnimateSettings):
    """Options of `animate`."""

    show: Literal["samples", "chains", "walk", "tree"] = option(
        "samples",
        "What moves: samples as they form, chains among the modes of the data, the walk of the training on the phase "
        "diagram, or the tree of the data as it grows.",
        panel=OUTPUT,
    )


class StudioSettings(OfAge):
    """Options of `studio`."""

    nearest: Count = option(
        0,
        "Training samples to put into the page, which shows the nearest of them; whoever has the page can read them.",
        panel=OUTPUT,
        metavar="N",
    )
    largest: Positive = option(20, "Largest page to write, in megabytes.", panel=OUTPUT, metavar="MB")


class ServingSettings(Settings):
    """How `studio` serves its page."""

    port: Annotated[int, Field(ge=1, le=65535)] | None = option(
        None, "Port of 127.0.0.1 that the page is served at; by default one that is free.", panel=OUTPUT, metavar="PORT"
    )
    open: bool = option(False, "Open the page in the browser.", panel=OUTPUT)


class ChainSettings(SharedBySites, OfAge, Seeded):
    """How the chains that predict a label run."""

    chains: Positive = option(10, "Label chains for each sample, to average over.", panel=SAMPLING)


class PredictSettings(ChainSettings):
    """Options of `predict`."""

    sweeps: Steps | None = option(
        None,
        "Sweeps of the label chain; without it, exact probabilities (the answer after k steps of a chaotic network).",
        panel=SAMPLING,
    )


class ReconstructSettings(Shared, OfAge, Seeded):
    """Options of `reconstruct`."""

    steps: Steps | None = option(None, "Steps T / dt of both runs; by default those of the training.", panel=SAMPLING)
