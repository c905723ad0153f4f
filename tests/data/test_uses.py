"""Every option of reading, for every format: one of which a format makes no use is refused, not passed over."""

from typing import Any

import numpy as np
import pytest

import shortrun as sr
from shortrun.data.core.format import EVERYWHERE, Format
from shortrun.data.core.request import Request
from shortrun.data.formats import by_name
from shortrun.data.readers import again
from shortrun.data.uses import check_format
from shortrun.errors import ConfigError, DataError, FormatError
from shortrun.settings import Reading, options

VALUES = {"unknown": "gap", "inserts": "keep", "part": "test", "missing": "major", "multiallelic": "split"} | {
    "decimal": ",",
    "keys": {"x": "a"},
    "bins": 3,
    "frames": 3,
    "stride": 3,
    "thin": 3,
    "threshold": 0.25,
    "maf": 0.25,
    "skip_bad": True,
    "grey": True,
}
CASES = [each.keyword for each in options(Reading) if each.keyword not in EVERYWHERE]


@pytest.mark.parametrize("name", by_name())
def test_a_format_takes_the_options_that_it_declares_and_refuses_others(name):
    form = by_name()[name]
    for option in CASES:
        asked = Request.made(Reading.of(**{option: VALUES.get(option, "x")}))
        if option in form.uses or form.checks:  # which is tested with files of rows
            check_format(asked, form)
        else:
            with pytest.raises(ConfigError, match=rf"^{option}: of no use to files of the format {name}, only to "):
                check_format(asked, form)


def test_options_that_say_nothing_new_are_not_asked_for():
    check_format(Request.made(Reading.of(skip_bad=False, part=None, missing="error")), by_name()["idx"])
    music = sr.from_numpy([[0, 1]]).with_kind(reading=Reading.of(frames=3, time_bin="beat")).kind
    check_format(Request.made(music.reading, music), by_name()["npz"])
    check_format(Request.made(music.reading, music), by_name()["fasta"])
    with pytest.raises(ConfigError, match="frames: of no use to files of the format fasta"):
        check_format(Request.made(Reading.of(frames=4), music), by_name()["fasta"])


def test_a_format_declares_options_that_there_are():
    with pytest.raises(TypeError, match="options of reading expected, got treshold"):
        Format(suffixes=(".x",), read=by_name()["npz"].read, uses=("treshold",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uses")
    np.savez(folder / "a.npz", x=[[0, 1], [1, 1]], y=["p", "q"])
    np.savez(folder / "w.npz", x=np.eye(2, 176, dtype=np.uint8))
    (folder / "a.fasta").write_text(">s\nACGT\n>t\nAC-T\n")
    (folder / "a.csv").write_text("one,two\n0,1\n1,1\n")
    (folder / "l.csv").write_text("name;class\n0;p\n1;q\n")
    return folder


@pytest.mark.parametrize(
    ("file", "given", "message"),
    [
        ("a.npz", {"part": "test"}, "no array 'x_test'"),
        ("a.npz", {"part": "test", "keys": {"x": "x"}}, "no part 'test': array 'x' holds all samples"),
        ("a.npz", {"max_gaps": 0.5}, "max_gaps: is for letters with gaps; these are 2 sites of the binary alphabet"),
        ("a.npz", {"stride": 2}, "stride: is for music"),
        ("a.npz", {"ignore": "one"}, "ignore: is for tables"),
        ("w.npz", {"frames": 3, "time_bin": "beat"}, "frames: these samples are windows of 2 bins already"),
        (
            "a.fasta",
            {"part": "test"},
            "part: of no use to files of the format fasta, only to hdf5, midi",
        ),
        ("a.csv", {"bins": 3, "threshold": 0.5}, "bins: is for columns of numbers"),
        ("a.csv", {"labels_by_order": True}, "labels_by_order: goes with a file of labels"),
        ("digits", {"maf": 0.1}, "maf: of no use to the data set 'digits'"),
        ("digits", {"format": "npz"}, "format: of no use to the data set 'digits'"),
        ("digits", {"threshold": 0.5, "alphabet": "binary"}, "threshold: not together with an alphabet"),
        ("a.npz", {"threshold": 0.5, "alphabet": "binary"}, "threshold: not together with an alphabet"),
        ("digits", {"threshold": 0.5, "grey": True}, "threshold: is of use only with black and white images"),
        ("digits", {"alphabet": "codes", "grey": True}, "alphabet: is of use only with other values"),
    ],
)
def test_what_is_of_no_use_to_samples_is_one_line(folder, file, given, message):
    with pytest.raises((ConfigError, FormatError)) as refused:
        sr.read(file if file == "digits" else folder / file, **given)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_images_of_a_data_set_are_numbers_of_an_alphabet_too():
    found = sr.read("digits", alphabet="codes")
    assert (found.colours, int(found.values.max())) == (17, 16)
    with pytest.raises(DataError, match=r"the value 5.0 does not fit: 0 to 1 expected \(binary alphabet\)"):
        sr.read("digits", alphabet="binary")


def test_options_of_a_table_of_labels_are_of_use_beside_any_data(folder):
    given = {"labels": folder / "l.csv", "labels_by_order": True, "delimiter": ";", "label_column": "class"}
    assert sr.read(folder / "a.fasta", **given, skip_bad=True).classes == ("p", "q")


def test_data_in_memory(folder):
    array, frame = np.eye(3, dtype=int), pytest.importorskip("pandas").DataFrame({"a": [0, 1], "b": [1, 1]})
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (array, {"frames": 3}, "frames: of no use to an array, only to files"),
        (array, {"label_column": "x"}, "label_column: of no use to an array"),
        (frame, {"labels": folder / "l.csv"}, "labels: of no use to a data frame"),
        (frame, {"keys": {"x": "a"}}, "keys: of no use to a data frame"),
    ]
    for it, option, message in cases:
        with pytest.raises(ConfigError, match=message):
            sr.read(it, **option)
    assert sr.read(np.array([[0, 1], [0, 1], [1, 1]]), reweight=0.8).weights.tolist() == [0.5, 0.5, 1]


def test_a_run_whose_options_were_of_no_use_goes_on(folder):
    old = Reading.of(maf=0.1, stride=2)
    assert len(again(folder / "a.npz", old, {})) == 2
    with pytest.raises(ConfigError, match="thin: of no use"):
        again(folder / "a.npz", old, {"thin": 3})
