"""MIDI: folders of pieces by composer, read as windows of a piano roll, and written as notes of a piano."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import BufferedWriter
from pathlib import Path
from typing import Any

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, begins_with
from shortrun.data.core.kind import MusicKind
from shortrun.data.core.libraries import library
from shortrun.data.core.raw import read_bytes
from shortrun.data.core.request import Request
from shortrun.data.folders import Listing, Member, each_read, listing, places
from shortrun.data.music.encoding import FRAMES, KEYS, TEMPO, TIME_BIN, Piece, TimeBin, is_music, music, pieces_of
from shortrun.errors import DataError, FormatError
from shortrun.phrases import counted

SUFFIXES = (".mid", ".midi")

LOWEST = 21  # A0, the lowest key of a piano
LONGEST = 1_000_000  # bins: more are a mistake
TICKS = 480  # a beat, about
VELOCITY = 80
MARK = re.compile(r"shortrun: (?P<bins>[0-9]{1,6}) bins of (?P<time_bin>\S+), (?P<frames>[0-9]{1,6}) a sample")
TOUCH = 0.01  # share of a bin in seconds that a note may reach into without being heard there


def read(path: Path, options: Request) -> Dataset:
    """Read a folder FOLDER/COMPOSER/PIECE.mid, or one file, as windows of `options.frames` time bins of 88 keys.

    All tracks but drums are put together, but for those of a file of type 2, which are pieces of their own. Keys
    beyond a piano's 88, velocities, pedals and repeated notes of one key are not kept; silence before and after is cut
    off. With bins of a share of a beat, notes begin and end at the nearest bin, and last at least one; with bins of
    seconds, a key is held in every bin that its note reaches into.
    Pieces in no folder of a composer are unlabelled. Files that `write` made are read as they were written.

    Raises
    ------
    FormatError
        If a file is no MIDI file, is damaged, or holds no note of a piano.
    ConfigError
        If an option is wrong.
    MissingExtraError
        If symusic is not installed.
    """
    found, every = each_read(listing(path, SUFFIXES, options.part), sequences, options.skip_bad)
    scores = {member: score for of_file in every for member, score in of_file}
    marks = [mark_of(score) for score in scores.values()]
    time_bin = TimeBin.of(options.time_bin or common([*scores], marks, "time_bin") or TIME_BIN)
    frames = options.frames or int(common([*scores], marks, "frames") or FRAMES)
    notes = [*found.notes, *note_of_sequences(every)]
    made = partial(piece_of, scores, time_bin)
    found, pieces = each_read(Listing([*scores], tuple(notes)), made, options.skip_bad)
    lost = lost_of([scores[file] for file in found.files])
    return music(pieces, options, time_bin.text, frames).with_notes(*found.notes, *lost)


def sequences(file: Member) -> list[tuple[Member, Any]]:
    """Return what a file holds: a piece, or of type 2 each track with notes, as pieces NAME#1, NAME#2, ...

    Raises
    ------
    FormatError
        If it is no MIDI file, or is damaged.
    """
    content = read_bytes(file.path)
    if content[:4] != b"MThd" or content[8:10] != b"\0\2":
        return [(file, load(file.path, content))]
    head = content[:8] + b"\0\0\0\1" + content[12:14]
    scores = [load(file.path, head + track) for track in tracks_of(content)]
    scores = [score for score in scores if score.note_num()] or scores[:1]
    if len(scores) < 2:
        return [(file, load(file.path, content) if not scores else scores[0])]
    return [(replace(file, name=f"{file.name}#{i}"), score) for i, score in enumerate(scores, start=1)]


def tracks_of(content: bytes) -> Iterator[bytes]:
    """Yield the tracks of a MIDI file, each with its header of 8 bytes."""
    place = 8 + int.from_bytes(content[4:8], "big")
    while place + 8 <= len(content):
        end = place + 8 + int.from_bytes(content[place + 4 : place + 8], "big")
        if content[place : place + 4] == b"MTrk":
            yield content[place:end]
        place = end


def note_of_sequences(every: Sequence[Sequence[tuple[Member, Any]]]) -> list[str]:
    """Return the line on files of several pieces, if there are any."""
    several = [len(of_file) for of_file in every if len(of_file) > 1]
    return [f"{counted(len(several), 'MIDI file')} of type 2 read as {sum(several):,} pieces"] if several else []


def lost_of(scores: Sequence[Any]) -> list[str]:
    """Return what is left out of scores, a line each."""
    drums = [sum(len(track.notes) for track in score.tracks if track.is_drum) for score in scores]
    beyond = [score.note_num() - drum - len(notes_of(score)[0]) for score, drum in zip(scores, drums, strict=True)]
    lines = (("of drums", drums), ("beyond the 88 keys of a piano", beyond))
    return [
        f"left out {counted(sum(counts), 'note')} {what} in {sum(map(bool, counts)):,} of {len(scores):,} pieces"
        for what, counts in lines
        if sum(counts)
    ]


def load(path: Path, content: bytes) -> Any:
    """Return what symusic finds in the content of a file.

    Raises
    ------
    FormatError
        If it finds no music.
    """
    symusic = library("symusic", "symusic", "music")
    try:
        return symusic.Score.from_midi(content)
    except (RuntimeError, ValueError, IndexError, MemoryError) as error:
        reason = (str(error).splitlines() or [""])[0].removeprefix("MiniMidi: ")[:100]
        known = content.startswith(b"MThd")
        what = f"is a truncated or damaged MIDI file ({reason})" if known else "is no MIDI file"
        raise FormatError(path, None, what) from None


def mark_of(score: Any) -> Mapping[str, str]:
    """Return how a file that `write` made was made: its bins, their width, and how many a sample; {} for others."""
    found = [MARK.fullmatch(marker.text) for marker in score.markers]
    return next((match.groupdict() for match in found if match), {})


def common(files: Sequence[Member], marks: Sequence[Mapping[str, str]], key: str) -> str | None:
    """Return what the marks of all files say, None where files have none.

    Raises
    ------
    FormatError
        If they disagree.
    """
    first = marks[0].get(key)
    other = next((i for i, mark in enumerate(marks) if mark.get(key) != first), None)
    if other is None or not all(marks):
        return first if other is None else None
    option = key.replace("_", "-")
    reason = f"was written with {marks[other][key]} and {files[0].path} with {first}: choose with --{option}"
    raise FormatError(files[other].path, None, reason)


def piece_of(scores: Mapping[Member, Any], time_bin: TimeBin, file: Member) -> Piece:
    """Return the piece of a file, of these scores, cut to what a mark says, otherwise from its first note to its last.

    Raises
    ------
    FormatError
        If there is no note of a piano, or it is too long.
    """
    score = scores[file]
    mark = mark_of(score)
    mark = mark if mark.get("time_bin") == time_bin.text else {}
    start, end, keys = notes_of(score)
    if not len(keys) and not mark:
        raise FormatError(file.path, None, "holds no note of a piano")
    if score.ticks_per_quarter < 1:
        raise FormatError(file.path, None, "is a damaged MIDI file (no ticks a beat)")
    seconds = clock(score)
    first, last = bins_of(start, end, time_bin, score.ticks_per_quarter, seconds)
    begin, length = (0, int(mark["bins"])) if mark else (int(np.min(first)), int(np.max(last)))
    if length > LONGEST:
        reason = f"lasts {length:,} bins of {time_bin.text}, at most {LONGEST:,} are read"
        raise FormatError(file.path, None, reason)
    roll = roll_of(first, last, keys, length)[begin:]
    tempo = 60 * np.max(end) / score.ticks_per_quarter / np.max(seconds(end)) if len(end) else TEMPO
    whole = bool(mark) and mark["bins"] == mark["frames"]
    return Piece(file.name, file.label, roll, float(tempo), whole)


def notes_of(score: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return when notes begin and end, in ticks, and their keys, from 0."""
    parts = [track.notes.numpy() for track in score.tracks if not track.is_drum]
    none = np.empty(0, np.int64)
    start, duration, pitch = (
        np.concatenate([none, *(part[name] for part in parts)]) for name in ("time", "duration", "pitch")
    )
    key = pitch - LOWEST
    heard = (key >= 0) & (key < KEYS) & (start >= 0)
    return start[heard], (start + duration.clip(1))[heard], key[heard]


