"""Music: MIDI made by mido becomes the right bins, mido understands ours, pieces and windows come back as they were."""

import random
import re
import sys

import mido
import numpy as np
import pytest

from command_line import good
from command_line import refused as stopped
from shortrun.data import read, write
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import MusicKind
from shortrun.data.music.encoding import TimeBin, leak, put_together, windows
from shortrun.data.splits import split
from shortrun.errors import ConfigError, DataError, FormatError, MissingExtraError

TICKS = 96  # a beat


def midi(path, notes, *, tempo=120, channel=0, ticks=TICKS):
    """Write (start, end, key) in ticks with mido."""
    events = [(start, 1, key) for start, _, key in notes] + [(end, 0, key) for _, end, key in notes]
    track, now = mido.MidiTrack(), 0
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
    for at, on, key in sorted(events):
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, note=key, velocity=70 * on, time=at - now, channel=channel))
        now = at
    path.parent.mkdir(parents=True, exist_ok=True)
    mido.MidiFile(ticks_per_beat=ticks, tracks=[track]).save(path)


def heard(path):
    """Return the notes of a file as (start, end, key) in beats, with mido alone."""
    file, found = mido.MidiFile(path), []
    for track in file.tracks:
        now, held = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                held[message.note] = now
            elif message.type in ("note_off", "note_on"):
                start = held.pop(message.note)
                found.append((start / file.ticks_per_beat, now / file.ticks_per_beat, message.note))
        assert not held
    return sorted(found)


def tune(seed, count=60, low=40, high=70):
    """Return a random tune on a grid of a quarter of a beat, in which no note is repeated at once."""
    choice, now, notes = random.Random(seed), 0, []
    for i in range(count):
        length = choice.randint(1, 6)
        notes.append((now * 24, (now + length) * 24, choice.randrange(low + i % 2, high, 2)))
        now += choice.randint(length, length + 1)
    return notes


def held(row, frames=10):
    """Return which keys are held in each bin, as MIDI numbers."""
    return [(np.flatnonzero(part) + 21).tolist() for part in row.reshape(frames, 88)]


def refused(path, **options):
    with pytest.raises(FormatError) as error:
        read(path, **options)
    assert "\n" not in str(error.value)
    return error.value


# Reading


def test_bins_of_a_beat(tmp_path):
    notes = [(96, 192, 60), (118, 146, 64), (190, 193, 21), (144, 288, 108), (100, 101, 20), (96, 400, 109)]
    midi(tmp_path / "x.mid", notes)
    data = read(tmp_path / "x.mid", frames=4, time_bin="beat/2")
    # bins of 48 ticks from the first note on: 60 in 0-1; 64 from 118 to 146, nearest 2.46 -> 2 to 3.04 -> 3;
    # 21 from 3.96 -> 4, one bin; 108 in 1-3; keys that a piano has not are left out
    assert held(data.values[0], 4) == [[60, 64], [60, 108], [21, 108], [108]]
    assert data.values.shape == (1, 352)
    assert data.names.tolist() == ["x@0"]
    assert data.kind.music.frames == 4


def test_bins_of_seconds_follow_the_tempo(tmp_path):
    track = mido.MidiTrack()
    track.append(mido.Message("note_on", note=60, velocity=5, time=0))
    track.append(mido.Message("note_off", note=60, time=TICKS))  # 0.5 s at 120 beats a minute
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(60)))
    track.append(mido.Message("note_on", note=62, velocity=5, time=0))
    track.append(mido.Message("note_on", note=62, velocity=0, time=TICKS + 1))  # 1 s and a little
    mido.MidiFile(ticks_per_beat=TICKS, tracks=[track]).save(tmp_path / "x.mid")
    data = read(tmp_path / "x.mid", frames=8, time_bin="0.25s")
    assert held(data.values[0], 8) == [[60], [60], [62], [62], [62], [62], [62], []]
    assert data.kind.music.tempo[""] == pytest.approx(60 * 2.01 / 1.51, rel=1e-3)


def test_tracks_are_put_together_and_drums_left_out(tmp_path):
    file = mido.MidiFile(ticks_per_beat=TICKS)
    for channel, key in ((0, 60), (3, 64), (9, 40)):
        track = mido.MidiTrack()
        track.append(mido.Message("note_on", note=key, velocity=9, time=0, channel=channel))
        track.append(mido.Message("note_off", note=key, time=24, channel=channel))
        file.tracks.append(track)
    file.save(tmp_path / "x.MID")
    assert held(read(tmp_path / "x.MID", frames=1).values[0], 1) == [[60, 64]]


