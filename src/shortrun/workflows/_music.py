"""Music longer than one sample: windows of which each goes on where the one before ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortrun.data import Dataset
from shortrun.data.core.kind import MusicKind
from shortrun.data.core.parts import joined
from shortrun.data.music.encoding import KEYS, TimeBin, is_music, tempo_of
from shortrun.errors import ConfigError
from shortrun.settings import GenerateSettings
from shortrun.store import Trajectory

BEATS = 4  # of a bar


def is_longer(settings: GenerateSettings) -> bool:
    """Return whether pieces of a given length are asked for.

    Raises
    ------
    ConfigError
        If lengths contradict each other, or an overlap is given without one.
    """
    if settings.bars is not None and settings.seconds is not None:
        raise ConfigError("bars", "give bars or seconds, not both")
    longer = settings.bars is not None or settings.seconds is not None
    if settings.overlap is not None and not longer:
        raise ConfigError("overlap", "is an option of longer pieces: give bars or seconds too")
    return longer


def first_bins(run: Trajectory, settings: GenerateSettings) -> list[int]:
    """Return the bins with which the windows of a piece begin, from 0; it is at least one window long.

    Raises
    ------
    ConfigError
        If the run is not of music, or windows cannot overlap so.
    """
    form = run.kind.music
    if form is None or not is_music(run.kind):
        learned = f"{run.called} was trained on {run.kind.words}"
        raise ConfigError("bars", f"bars and seconds are options of music, {learned}")
    overlap = form.frames // 2 if settings.overlap is None else settings.overlap
    if not 1 <= overlap < form.frames:
        reason = f"1 to {form.frames - 1} expected: less than a window of {form.frames} bins, got {overlap}"
        raise ConfigError("overlap", reason)
    last = max(0, bins_of(form, settings) - form.frames)
    return [*range(0, last, form.frames - overlap), last]


def bins_of(form: MusicKind, settings: GenerateSettings) -> int:
    """Return how many bins a piece has."""
    width = TimeBin.of(form.time_bin)
    if settings.bars is not None:
        return settings.bars * BEATS * width.per_beat
    assert settings.seconds is not None
    label = settings.labels if isinstance(settings.labels, str) else ""
    return round(settings.seconds * tempo_of(form, label) / 60 * width.per_beat)


def moved(window: Dataset, bins: int) -> Dataset:
    """Return windows that begin some bins later, silent where nothing is known yet."""
    values = np.zeros_like(window.values)
    values[:, : window.sites - bins * KEYS] = window.values[:, bins * KEYS :]
    return window.with_values(values)


def as_pieces(windows: Sequence[Dataset], starts: Sequence[int]) -> Dataset:
    """Return windows as those of pieces, PIECE@BIN, piece by piece."""
    if len(windows) == 1:
        return windows[0]
    pieces, count = windows[0].names, len(windows[0])
    data = joined(windows)
    names = np.concatenate([np.char.add(pieces, f"@{start}") for start in starts])
    data = Dataset(
        values=data.values,
        labels=data.labels,
        weights=data.weights,
        names=names,
        kind=data.kind,
        classes=data.classes,
        groups=np.tile(pieces, len(starts)),
    )
    return data.select(np.arange(len(data)).reshape(-1, count).T.ravel())
