"""Music as samples: which of the 88 keys of a piano are held in each of a few time bins, side by side.

A piece is a roll, (T, 88): 1 where a key is held. Its samples are windows of it, `frames` bins each, flattened bin by
bin; a sample of a piece is called PIECE@BIN, after the bin it begins with. Windows overlap where they begin less than
`frames` bins apart: split by chance, both sides hold the same bars. They are therefore grouped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shortrun.data.core.alphabet import BINARY
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import Kind, MusicKind
from shortrun.data.core.request import Request, choose
from shortrun.errors import ConfigError, DataError

KEYS = 88
FRAMES, TIME_BIN, STRIDE = 10, "beat/4", 1
GROUPS = ("piece", "segment", "window")
LARGE = 2**35  # bytes of samples: more are a mistake
SEGMENT = 20  # length of a segment, in windows' lengths
TEMPO = 120.0  # beats a minute, where nothing is said


@dataclass(frozen=True)
class TimeBin:
    """A time bin: an equal part of a beat, which is a quarter note, or some seconds.

    Parameters
    ----------
    text : str
        As the user writes it.
    per_beat : int
        Bins a beat when written.
    seconds : float, optional
        The width in seconds; None where it goes with the beat.
    """

    text: str
    per_beat: int
    seconds: float | None = None

    @classmethod
    def of(cls, text: str) -> TimeBin:
        """Return the bin that a text such as "beat", "beat/4" or "0.05s" describes.

        Raises
        ------
        ConfigError
            If it describes none.
        """
        metrical = re.fullmatch(r"beat(?:/([1-9][0-9]?))?", text)
        if metrical:
            return cls(text, int(metrical[1] or 1))
        absolute = re.fullmatch(r"([0-9]*\.?[0-9]+)s", text)
        if absolute and 0.001 <= (seconds := float(absolute[1])) <= 10:
            return cls(text, max(1, round(0.5 / seconds)), seconds)
        expected = "beat/N with N up to 99, or 0.001s to 10s"
        raise ConfigError("time_bin", f"{expected} expected, got '{text}'")

    def tempo(self, usual: float) -> float:
        """Return the beats a minute at which bins last as long as they should."""
        return usual if self.seconds is None else 60 / (self.per_beat * self.seconds)


@dataclass(frozen=True)
class Piece:
    """A piece of music.

    Parameters
    ----------
    name, label : str
        Its name and its class, "" for none.
    roll : ndarray
        (T, 88) uint8, 1 where a key is held.
    tempo : float, default TEMPO
        Beats a minute, on average.
    whole : bool, default False
        It is one sample, not to be cut.
    """

    name: str
    label: str
    roll: np.ndarray
    tempo: float = TEMPO
    whole: bool = False


def windows(roll: np.ndarray, frames: int, stride: int) -> np.ndarray:
    """Return the (N, frames * 88) windows of a roll; silence is added to its end so that they cover all of it."""
    count = max(0, -(-(len(roll) - frames) // stride)) + 1
    padded = np.zeros((frames + (count - 1) * stride, KEYS), np.uint8)
    padded[: len(roll)] = roll
    views = np.lib.stride_tricks.sliding_window_view(padded, frames, axis=0)[::stride]
    return views.transpose(0, 2, 1).reshape(count, frames * KEYS)


def music(pieces: Sequence[Piece], options: Request, time_bin: str, frames: int) -> Dataset:
    """Return the windows of pieces as samples, grouped as `options.group` says (see `grouped`).

    Raises
    ------
    DataError
        If they are more than 32 GiB.
    """
    stride = options.stride or STRIDE
    size = sum(max(1, len(piece.roll) // stride) * frames * KEYS for piece in pieces)
    if size > LARGE:
        raise DataError(f"samples of {frames} bins need {size / 2**30:.0f} GiB: choose wider bins or a larger --stride")
    parts = [windows(piece.roll, frames, stride) for piece in pieces]
    counts = [len(part) for part in parts]
    start = np.concatenate([np.arange(count) * stride for count in counts])
    titles = np.repeat([piece.name for piece in pieces], counts)
    whole = np.repeat([piece.whole and count == 1 for piece, count in zip(pieces, counts, strict=True)], counts)
    data = Dataset.from_arrays(
        np.concatenate(parts),
        np.repeat(np.array([piece.label for piece in pieces], dtype=object), counts),
        names=np.where(whole, titles, window_names(titles, start)),
        alphabet=BINARY,
    )
    tempo = {name: average_tempo(pieces, name) for name in data.classes} | {"": average_tempo(pieces, None)}
    data = data.with_kind(suffix=".mid", music=MusicKind(frames, time_bin, stride, tempo))
    return grouped(data, titles, start, frames, options.group)


def average_tempo(pieces: Sequence[Piece], label: str | None) -> float:
    """Return the beats a minute of the pieces of a class, or of all, on average."""
    tempos = [piece.tempo for piece in pieces if label is None or piece.label == label]
    return round(float(np.mean(tempos or [TEMPO])), 3)


def window_names(titles: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the names of windows of pieces, PIECE@BIN."""
    return np.char.add(np.char.add(titles.astype(str), "@"), start.astype(str))