def test_composers_are_folders_and_pieces_stay_together(tmp_path):
    for composer, seeds in (("Bach", (1, 2)), ("Chopin", (3, 4, 5))):
        for seed in seeds:
            midi(tmp_path / "music" / composer / f"op{seed}.mid", tune(seed), tempo=60 + seed)
    midi(tmp_path / "music" / "op9.midi", tune(9))
    data = read(tmp_path / "music", time_bin="beat/4", stride=2)
    assert data.classes == ("Bach", "Chopin")
    pieces = [name.partition("@")[0] for name in data.names.tolist()]
    assert [*dict.fromkeys(pieces)] == ["op1", "op2", "op3", "op4", "op5", "op9"]
    assert data.names[1] == "op1@2"
    assert {p for p, code in zip(pieces, data.labels, strict=True) if code == 1} == {"op3", "op4", "op5"}
    assert data.groups[data.labels >= 0].tolist() == [
        p for p, code in zip(pieces, data.labels, strict=True) if code >= 0
    ]
    assert data.kind.music.tempo["Chopin"] == pytest.approx(64, abs=0.01)
    train, test = split(data.select(data.labelled), 0.4, seed=0)
    assert not {*train.groups} & {*test.groups}
    assert leak(data) is None


def test_the_only_piece_of_a_composer_is_cut_in_segments(tmp_path):
    for composer, seed in (("Bach", 1), ("Chopin", 2)):
        midi(tmp_path / "m" / composer / "x.mid", tune(seed, count=200))
    every = read(tmp_path / "m", group="window")
    assert every.groups is None
    assert re.search("overlapping windows", leak(every))
    data = read(tmp_path / "m")
    assert len(data) < len(every)
    train, test = split(data, 0.3, seed=1)
    bins = [
        {
            (piece, at + i)
            for piece, _, start in (name.partition("@") for name in part.names)
            for at in [int(start)]
            for i in range(10)
        }
        for part in (train, test)
    ]
    assert not bins[0] & bins[1]  # no bar is on both sides
    assert read(tmp_path / "m", group="piece").groups[0] == "Bach/x"
    with pytest.raises(ConfigError, match="did you mean 'piece'"):
        read(tmp_path / "m", group="peice")


def test_labels_files_name_pieces(tmp_path):
    for seed in range(4):
        midi(tmp_path / "m" / f"no {seed}.mid", tune(seed))
    (tmp_path / "y.csv").write_text("name,label\nno 0.mid,a\nno 1,a\nno 3.mid,b\n")
    data = read(tmp_path / "m", labels=tmp_path / "y.csv")
    found = {
        name.partition("@")[0]: ("?", *data.classes)[code + 1]
        for name, code in zip(data.names, data.labels, strict=True)
    }
    assert found == {"no 0": "a", "no 1": "a", "no 2": "?", "no 3": "b"}


def test_windows_cover_all_of_a_piece():
    roll = np.random.default_rng(0).integers(0, 2, (23, 88), dtype=np.uint8)
    for frames, stride, count in ((10, 1, 14), (10, 3, 6), (10, 10, 3), (30, 4, 1), (23, 1, 1), (1, 1, 23)):
        parts = windows(roll, frames, stride)
        assert parts.shape == (count, frames * 88)
        again = put_together(parts, [(i, i * stride) for i in range(count)], frames)
        assert (again[:23] == roll).all()
        assert not again[23:].any()


def test_overlaps_are_averaged():
    rows = np.zeros((3, 2 * 88), np.uint8)
    rows[0, 88:] = rows[1, :88] = rows[2, :88] = 1  # bin 1: both say held; bin 2: one of two
    rows[1, 88], rows[2, 1] = 1, 0
    roll = put_together(rows, [(0, 5), (1, 6), (2, 7)], 2)
    assert roll.shape == (4, 88)
    assert roll[1].all()
    assert roll[2, 0]
    assert not roll[2, 1]
    assert roll[2, 2:].all()  # held in one of two windows
    assert not roll[[0, 3]].any()


# Writing


