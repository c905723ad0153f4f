"""The Dataset: what it accepts, what it refuses, and what its methods keep."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from shortrun.data.core.alphabet import BINARY, DNA, PROTEIN, RNA, detect, named, numbered
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import Kind
from shortrun.data.core.values import binarise
from shortrun.errors import ConfigError, DataError

VALUES = [[0, 1], [1, 1], [0, 0], [1, 0]]


def one_line(error: pytest.ExceptionInfo) -> str:
    message = str(error.value)
    assert message
    assert "\n" not in message
    return message


def test_fields_have_the_stated_types_and_defaults():
    data = Dataset.from_arrays(VALUES, ["b", "", "a", "b"])
    assert (data.values.dtype, data.labels.dtype, data.weights.dtype) == (np.uint8, np.int64, np.float32)
    assert (len(data), data.sites, data.colours, data.alphabet) == (4, 2, 2, BINARY)
    assert data.classes == ("a", "b")
    assert data.labels.tolist() == [1, -1, 0, 1]
    assert data.labelled.tolist() == [True, False, True, True]
    assert data.class_counts.tolist() == [1, 2]
    assert data.names.tolist() == ["0", "1", "2", "3"]
    assert data.weights.tolist() == [1, 1, 1, 1]
    with pytest.raises(FrozenInstanceError):
        data.labels = data.labels


@pytest.mark.parametrize(
    "values",
    [VALUES, np.array(VALUES, bool), np.array(VALUES, float), np.array(VALUES, np.int64)],
    ids=["lists", "bool", "float", "int64"],
)
def test_zeros_and_ones_of_any_type_are_binary(values):
    data = Dataset.from_arrays(values)
    assert data.alphabet == BINARY
    assert data.values.tolist() == VALUES


def test_other_floats_stay_continuous_and_other_integers_must_be_asked_for():
    assert Dataset.from_arrays([[0.5, 1.0]]).values.dtype == np.float32
    assert Dataset.from_arrays([[0.5, 1.0]]).colours is None
    assert Dataset.from_arrays([[0, 1.0]], alphabet="continuous").alphabet is None
    coded = Dataset.from_arrays([[0, 6], [3, 2]], alphabet="codes")
    assert (coded.colours, coded.alphabet) == (7, numbered(7))
    assert coded.values.tolist() == [[0, 6], [3, 2]]
    with pytest.raises(DataError, match=r"sample 2, site 1.*3.*threshold") as error:
        Dataset.from_arrays([[0, 1], [3, 2]])
    one_line(error)


def test_codes_above_255_are_refused_rather_than_truncated():
    assert Dataset.from_arrays([[0, 254]], alphabet="codes").colours == 255
    with pytest.raises(DataError, match="255"):
        Dataset.from_arrays([[0, 255]], alphabet="codes")
    with pytest.raises(DataError, match="256"):
        Dataset.from_arrays([[0, 256]], alphabet=PROTEIN)


def test_images_are_flattened_row_by_row_and_remember_their_shape():
    data = Dataset.from_arrays(np.eye(3, dtype=int)[None].repeat(2, axis=0))
    assert data.values.shape == (2, 9)
    assert data.values[1].tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert data.kind.image.shape == (3, 3)


@pytest.mark.parametrize("missing", ["", "NA", None, "None", float("nan"), "NaN", -1, "-1", "Uncategorized", " nan "])
def test_missing_labels_are_recognised(missing):
    labels = np.array(["x", missing], dtype=object)
    data = Dataset.from_arrays([[0], [1]], labels)
    assert data.labels.tolist() == [0, -1]
    assert data.classes == ("x",)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["10", "9", "2"], ("2", "9", "10")),
        ([10, 9, 2], ("2", "9", "10")),
        ([10.0, 9.0, float("nan")], ("9", "10")),
        (["10", "9", "b"], ("10", "9", "b")),
        ([b"y", b"x", b"x"], ("x", "y")),
        ([-1, -1, -1], ()),
    ],
)
def test_class_names_are_sorted_as_numbers_where_all_are(labels, classes):
    data = Dataset.from_arrays([[0], [1], [1]], labels)
    assert data.classes == classes
    texts = [data.classes[code] if code >= 0 else "" for code in data.labels]
    assert [text for text in texts if text] == [
        label.decode() if isinstance(label, bytes) else str(label).removesuffix(".0")
        for label in labels
        if label not in (-1,) and label == label
    ]


def test_given_classes_fix_the_order_and_integers_are_codes_into_them():
    assert Dataset.from_arrays([[0], [1]], ["a", "b"], classes=["b", "a"]).labels.tolist() == [1, 0]
    assert Dataset.from_arrays([[0], [1]], [0, -1], classes=["b", "a"]).labels.tolist() == [0, -1]
    with pytest.raises(DataError, match="did you mean 'alpha'"):
        Dataset.from_arrays([[0]], ["alpa"], classes=["alpha", "beta"])
    with pytest.raises(DataError, match=r"label 2 is outside -1\.\.1"):
        Dataset.from_arrays([[0]], [2], classes=["b", "a"])


GOOD = Dataset.from_arrays(VALUES, ["a", "b", "a", "b"], groups=["g", "g", "h", "h"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labels": np.zeros(3, np.int64)}, "labels of shape \\(3,\\)"),
        ({"weights": np.ones(5, np.float32)}, "weights of shape"),
        ({"names": np.array(["a"])}, "names of shape"),
        ({"groups": np.array(["a"])}, "groups of shape"),
        ({"labels": np.array([0, 1, 2, 0])}, "label 2 is outside -1..1"),
        ({"labels": np.array([0, 1, -2, 0])}, "label -2 is outside"),
        ({"labels": np.zeros(4, np.int32)}, "int64"),
        (
            {"values": np.array([[0, 1], [2, 1], [0, 0], [1, 1]], np.uint8)},
            "sample 2, site 1.*0 to 1 expected, got 2",
        ),
        ({"values": np.zeros((4, 2), np.int64)}, "uint8"),
        ({"values": np.zeros((4, 0), np.uint8)}, "at least one"),
        ({"values": np.zeros(4, np.uint8)}, "at least one"),
        ({"values": np.full((4, 2), np.nan, np.float32), "kind": Kind(2)}, "sample 1, site 1.*finite"),
        ({"weights": np.array([1, 1, np.nan, 1], np.float32)}, "finite"),
        ({"weights": np.array([1, 1, -1, 1], np.float32)}, "negative"),
        ({"weights": np.zeros(4, np.float32)}, "all zero"),
        ({"classes": ("a", "a")}, "differ"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(change, reason):
    with pytest.raises(DataError, match=reason) as error:
        replace(GOOD, **change)
    one_line(error)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([[0, 1], [1]], "same number of sites"),
        ([["a", "b"]], "numbers"),
        ([0, 1], "table"),
        ([[]], "at least one"),
        (np.zeros((0, 3)), "at least one"),
        ([[0.5, np.nan]], "sample 1, site 2.*nan is not finite"),
        ([[0.5, np.inf]], "inf is not finite"),
        ([[0, -1]], "sample 1, site 2.*-1"),
        ([[0.5, 1e300]], "finite"),
        (np.zeros((2, 2, 2, 2)), "table"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_unusable_values_are_refused_in_one_line(values, reason):
    with pytest.raises(DataError, match=reason) as error:
        Dataset.from_arrays(values)
    one_line(error)


def test_select_keeps_rows_together():
    picked = GOOD.select([3, 0])
    assert picked.values.tolist() == [VALUES[3], VALUES[0]]
    assert (picked.names.tolist(), picked.groups.tolist()) == (["3", "0"], ["h", "g"])
    assert picked.labels.tolist() == [1, 0]
    assert GOOD.select(GOOD.labels == 1).names.tolist() == ["1", "3"]
    assert GOOD.head(2).names.tolist() == ["0", "1"]
    assert len(GOOD.head(99)) == 4
    with pytest.raises(DataError, match="at least one sample"):
        GOOD.select([])


def test_recode_follows_a_models_classes_and_names_the_nearest():
    recoded = GOOD.recode(["b", "c", "a"])
    assert recoded.labels.tolist() == [2, 0, 2, 0]
    assert recoded.classes == ("b", "c", "a")
    partly = GOOD.with_labels(["a", None, None, None]).recode(["b", "a"])
    assert partly.labels.tolist() == [1, -1, -1, -1]
    with pytest.raises(DataError, match="unknown class 'a'") as error:
        GOOD.recode(["b", "c"])
    one_line(error)
    with pytest.raises(DataError, match=r"'KOG3655_1'.*did you mean 'KOG3655'"):
        Dataset.from_arrays([[0]], ["KOG3655_1"]).recode(["COG1", "KOG3655"])


def test_hash_is_the_same_on_every_machine_and_sees_every_change():
    # computed once; a change of this text means that stored runs no longer recognise their data
    assert GOOD.hash == "d5de0c48f53b32bd871b399f6e28c3bc115df2f665fa27a045ce68a23bdec6a8"
    others = [
        GOOD.select([1, 0, 2, 3]),
        GOOD.with_labels(["a", "b", "b", "b"]),
        replace(GOOD, classes=("a", "c")),
        GOOD.with_kind(codes=RNA),
        Dataset.from_arrays(GOOD.values.reshape(2, 4), ["a", "b"]),
    ]
    assert len({GOOD.hash, *(other.hash for other in others)}) == 6
    assert replace(GOOD.with_kind(source="elsewhere"), groups=None).hash == GOOD.hash
    assert replace(GOOD, values=np.asfortranarray(GOOD.values)).hash == GOOD.hash


@pytest.mark.parametrize(
    ("grey", "threshold", "expected"),
    [
        ([[0, 4, 5, 16]], 0.3, [[0, 0, 1, 1]]),  # full scale 16: above 4.8
        ([[0, 76, 77, 255]], 0.3, [[0, 0, 1, 1]]),  # full scale 255: above 76.5
        ([[0.0, 0.3, 0.31, 1.0]], 0.3, [[0, 0, 1, 1]]),  # strictly above
        ([[0, 8, 9, 12]], 0.5, [[0, 0, 1, 1]]),
        ([[0, 1]], 0.0, [[0, 1]]),
    ],
)
def test_grey_values_are_binarised_strictly_above_a_share_of_full_scale(grey, threshold, expected):
    assert binarise(np.array(grey), threshold).tolist() == expected


@pytest.mark.parametrize("threshold", [-0.1, 1.0, 77.0, float("nan")])
def test_a_threshold_is_a_share(threshold):
    with pytest.raises(ConfigError, match="threshold"):
        binarise(np.array([[0, 255]]), threshold)


@pytest.mark.parametrize(
    ("text", "alphabet"),
    [
        ("ACGT-", DNA),
        ("ACGU", RNA),
        ("ACG", DNA),  # a tie
        ("---", DNA),
        ("ACGTACGTACGTN", DNA),  # N is ambiguous DNA, not asparagine
        ("ACDEF", PROTEIN),
        ("MKVLAA", PROTEIN),
        ("0110", BINARY),
    ],
)
def test_alphabets_are_detected(text, alphabet):
    assert detect([text]) == alphabet


def test_alphabets_by_name_or_by_letters():
    assert named("rna") == RNA
    assert named("-ACGU") == RNA
    assert named("-AB").letters == "-AB"
    with pytest.raises(ConfigError, match="did you mean 'protein'"):
        named("protien")


@pytest.mark.parametrize("alphabet", [PROTEIN, RNA, numbered(255)])
def test_encode_and_decode_are_inverse(alphabet):
    codes = np.arange(len(alphabet), dtype=np.uint8)[::-1]
    assert alphabet.decode(codes) == alphabet.letters[::-1]
    assert alphabet.encode(alphabet.letters[::-1]).tolist() == codes.tolist()
    with pytest.raises(DataError, match="letter '~' at position 2"):
        alphabet.encode(alphabet.letters[0] + "~")