def grouped(data: Dataset, titles: np.ndarray, start: np.ndarray, frames: int, how: str | None) -> Dataset:
    """Return windows with groups that keep overlapping ones on one side of a split.

    Parameters
    ----------
    data : Dataset
        N windows.
    titles : ndarray
        (N,) the piece of each.
    start : ndarray
        (N,) the bin it begins with.
    frames : int
        Its length.
    how : str or None
        "piece": the windows of a piece are a group. "segment": those of a contiguous segment of 20 times the length of
        a window; windows that cross the border of two are left out. "window": no groups, for other uses than a split.
        None: by piece, by segment where it is the only piece of its class.

    Raises
    ------
    ConfigError
        If `how` is none of these.
    """
    choose("group", how, (None, *GROUPS))
    if how == "window" or len(set(titles.tolist())) == len(data):
        return data
    cut = np.full(len(data), how == "segment") if how else alone(titles, data.labels)
    length = SEGMENT * frames
    segments = np.char.add(np.char.add(titles.astype(str), "#"), (start // length + 1).astype(str))
    inside = ~cut | (start % length <= length - frames)
    across = int((~inside).sum())
    notes = [f"left out {across:,} of {len(data):,} windows across borders of segments (--group)"] if across else []
    return data.with_groups(np.where(cut, segments, titles)).select(inside).with_notes(*notes)


def alone(titles: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return (N,) bool: which windows are of the only piece of their class."""
    pairs = set(zip(titles.tolist(), labels.tolist(), strict=True))
    count = {code: sum(pair[1] == code for pair in pairs) for code in set(labels.tolist())}
    return np.array([count[code] == 1 for code in labels.tolist()])


def leak(data: Dataset) -> str | None:
    """Return what to tell a user whose samples overlap and may come apart in a split, None if there is nothing."""
    form = data.kind.music
    if form is None or data.groups is not None or form.frames == 1:
        return None
    some = np.asarray(data.values[:2000])
    shifted = (some[:-1, KEYS:] == some[1:, :-KEYS]).all(axis=1)
    if not shifted.size or shifted.mean() < 0.5:
        return None
    return (
        "samples are overlapping windows: a split by chance has the same bars on both sides; --group segment avoids it"
    )


def from_arrays(data: Dataset, start: np.ndarray | None, options: Request) -> Dataset:
    """Return arrays as music: rows of 88 keys become windows, rows of several bins are windows already.

    Parameters
    ----------
    data : Dataset
        N rows of 88 keys a bin; rows of one bin are in order of time, those of one group (else class) a piece.
    start : ndarray or None
        (N,) bin of its piece (a group, else a class) with which each row of several bins begins, if known.
    options : Request
        `frames`, `time_bin`, `stride` and `group`.

    Raises
    ------
    DataError
        If the rows are no such thing.
    """
    frames, rest = divmod(data.sites, KEYS)
    if rest or data.alphabet != BINARY:
        raise DataError(f"{KEYS} keys a time bin expected, 0 or 1, got {data.sites} sites")
    time_bin = TimeBin.of(options.time_bin or TIME_BIN).text
    if frames == 1 and options.frames != 1:
        return music(list(pieces_of_rows(data)), options, time_bin, options.frames or FRAMES)
    data = data.with_kind(music=MusicKind(frames, time_bin, options.stride or STRIDE))
    if start is None:
        if options.group in ("piece", "segment") and data.groups is None:
            raise DataError("which bin does each window begin with? name the array, as --key start=start_bin")
        return data
    titles = titles_of(data)
    data = replace(data, names=window_names(titles, start), weights=np.ones(len(data), np.float32))
    return grouped(data, titles, start, frames, options.group if options.group in GROUPS else "window")


def titles_of(data: Dataset) -> np.ndarray:
    """Return the piece of each row: its group, else its class."""
    if data.groups is not None:
        return data.groups
    return np.array([*data.classes, "unknown"])[data.labels]  # the code -1 picks the last


def pieces_of_rows(data: Dataset) -> Iterator[Piece]:
    """Yield the pieces that rows of one bin make: runs of rows of one group and class."""
    titles, labels = titles_of(data), np.array([*data.classes, ""])[data.labels]
    borders = np.flatnonzero((titles[1:] != titles[:-1]) | (labels[1:] != labels[:-1])) + 1
    for rows in np.split(np.arange(len(data)), borders):
        yield Piece(str(titles[rows[0]]), str(labels[rows[0]]), data.values[rows])


def is_music(kind: Kind) -> bool:
    """Return whether samples are music: 0 and 1, for each key and bin."""
    return kind.music is not None and kind.codes == BINARY


def pieces_of(data: Dataset) -> list[Piece]:
    """Return samples as pieces: windows of a piece, PIECE@BIN, put together, any other sample as a piece of its own.

    Where windows overlap, a key is held if it is in at least half of them; between windows that do not meet is silence.
    A piece begins with its first window.

    Raises
    ------
    DataError
        If the samples are no music.
    """
    form = data.kind.music
    if form is None or data.alphabet != BINARY:
        raise DataError("music expected: say how wide the time bins are when reading, as --time-bin beat/4")
    classes = [*data.classes, ""]  # the code -1 picks the last
    rows: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for row, (name, code) in enumerate(zip(data.names.tolist(), data.labels.tolist(), strict=True)):
        found = re.fullmatch(r"(?s)(.+)@([0-9]{1,9})", name)
        title, start = (found[1], int(found[2])) if found else (name, 0)
        rows.setdefault((title, code), []).append((row, start) if found else (row, 0))
    return [
        Piece(title, classes[code], put_together(data.values, placed, form.frames), tempo_of(form, classes[code]))
        for (title, code), placed in rows.items()
    ]


def put_together(values: np.ndarray, placed: Sequence[tuple[int, int]], frames: int) -> np.ndarray:
    """Return the (T, 88) roll of windows, given as (row, first bin)."""
    first = min(start for _, start in placed)
    length = max(start for _, start in placed) - first + frames
    held, count = np.zeros((length, KEYS), np.int32), np.zeros((length, 1), np.int32)
    for row, start in placed:
        bins = slice(start - first, start - first + frames)
        held[bins] += values[row].reshape(frames, KEYS)
        count[bins] += 1
    return (2 * held >= np.maximum(count, 1)).astype(np.uint8)


def tempo_of(form: MusicKind, label: str) -> float:
    """Return the beats a minute for samples of a class."""
    return TimeBin.of(form.time_bin).tempo(form.tempo.get(label) or form.tempo.get("") or TEMPO)