@pytest.mark.parametrize("time_bin", ["beat/4", "beat/7", "beat", "beat/96", "0.05s", "0.033s", "1.5s"])
def test_what_is_written_is_read_back_and_mido_agrees(tmp_path, time_bin):
    width = TimeBin.of(time_bin)
    random = np.random.default_rng(1)
    rolls = (random.random((12, 10 * 88)) < 0.03).astype(np.uint8)
    rolls[3] = 0  # silence
    rolls[4, : 5 * 88] = 0  # that begins late
    form = MusicKind(10, time_bin, 1, {"a/b": 90.0})
    data = Dataset.from_arrays(rolls, ["a/b", "c", ""] * 4).with_kind(music=form)
    write(tmp_path / "out", data)
    again = read(tmp_path / "out")
    assert again.names.tolist() == data.names.tolist()
    assert (again.values == data.values).all()
    assert [("", *again.classes)[code + 1] for code in again.labels] == ["a_b", "c", ""] * 4
    assert again.groups is None
    file = mido.MidiFile(tmp_path / "out" / "a_b" / "0.mid")
    tempo = next(message.tempo for message in file.tracks[0] if message.type == "set_tempo")
    assert mido.tempo2bpm(tempo) == pytest.approx(width.tempo(90), rel=1e-4)
    assert [message.program for message in file.tracks[0] if message.type == "program_change"] == [0]
    roll = np.zeros((10, 88), np.uint8)
    for start, end, key in heard(tmp_path / "out" / "a_b" / "0.mid"):
        assert (start * width.per_beat) % 1 == pytest.approx(0, abs=1e-9)
        roll[round(start * width.per_beat) : round(end * width.per_beat), key - 21] = 1
    assert (roll.ravel() == rolls[0]).all()


def test_bins_in_a_row_are_one_note(tmp_path):
    roll = np.zeros((10, 88), np.uint8)
    roll[2:5, 39] = roll[6, 39] = roll[9, 0] = 1
    form = MusicKind(10, "beat/2", 1)
    write(tmp_path / "x.mid", Dataset.from_arrays(roll.reshape(1, -1)).with_kind(music=form))
    assert heard(tmp_path / "x.mid") == [(1.0, 2.5, 60), (3.0, 3.5, 60), (4.5, 5.0, 21)]


def test_pieces_are_put_together_again(tmp_path):
    for composer, seeds in (("Bach", (1, 2)), ("Chopin", (3, 4))):
        for seed in seeds:
            midi(tmp_path / "in" / composer / f"{seed}.mid", tune(seed), tempo=100)
    data = read(tmp_path / "in")
    write(tmp_path / "out", data)
    assert heard(tmp_path / "out" / "Bach" / "2.mid") == heard(tmp_path / "in" / "Bach" / "2.mid")
    again = read(tmp_path / "out")
    assert (again.hash, again.names.tolist()) == (data.hash, data.names.tolist())
    assert again.groups.tolist() == data.groups.tolist()
    write(tmp_path / "x.npz", data)
    kept = read(tmp_path / "x.npz")
    assert (kept.hash, kept.groups.tolist()) == (data.hash, data.groups.tolist())
    write(tmp_path / "again", kept)
    assert read(tmp_path / "again").hash == data.hash
    write(tmp_path / "one.mid", data.select(data.groups == "3"))
    assert heard(tmp_path / "one.mid") == heard(tmp_path / "in" / "Chopin" / "3.mid")
    with pytest.raises(DataError, match=r"one file holds one piece, these are 4: name a folder"):
        write(tmp_path / "four.mid", data)
    assert not (tmp_path / "four.mid").exists()


def test_the_same_data_make_the_same_file(tmp_path):
    midi(tmp_path / "x.mid", tune(1))
    for name in ("a.mid", "b.mid"):
        write(tmp_path / name, read(tmp_path / "x.mid"))
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_only_music_becomes_midi(tmp_path):
    for data in (Dataset.from_arrays([[0, 1]]), Dataset.from_arrays(np.zeros((1, 880), int))):
        with pytest.raises(DataError, match="time_bin"):
            write(tmp_path / "x.mid", data)
    assert [*tmp_path.iterdir()] == []


# Arrays