def clock(score: Any) -> Any:
    """Return the function from ticks to seconds that the tempo changes of a score make."""
    tempos = score.tempos.numpy()
    order = np.argsort(tempos["time"], kind="stable")
    ticks = np.concatenate([[0], tempos["time"][order]]).astype(float)
    lasting = np.concatenate([[60e6 / TEMPO], tempos["mspq"][order]]).clip(1) / 1e6 / score.ticks_per_quarter
    at = np.concatenate([[0.0], np.cumsum(np.diff(ticks) * lasting[:-1])])

    def seconds(moment: np.ndarray) -> np.ndarray:
        since = np.searchsorted(ticks, moment, side="right") - 1
        return at[since] + (moment - ticks[since]) * lasting[since]

    return seconds


def bins_of(
    start: np.ndarray, end: np.ndarray, time_bin: TimeBin, ticks: int, seconds: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first bin of each note, and the one after its last."""
    if time_bin.seconds is None:
        first = np.floor(start * time_bin.per_beat / ticks + 0.5)
        last = np.floor(end * time_bin.per_beat / ticks + 0.5)
    else:
        first = np.floor(seconds(start) / time_bin.seconds + TOUCH)
        last = np.ceil(seconds(end) / time_bin.seconds - TOUCH)
    return first.astype(np.int64), np.maximum(last, first + 1).astype(np.int64)


def roll_of(first: np.ndarray, last: np.ndarray, keys: np.ndarray, length: int) -> np.ndarray:
    """Return the (T, 88) roll of notes; what lies beyond is cut off."""
    change = np.zeros((length + 1, KEYS), np.int32)
    np.add.at(change, (first.clip(max=length), keys), 1)
    np.add.at(change, (last.clip(max=length), keys), -1)
    return (np.cumsum(change[:-1], axis=0) > 0).astype(np.uint8)


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write one sample, or the windows of one piece put together, as notes of a piano.

    Bins in which a key is held become one note. The tempo is that of the class in the training data.

    Raises
    ------
    DataError
        If there are several pieces, or the samples are no music.
    """
    pieces = pieces_of(dataset)
    if len(pieces) > 1:
        raise DataError(f"one file holds one piece, these are {len(pieces)}: name a folder, without an ending")
    file.write(score_of(pieces[0], form_of(dataset)))


def write_folder(folder: Path, dataset: Dataset) -> None:
    """Write FOLDER/CLASS/NAME.mid for each sample, or for each piece that samples are windows of.

    Raises
    ------
    DataError
        If the samples are no music.
    """
    pieces = pieces_of(dataset)
    files = places(folder, (piece.name for piece in pieces), (piece.label for piece in pieces), ".mid")
    for file, piece in zip(files, pieces, strict=True):
        file.write_bytes(score_of(piece, form_of(dataset)))


def form_of(dataset: Dataset) -> MusicKind:
    """Return how samples are music."""
    assert dataset.kind.music is not None
    return dataset.kind.music


def score_of(piece: Piece, form: MusicKind) -> bytes:
    """Return a piece as the content of a MIDI file.

    Raises
    ------
    MissingExtraError
        If symusic is not installed.
    """
    symusic, per_beat = library("symusic", "symusic", "music"), TimeBin.of(form.time_bin).per_beat
    ticks = max(1, TICKS // per_beat)
    score, track = symusic.Score(ticks * per_beat), symusic.Track(name="Piano", program=0, is_drum=False)
    mark = f"shortrun: {len(piece.roll)} bins of {form.time_bin}, {form.frames} a sample"
    score.markers.append(symusic.TextMeta(0, mark))
    score.tempos.append(symusic.Tempo(0, qpm=piece.tempo))
    for first, last, key in notes(piece.roll):
        track.notes.append(symusic.Note(first * ticks, (last - first) * ticks, key + LOWEST, VELOCITY))
    score.tracks.append(track)
    return score.dumps_midi()


def notes(roll: np.ndarray) -> list[list[int]]:
    """Return [first bin, bin after the last, key] of each note, in order of time."""
    edges = np.diff(roll.astype(np.int8), axis=0, prepend=0, append=0)
    keys, first = np.nonzero(edges.T == 1)
    last = np.nonzero(edges.T == -1)[1]
    order = np.lexsort((keys, first))
    return np.stack([first, last, keys], axis=1)[order].tolist()


FORMAT = Format(
    suffixes=SUFFIXES,
    begins=begins_with(b"MThd"),
    read=read,
    write=write,
    write_folder=write_folder,
    fits=is_music,
    uses=("frames", "time_bin", "stride", "group", "part", "skip_bad"),
)
