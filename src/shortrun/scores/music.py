"""Music: how many keys are down, how often keys are struck, and which pitch classes sound."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.data.core.blocks import scan
from shortrun.data.music.encoding import KEYS, is_music
from shortrun.scores._base import UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._families import Domain, SampleScores
from shortrun.scores._numbers import ratio, spread

TONES = 12
LOWEST = 9  # semitones from a C up to the first key, an A


def is_piano_rolls(data: Dataset) -> bool:
    """Return whether samples are windows of piano rolls."""
    return is_music(data.kind) and data.sites % KEYS == 0


MUSIC = Domain("music (MIDI, or --time-bin says that arrays are)", is_piano_rolls)


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the scores of music of equally many samples."""
    return {
        "note-density": ratio(*map(density, pair.equal)),
        "onset-rate": ratio(*map(onsets, pair.equal)),
        "pitch-classes": tones_apart(*map(tones, pair.equal)),
    }


def rolls(values: np.ndarray) -> np.ndarray:
    """Return samples as (N, T, 88) rolls."""
    return values.reshape(len(values), -1, KEYS)


def density(data: Dataset) -> Float64[np.ndarray, " N"]:
    """Return the mean number of keys that are down in a time bin."""
    return np.concatenate([rolls(part).sum((1, 2)) for _, part in scan(data.values)]) * (KEYS / data.sites)


def onsets(data: Dataset) -> Float64[np.ndarray, " N"]:
    """Return the mean number of keys that go down from one time bin to the next; 0 for a single bin.

    A long note counts once, a flickering one many times.
    """
    steps = max(data.sites // KEYS - 1, 1)
    return np.concatenate([struck(rolls(part)).sum((1, 2)) for _, part in scan(data.values)]) / steps


def struck(roll: np.ndarray) -> np.ndarray:
    """Return which keys are down that were up in the bin before."""
    return roll[:, 1:] > roll[:, :-1]


def tones(data: Dataset) -> Float64[np.ndarray, "N 12"]:
    """Return in how many bins each pitch class C, C#, ..., B sounds, in any octave, key by key."""
    tone = np.eye(TONES)[(np.arange(KEYS) + LOWEST) % TONES]
    return np.concatenate([rolls(part).sum(1, dtype=float) @ tone for _, part in scan(data.values)])


def tones_apart(real: Float64[np.ndarray, "_ 12"], generated: Float64[np.ndarray, "_ 12"]) -> Estimate:
    """Return half the sum over the pitch classes of |share of generated - share of real|; undefined for silence."""
    totals = [side.sum() for side in (real, generated)]
    if not min(totals) > 0:
        return UNDEFINED
    x, y = (side.sum(0) / total for side, total in zip((real, generated), totals, strict=True))
    sign = np.sign(y - x) / 2
    moves = (
        (side @ sign - side.sum(1) * (shares @ sign)) / side.sum(1).mean()
        for side, shares in ((real, x), (generated, y))
    )
    return Estimate(float(np.abs(y - x).sum()) / 2, partial(spread, *moves))


SCORES = SampleScores(
    quantities=(
        Quantity(
            "note-density",
            ideal=1.0,
            direction="none",
            group="domain",
            meaning="Near 1: as many keys are down as in the data; below: thin; above: crowded.",
        ),
        Quantity(
            "onset-rate",
            ideal=1.0,
            direction="none",
            group="domain",
            meaning="Near 1: keys are struck as often as in the data; above: notes flicker; below: they last too long.",
        ),
        Quantity(
            "pitch-classes",
            ideal=0.0,
            direction="lower",
            group="domain",
            chance=1.0,
            meaning="0: the pitch classes are as frequent as in the data; 1: none is shared.",
        ),
    ),
    measure=measure,
    domain=MUSIC,
)