def test_arrays_are_music_if_the_user_says_so(tmp_path):
    roll = np.random.default_rng(2).integers(0, 2, (300, 88))
    parts = np.concatenate([windows(roll.astype(np.uint8), 10, 1)] * 2)
    start = np.tile(np.arange(291), 2)
    y = np.repeat([0, 1], 291)
    np.savez(tmp_path / "w.npz", x=parts, y=y, classes=["p", "q"], start_bin=start)
    assert read(tmp_path / "w.npz").kind.music is None
    data = read(tmp_path / "w.npz", time_bin="beat/16", keys={"start": "start_bin"})
    assert (len(data), data.groups, data.names[-1], data.classes) == (582, None, "q@290", ("p", "q"))
    assert re.search("--group segment", leak(data))
    cut = read(tmp_path / "w.npz", time_bin="beat/16", keys={"start": "start_bin"}, group="segment")
    assert {*cut.groups} == {"p#1", "p#2", "q#1", "q#2"}
    assert len(cut) == 582 - 2 * 9
    assert leak(cut) is None
    assert re.search("start=start_bin", str(refused(tmp_path / "w.npz", time_bin="beat", group="segment")))
    np.savez(tmp_path / "r.npz", x=np.tile(roll, (2, 1)), y=np.repeat([1, 0], 300), piece=np.repeat([3, 8], 300))
    rolls = read(tmp_path / "r.npz", frames=10, time_bin="beat/4", group="piece")
    assert (rolls.values == data.values).all()
    assert rolls.names[[0, -1]].tolist() == ["3@0", "8@290"]
    assert [rolls.classes[code] for code in rolls.labels[[0, -1]]] == ["1", "0"]
    np.savez(tmp_path / "x.npz", x=parts[:, :-1])
    assert "no such" not in str(refused(tmp_path / "x.npz", time_bin="beat"))
    assert "88 keys a time bin expected" in str(refused(tmp_path / "x.npz", time_bin="beat"))


def test_real_four_masters_become_midi(shared, tmp_path):
    file = shared / "four_masters" / "four_pieces_w10.npz"
    data = read(file, time_bin="beat/16", keys={"start": "start_bin"})
    assert dict(zip(data.classes, data.class_counts.tolist(), strict=True)) == {
        "Chopin": 3735,
        "Beethoven": 4407,
        "Mozart": 5095,
        "Bach": 4407,
    }
    write(tmp_path / "out", data)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.mid")) == [
        f"{name}.mid" for name in sorted(data.classes)
    ]
    again = read(tmp_path / "out", group="window")
    row = {name: i for i, name in enumerate(again.names.tolist())}
    assert (again.values[[row[name] for name in data.names.tolist()]] == data.values).all()
    assert len(again) == len(data)


# The command line


def test_from_a_folder_of_composers_to_new_pieces_by_one(tmp_path):
    for composer, seeds, low in (("Bach", (1, 2, 3), 30), ("Chopin", (4, 5), 70)):
        for seed in seeds:
            midi(tmp_path / "music" / composer / f"{seed}.mid", tune(seed, low=low, high=low + 20), tempo=100)
    run, out = tmp_path / "run", tmp_path / "new"
    words = ("--time-bin", "beat/2", "--frames", 8, "--hidden", 16, "--updates", 100, "--seed", 1)
    assert "704 sites" in good("train", tmp_path / "music", *words, "-o", run).out
    good("generate", run, "--label", "Chopin", "-n", 12, "-o", out)
    good("generate", run, "--label", "Chopin", "-n", 12, "-o", tmp_path / "new.npz")
    new, same = read(out), read(tmp_path / "new.npz")
    assert (new.values == same.values).all()
    assert new.names.tolist() == same.names.tolist() == [f"generated_{i}" for i in range(1, 13)]
    assert new.classes == ("Chopin",)
    assert new.kind.music.tempo["Chopin"] == pytest.approx(100, rel=0.01)
    notes = [note for path in out.rglob("*.mid") for note in heard(path)]
    assert notes
    assert 0.6 < good("predict", run, out, "--json").json["accuracy"] <= 1
    assert good("info", out, "--json").json["classes"] == {"Chopin": 12}
    good("generate", run, "-n", 1, "-o", tmp_path / "one.mid")
    assert len(mido.MidiFile(tmp_path / "one.mid").tracks) >= 1
    assert "not an empty folder" in stopped("generate", run, "-o", out)
    assert "name a folder" in stopped("generate", run, "-n", 2, "-o", tmp_path / "two.mid")
    assert "did you mean '.mid'" in stopped("generate", run, "-o", tmp_path / "two.md")
    assert "time-bin: beat/N" in stopped("train", tmp_path / "music", "--time-bin", "bar", "-o", tmp_path / "no")


