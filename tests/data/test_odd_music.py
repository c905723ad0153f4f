"""Odd files of music: type 2, drums, keys beyond a piano, bad files; pieces of any length, classes of templates."""

from __future__ import annotations

import mido
import numpy as np
import pytest

from command_line import good
from command_line import refused as stopped
from shortrun import generate
from shortrun.data import read
from shortrun.data.music.encoding import KEYS
from shortrun.errors import ConfigError

TICKS = 96


def track(*keys, channel=0, length=24):
    """Return a track of keys one after the other."""
    found = mido.MidiTrack()
    for key in keys:
        found.append(mido.Message("note_on", note=key, velocity=64, channel=channel))
        found.append(mido.Message("note_off", note=key, time=length, channel=channel))
    return found


def midi(path, *tracks, kind=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    mido.MidiFile(type=kind, ticks_per_beat=TICKS, tracks=list(tracks)).save(path)


def keys_of(row):
    return [(np.flatnonzero(part) + 21).tolist() for part in row.reshape(-1, KEYS)]


def test_sequences_of_type_2_are_pieces(tmp_path):
    midi(tmp_path / "m" / "Bach" / "x.mid", track(60, 62), mido.MidiTrack(), track(72, 74), kind=2)
    midi(tmp_path / "m" / "Bach" / "y.mid", track(50, 52), track(40, 41))
    data = read(tmp_path / "m", frames=2, group="window")
    assert dict(zip(data.names.tolist(), map(keys_of, data.values), strict=True)) == {
        "x#1@0": [[60], [62]],
        "x#2@0": [[72], [74]],
        "y@0": [[40, 50], [41, 52]],
    }
    assert data.notes == ("1 MIDI file of type 2 read as 2 pieces",)
    midi(tmp_path / "one.mid", track(60, 62), kind=2)
    assert read(tmp_path / "one.mid", frames=2).names.tolist() == ["one@0"]


def test_what_is_left_out_of_music_is_counted(tmp_path):
    for name in ("1", "2"):
        midi(tmp_path / "m" / "Bach" / f"{name}.mid", track(60, 19, 109, 62), track(40, 41, channel=9))
    (tmp_path / "m" / "Bach" / "cover.jpg").touch()
    (tmp_path / "m" / "Haydn").mkdir()
    told = good("data", "info", tmp_path / "m").out
    assert "note: left out 1 file of other kinds: 1 of .jpg\n" in told
    assert "note: 'Haydn', without files of .mid, .midi, makes no class\n" in told
    assert "note: left out 4 notes of drums in 2 of 2 pieces\n" in told
    assert "note: left out 4 notes beyond the 88 keys of a piano in 2 of 2 pieces\n" in told


def test_bad_music_is_left_out_and_counted(tmp_path):
    midi(tmp_path / "m" / "Bach" / "1.mid", track(60, 62))
    midi(tmp_path / "m" / "Bach" / "2.mid", track(40, 41, channel=9))
    (tmp_path / "m" / "Mozart").mkdir()
    (tmp_path / "m" / "Mozart" / "3.mid").write_bytes(b"MThd nothing")
    assert "3.mid: is a truncated or damaged MIDI file" in stopped("data", "info", tmp_path / "m")
    assert "--skip-bad leaves it out" in stopped("data", "info", tmp_path / "m")
    data = read(tmp_path / "m", skip_bad=True)
    assert data.classes == ("Bach",)
    assert data.notes[0].startswith("left out 1 of 3 files which cannot be read: 3.mid is a truncated")
    assert data.notes[1] == "no file is left of 'Mozart'"
    assert data.notes[2] == "left out 1 of 2 files which cannot be read: 2.mid holds no note of a piano"


def test_windows_across_segments_are_counted(tmp_path):
    midi(tmp_path / "x.mid", track(*[60, 62] * 60))
    data = read(tmp_path / "x.mid", frames=4, group="segment")
    assert data.notes == ("left out 3 of 117 windows across borders of segments (--group)",)


@pytest.fixture(scope="module")
def composers(tmp_path_factory):
    """Return a folder of music by two composers, and a run trained on it."""
    place = tmp_path_factory.mktemp("composers")
    for composer, low in (("Bach", 40), ("Chopin", 70)):
        for i in range(3):
            midi(place / "music" / composer / f"{composer}{i}.mid", track(*range(low + i, low + i + 24)))
    words = ("--frames", 4, "--hidden", 8, "--updates", 20)
    good("train", place / "music", *words, "-o", place / "run")
    return place


def test_a_template_says_the_class(composers, tmp_path):
    run = composers / "run"
    for template in (composers / "music" / "Bach" / "Bach1.mid", composers / "music" / "Chopin"):
        words = ("--template", template, "--keep", "1-88", "-n", 5, "--json")
        classes = good("generate", run, *words, "-o", tmp_path / f"{template.stem}.npz").json["classes"]
        assert classes == {"Bach": 0, "Chopin": 0} | {("Bach" if "Bach" in template.stem else "Chopin"): 5}
    data = read(composers / "music", like=None, frames=4)
    made = generate(run, template=data.select([0, -1]), keep=(1,), n=4)
    assert [made.classes[code] for code in made.labels] == ["Bach", "Chopin"] * 2
    assert generate(run, template=data, keep=(1,), n=4, labels="Chopin").class_counts.tolist() == [0, 4]


def test_pieces_of_any_length(composers, tmp_path):
    run = composers / "run"
    made = generate(run, n=3, labels="Bach", bars=2, seed=1)
    assert made.names.tolist()[:3] == ["generated_1@0", "generated_1@2", "generated_1@4"]
    assert len(made) == 3 * 15
    assert made.groups[15] == "generated_2"
    rolls = made.values.reshape(3, 15, 4, KEYS)
    assert (rolls[:, 1:, :2] == rolls[:, :-1, 2:]).all()  # windows agree where they overlap
    assert (generate(run, n=2, labels="Bach", bars=2, seed=1).values == made.values[:30]).all()
    out = good("generate", run, "--label", "Bach", "-n", 2, "--bars", 2, "--overlap", 3, "-o", tmp_path / "new")
    assert "2 pieces after" in out.out
    again = read(tmp_path / "new", like=read(composers / "music", frames=4))
    assert len(again) == 2 * 29
    assert mido.MidiFile(tmp_path / "new" / "Bach" / "generated_1.mid").ticks_per_beat > 0
    good("generate", run, "-n", 1, "--seconds", 3, "-o", tmp_path / "one.mid")
    assert len(read(tmp_path / "one.mid", frames=1, group="window")) == 24  # at 120 beats a minute


def test_lengths_that_make_no_sense(composers, tmp_path):
    run = composers / "run"
    for options, reason in (
        ({"bars": 2, "seconds": 3}, "not both"),
        ({"overlap": 2}, "give bars or seconds too"),
        ({"bars": 2, "overlap": 4}, "1 to 3 expected"),
    ):
        with pytest.raises(ConfigError, match=reason):
            generate(run, n=1, **options)
    assert "not for pieces" in stopped("generate", run, "--bars", 1, "--record", "1,2", "-o", tmp_path / "x")
    assert not (tmp_path / "x").exists()
