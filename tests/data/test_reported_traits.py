"""Traits of files in public reports about other tools: docs/design_notes.md lists them."""

from __future__ import annotations

import numpy as np
import pytest

from shortrun.data import read


def put(path, text):
    path.write_bytes(text.encode())
    return path


def letters(data):
    return data.alphabet.decode_rows(data.values)


def test_empty_lines_marks_within_headers_and_equal_sequences(tmp_path):
    data = read(put(tmp_path / "x.fa", ">a <b> <c>\nACDEF\n\n>s2\nACD\nEG\n\n>s3\nACDEF\n  \n\n"))
    assert letters(data) == ["ACDEF", "ACDEG", "ACDEF"]
    assert data.names.tolist() == ["a <b> <c>", "s2", "s3"]


def test_stockholm_of_programs_in_blocks(tmp_path):
    block = "#=GS a/1-4 DE of something\n\na/1-4 ACDE\n#=GR a/1-4 PP 8888\nb ACDF\n#=GC RF xxxx\n\n"
    more = "a/1-4 GH\n#=GR a/1-4 PP 88\nb GH\n#=GC RF x.\n//\n"
    data = read(put(tmp_path / "x.sto", "# STOCKHOLM 1.0\n" + block + more))
    assert letters(data) == ["ACDEGH", "ACDFGH"]
    assert data.kind.alignment.annotation["RF"] == "xxxxx."


def test_a_note_of_velocity_zero_ends_one(tmp_path):
    mido = pytest.importorskip("mido")
    found = []
    for end in (mido.Message("note_on", note=60, velocity=0, time=480), mido.Message("note_off", note=60, time=480)):
        track = mido.MidiTrack([mido.Message("note_on", note=60, velocity=64, time=0), end])
        track += [mido.Message("note_on", note=64, velocity=64), mido.Message("note_off", note=64, time=2880)]
        mido.MidiFile(tracks=[track]).save(tmp_path / "x.mid")
        found.append(read(tmp_path / "x.mid", frames=2))
    assert np.array_equal(found[0].values, found[1].values)
    assert found[0].values[0].sum() == 2


def test_hidden_files_are_no_classes(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for cls in "ab":
        (tmp_path / cls).mkdir()
        image.fromarray(np.eye(4, dtype=np.uint8) * 255).save(tmp_path / cls / "x.png")
        (tmp_path / cls / ".DS_Store").write_bytes(b"x")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    data = read(tmp_path)
    assert data.classes == ("a", "b")
    assert len(data) == 2


def test_leading_zeros_of_names_stay(tmp_path):
    table = put(tmp_path / "t.csv", "id,label\n002,b\n001,a\n")
    data = read(put(tmp_path / "x.fa", ">001\nACD\n>002\nACE\n"), labels=table)
    assert [data.classes[code] for code in data.labels] == ["a", "b"]
    assert data.names.tolist() == ["001", "002"]


def test_bytes_in_hdf5_are_text(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = np.eye(3, dtype=np.uint8)
        file["y"] = np.array([b"a", b"b", b"a"])
    data = read(tmp_path / "x.h5")
    assert data.classes == ("a", "b")