def test_a_user_is_told_of_windows_that_leak(tmp_path):
    midi(tmp_path / "m" / "Bach" / "1.mid", tune(1, count=90))
    midi(tmp_path / "m" / "Chopin" / "2.mid", tune(2, count=90))
    result = good("train", tmp_path / "m", "--group", "window", "--updates", 2, "--hidden", 2, "-o", tmp_path / "run")
    assert "overlapping windows" in result.err
    assert "overlapping windows" in good("data", "info", tmp_path / "m", "--group", "window").out
    assert "overlapping windows" not in good("data", "info", tmp_path / "m").out


# Bad input


def sound(tmp_path):
    midi(tmp_path / "good.mid", tune(5, count=8))
    return (tmp_path / "good.mid").read_bytes()


BAD = {
    "empty": (lambda content: content[:0], "the file is empty"),
    "text": (lambda content: b"hello\r\n" * len(content), "is no MIDI file"),
    "wrong magic": (lambda content: b"MThx" + content[4:], "is no MIDI file"),
    "truncated": (lambda content: content[:-20], "truncated or damaged MIDI file"),
    "header only": (lambda content: content[:14], "holds no note of a piano|damaged"),
    "Windows line ends": (
        lambda content: content.replace(b"\x0a", b"\x0d\x0a").replace(b"MTrk", b"MTrk\r\n"),
        "damaged",
    ),
    "frames of film": (lambda content: content[:12] + b"\xe7\x28" + content[14:], "damaged"),
    "no ticks": (lambda content: content[:12] + b"\0\0" + content[14:], "damaged"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_refused_in_one_line(tmp_path, case):
    make, reason = BAD[case]
    content = make(sound(tmp_path))
    (tmp_path / "m" / "c").mkdir(parents=True)
    path = tmp_path / "m" / "c" / "x.mid"
    path.write_bytes(content)
    for place in (path, tmp_path / "m"):
        error = refused(place)
        assert error.path == path
        assert re.search(reason, error.reason), error.reason


def test_files_without_piano_and_endless_ones(tmp_path):
    midi(tmp_path / "drums.mid", tune(1), channel=9)
    assert "holds no note of a piano" in str(refused(tmp_path / "drums.mid"))
    midi(tmp_path / "long.mid", [(0, 2**27, 60)])
    assert re.search(
        r"lasts [\d,]+ bins of beat/8, at most 1,000,000", str(refused(tmp_path / "long.mid", time_bin="beat/8"))
    )
    midi(tmp_path / "late.mid", [(2**24, 2**24 + 9600, 60)], ticks=9600)
    assert "GiB" in str(refused(tmp_path / "late.mid", time_bin="beat", frames=500_000_000))


@pytest.mark.parametrize(
    "time_bin", ["", "beats", "beat/0", "beat/100", "4", "s", "0s", "11s", "-1s", "1e3s", "beat/4s"]
)
def test_wrong_bins_are_refused(tmp_path, time_bin):
    sound(tmp_path)
    with pytest.raises(ConfigError, match="time_bin: beat/N"):
        read(tmp_path / "good.mid", time_bin=time_bin or " ")
    for name in ("frames", "stride"):
        with pytest.raises(ConfigError, match=f"{name}: at least 1"):
            read(tmp_path / "good.mid", **{name: 0})


def test_folders_written_differently_need_a_choice(tmp_path):
    for frames in (10, 20):
        form = MusicKind(frames, "beat/4", 1)
        data = Dataset.from_arrays(np.eye(2, 88 * frames, dtype=int), names=[f"{frames}", "x"]).with_kind(music=form)
        (tmp_path / "m").mkdir(exist_ok=True)
        write(tmp_path / "m" / f"{frames}.mid", data.head(1))
    assert "frames" in str(refused(tmp_path / "m"))
    assert read(tmp_path / "m", frames=10).values.shape == (12, 880)


def test_without_symusic_there_is_a_hint(tmp_path, monkeypatch):
    sound(tmp_path)
    monkeypatch.setitem(sys.modules, "symusic", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortrun\[music\]'"):
        read(tmp_path / "good.mid")
