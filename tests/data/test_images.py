"""Images: IDX pairs and folders of PNG, made by others and by us, read, written, read again; bad files in one line."""

import gzip
import io
import re
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from command_line import good
from command_line import refused as stopped
from shortrun.data import read, write
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import ImageKind
from shortrun.data.folders import members
from shortrun.errors import DataError, FormatError, MissingExtraError, StoreError

RANDOM = np.random.default_rng(3)
GREY = RANDOM.integers(0, 256, (6, 4, 5), dtype=np.uint8)
LABELS = [7, 2, 1, 2, 7, 0]


def idx(array, code):
    """Return an IDX file, written with nothing but struct."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()


def parsed(content):
    """Return the array of an IDX file, read independently of ours."""
    kinds = {8: "B", 9: "b", 11: "h", 12: "i", 13: "f", 14: "d"}
    zero, code, dimensions = struct.unpack_from(">HBB", content)
    assert zero == 0
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    flat = struct.unpack_from(f">{int(np.prod(shape))}{kinds[code]}", content, 4 + 4 * dimensions)
    assert len(content) == 4 + 4 * dimensions + len(flat) * struct.calcsize(kinds[code])
    return np.array(flat).reshape(shape)


def refused(path, **options):
    with pytest.raises(FormatError) as error:
        read(path, **options)
    assert "\n" not in str(error.value)
    return error.value


# IDX


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
        ("t10k-images.idx3-ubyte", "t10k-labels-idx1-ubyte.gz"),
        ("x.idx", "x-labels.idx"),
        ("x.idx.gz", "x-labels.idx"),
    ],
)
def test_idx_finds_its_labels_by_name(tmp_path, images, labels):
    for name, content in ((images, idx(GREY, 8)), (labels, idx(np.uint8(LABELS), 8))):
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    data = read(tmp_path / images)
    assert (data.values == (GREY > 0.3 * 255).reshape(6, 20)).all()
    assert [data.classes[code] for code in data.labels] == [str(label) for label in LABELS]
    assert data.kind.image.shape == (4, 5)


def test_idx_keeps_grey_and_other_numbers(tmp_path):
    (tmp_path / "x.idx").write_bytes(idx(GREY, 8))
    grey = read(tmp_path / "x.idx", grey=True)
    assert grey.alphabet is None
    assert np.allclose(grey.values * 255, GREY.reshape(6, 20))
    assert (read(tmp_path / "x.idx", alphabet="continuous").values == GREY.reshape(6, 20)).all()
    assert (read(tmp_path / "x.idx", threshold=0.9).values == (GREY > 0.9 * 255).reshape(6, 20)).all()
    numbers = np.array([[0.5, -3e7], [1, 0]])
    for code, kind in ((13, ">f4"), (14, ">f8")):
        (tmp_path / "y.idx").write_bytes(idx(numbers.astype(kind), code))
        assert (read(tmp_path / "y.idx").values == numbers.astype(np.float32)).all()
    (tmp_path / "y.idx").write_bytes(idx(np.array([[0, 1], [1, 1]], ">i4"), 12))
    assert read(tmp_path / "y.idx").colours == 2


@pytest.mark.parametrize("name", ["x.idx", "a-images-idx3-ubyte.gz"])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("labels", [LABELS, ["7", "", "1", "1", "7", ""], None])
def test_idx_written_is_read_back(tmp_path, name, grey, labels):
    np.savez(tmp_path / "x.npz", x=GREY)
    data = read(tmp_path / "x.npz", grey=grey)
    data = data if labels is None else data.with_labels(labels)
    write(tmp_path / name, data)
    assert read(tmp_path / name, grey=grey).hash == data.hash
    assert len([*tmp_path.glob("*idx*")]) == (1 if labels is None else 2)
    unpacked = gzip.decompress if name.endswith(".gz") else bytes
    images = parsed(unpacked((tmp_path / name).read_bytes()))
    assert (images == (GREY if grey else 255 * (GREY > 0.3 * 255))).all()
    if labels is not None:
        found = parsed(
            unpacked(
                (
                    tmp_path / name.replace("images", "labels").replace("idx3", "idx1").replace("x.idx", "x-labels.idx")
                ).read_bytes()
            )
        )
        assert found.tolist() == [-1 if label == "" else int(label) for label in labels]


def test_idx_of_what_are_no_images(tmp_path):
    rows = Dataset.from_arrays([[0, 1, 1], [1, 0, 0]], ["yes", "no"])
    write(tmp_path / "x.idx", rows)
    assert parsed((tmp_path / "x.idx").read_bytes()).tolist() == [[0, 1, 1], [1, 0, 0]]
    assert parsed((tmp_path / "x-labels.idx").read_bytes()).tolist() == [1, 0]  # the names of classes are lost
    numbers = Dataset.from_arrays([[0.25, -1e9], [3, 4]])
    write(tmp_path / "y.idx", numbers)
    assert read(tmp_path / "y.idx").hash == numbers.hash
    with pytest.raises(DataError, match="rna alphabet"):
        write(tmp_path / "z.idx", Dataset.from_arrays([[0, 4]], alphabet="rna"))
    assert not (tmp_path / "z.idx").exists()


def test_generated_grey_is_cut_to_what_a_file_can_hold(tmp_path):
    data = Dataset.from_arrays([[-0.5, 0.5, 1.0, 7]], alphabet="continuous").with_kind(image=ImageKind((1, 4), 255))
    write(tmp_path / "x.idx", data)
    assert parsed((tmp_path / "x.idx").read_bytes()).tolist() == [[[0, 128, 255, 255]]]


GOOD = idx(GREY, 8)
BAD_IDX = {
    "empty": (b"", "the file is empty"),
    "short": (b"\0\0\x08", "no IDX file"),
    "text": (b"hello, world", "is no IDX file: it begins with 68 65 6c 6c"),
    "Windows line ends": (b"\0\0\x08\x03\r\n\0\0", "sizes of 3 dimensions expected"),
    "unknown kind": (b"\0\0\x07" + GOOD[3:], "no IDX file"),
    "no dimensions": (b"\0\0\x08\0", "1 to 8 dimensions expected, got 0"),
    "header only": (GOOD[:9], "the file ends before them"),
    "truncated": (GOOD[:-1], r"truncated: 136 bytes expected for \(6, 4, 5\), got 135"),
    "too long": (GOOD + b"\n", "too long: 136 bytes"),
    "huge sizes": (b"\0\0\x0e\x03" + b"\xff" * 12, "truncated"),
    "labels": (idx(np.uint8(LABELS), 8), r"shape \(6,\): these are labels, read the file of the images"),
    "four dimensions": (idx(GREY.reshape(6, 4, 5, 1), 8), "images.*expected, got shape"),
    "no images": (idx(GREY[:0], 8), "at least one"),
    "no images, huge": (b"\0\0\x08\5" + struct.pack(">5I", 0, 1, 65536, 2**31, 2**31), "at least one"),
    "too many dimensions": (b"\0\0\x08\xff" + struct.pack(">I", 1) * 255 + b"\0", "1 to 8 dimensions"),
    "no pixels": (idx(GREY[:, :0], 8), "at least one"),
    "negative": (idx(-GREY.astype(">i2"), 11) + b"", "grey values must be 0 to 65535|does not fit"),
    "not a number": (idx(np.full((2, 2), np.nan, ">f4"), 13), "sample 1, site 1.*not finite"),
}


@pytest.mark.parametrize("case", BAD_IDX)
def test_bad_idx_is_refused_in_one_line(tmp_path, case):
    content, reason = BAD_IDX[case]
    path = tmp_path / "x-images-idx3-ubyte"
    path.write_bytes(content)
    error = refused(path, threshold=0.5 if case == "negative" else None)
    refused(path, grey=True)
    assert error.path == path
    assert re.search(reason, error.reason), error.reason
    if content and len(content) < 1000:
        (tmp_path / "y.idx.gz").write_bytes(gzip.compress(content))
        assert re.search(reason, refused(tmp_path / "y.idx.gz", threshold=error and 0.5).reason)


def test_bad_labels_of_idx_name_their_file(tmp_path):
    (tmp_path / "x.idx").write_bytes(GOOD)
    labels = tmp_path / "x-labels.idx"
    for content in (idx(np.uint8(LABELS[:-1]), 8), idx(GREY, 8), idx(np.ones(6, ">f4"), 13)):
        labels.write_bytes(content)
        assert refused(tmp_path / "x.idx").path == labels
    labels.write_bytes(b"7,2,1,2,7,0")
    assert "no IDX file" in str(refused(tmp_path / "x.idx"))


# PNG


def test_png_folders_by_class(tmp_path):
    """Images made by Pillow, in every mode that is common."""
    for i, mode in enumerate(["L", "RGB", "1", "P", "LA", "RGBA"]):
        folder = tmp_path / "d" / ("cat" if i % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(GREY[i]).convert(mode).save(folder / f"{i + 7}.png")
    Image.fromarray(GREY[0]).save(tmp_path / "d" / "none.PNG")
    (tmp_path / "d" / "notes.txt").write_text("not an image")
    (tmp_path / "d" / ".hidden.png").write_text("not an image")
    data = read(tmp_path / "d", grey=True)
    assert data.names.tolist() == ["7", "8", "9", "10", "11", "12", "none"]
    assert [("", *data.classes)[code + 1] for code in data.labels] == ["dog", "cat"] * 3 + [""]
    assert data.kind.image.shape == (4, 5)
    pixels = np.rint(data.values * 255).astype(int).reshape(7, 4, 5)
    assert (pixels[[0, 1, 4, 5, 6]] == GREY[[0, 1, 4, 5, 0]]).all()
    assert set(pixels[2].ravel()) == {0, 255}
    assert (read(tmp_path / "d").values[0] == (GREY[0] > 0.3 * 255).ravel()).all()


@pytest.mark.parametrize("grey", [False, True])
def test_png_folders_are_read_back_and_pillow_agrees(tmp_path, grey):
    np.savez(
        tmp_path / "x.npz", x=GREY, y=["a", "b/c", "", "a", "..", "CON"], names=["n1", "n10", "n2", "n2", "..", "é"]
    )
    data = read(tmp_path / "x.npz", grey=grey)
    write(tmp_path / "out", data)
    files = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png"))
    assert files == ["CON/é.png", "_/_.png", "a/n1.png", "a/n2.png", "b_c/n10.png", "n2.png"]
    pixels = np.asarray(Image.open(tmp_path / "out" / "a" / "n2.png"))
    assert (pixels == (GREY[3] if grey else 255 * (GREY[3] > 0.3 * 255))).all()
    again = read(tmp_path / "out", grey=grey)
    order = [again.names.tolist().index(name) for name in ["n1", "n10", "n2", "a/n2", "_", "é"]]
    assert (again.values[order] == data.values).all()
    assert again.classes == ("CON", "_", "a", "b_c")


def test_png_of_sixteen_bits(tmp_path):
    deep = RANDOM.integers(0, 65536, (2, 3, 3), dtype=np.uint16)
    (tmp_path / "d").mkdir()
    for i, image in enumerate(deep):
        Image.fromarray(image).save(tmp_path / "d" / f"{i}.png")
    data = read(tmp_path / "d", grey=True)
    assert np.allclose(data.values * 65535, deep.reshape(2, 9), atol=0.1)
    write(tmp_path / "e", data)
    assert (np.asarray(Image.open(tmp_path / "e" / "1.png")) == deep[1]).all()
    write(tmp_path / "e.idx", data)
    assert (parsed((tmp_path / "e.idx").read_bytes()) == deep).all()


def test_dark_images_stay_dark(tmp_path):
    """Full scale is that of the file, not the brightest pixel."""
    (tmp_path / "d").mkdir()
    Image.fromarray(np.full((2, 2), 15, np.uint8)).save(tmp_path / "d" / "x.png")
    assert read(tmp_path / "d").values.sum() == 0


def test_labels_of_images_by_their_files(tmp_path):
    (tmp_path / "d").mkdir()
    for name in ("one", "two"):
        Image.fromarray(GREY[0]).save(tmp_path / "d" / f"{name}.png")
    (tmp_path / "y.csv").write_text("name,label\r\ntwo.png,cat\r\none.png,dog\r\n")
    data = read(tmp_path / "d", labels=tmp_path / "y.csv")
    assert [data.classes[code] for code in data.labels] == ["dog", "cat"]
    (tmp_path / "y.csv").write_text("name,label\ntwo.png,cat\nthree.png,dog\n")
    data = read(tmp_path / "d", labels=tmp_path / "y.csv")
    assert "names 1 of 2 samples; 1 has no row, as 'one'; 1 of 2 rows is of no sample, as 'three.png'" in data.notes[-1]
    (tmp_path / "y.csv").write_text("file,label\nall/two.jpg,cat\nall\\one.jpg,dog\n")
    data = read(tmp_path / "d", labels=tmp_path / "y.csv")
    assert [data.classes[code] for code in data.labels] == ["dog", "cat"]


def test_a_picture_of_samples(tmp_path):
    data = Dataset.from_arrays(GREY // 128, LABELS)
    write(tmp_path / "grid.png", data)
    picture = np.asarray(Image.open(tmp_path / "grid.png"))
    assert picture.shape == (4 * 5 + 1, 2 * 6 + 1)  # four classes, two samples at most
    assert (picture[1:5, 1:6] == 255 - 255 * (GREY[5] // 128)).all()  # the only 0
    assert (picture[11:15, 7:12] == 255 - 255 * (GREY[3] // 128)).all()  # the second 2
    write(tmp_path / "grid.png", data.with_labels([""] * 6, []))
    assert np.asarray(Image.open(tmp_path / "grid.png")).shape == (6, 6 * 6 + 1)
    with pytest.raises(DataError, match="image_shape"):
        write(tmp_path / "no.png", Dataset.from_arrays([[0, 1]]))
    assert not (tmp_path / "no.png").exists()


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello\r\n", "is no image of a known kind"),
        (png(GREY[0])[:-30], "truncated or damaged image"),
        (png(GREY[0]).replace(b"IDAT", b"IDAX"), "image"),
        (b"\x89PNX" + png(GREY[0])[4:], "is no image of a known kind"),
        (b"GIF89a" + bytes(50), "image"),
        (png(GREY[0][:3]), "is 5x3 pixels, 1 of 2 are 5x4: --image-size 5x4 resizes all"),
    ],
)
def test_bad_images_are_refused_in_one_line(tmp_path, content, reason):
    (tmp_path / "d" / "c").mkdir(parents=True)
    (tmp_path / "d" / "c" / "1.png").write_bytes(png(GREY[0]))
    (tmp_path / "d" / "c" / "2.png").write_bytes(content)
    error = refused(tmp_path / "d")
    assert error.path == tmp_path / "d" / "c" / "2.png"
    assert re.search(reason, error.reason), error.reason


# Folders


def test_folders_that_hold_no_data(tmp_path):
    (tmp_path / "d").mkdir()
    assert ".png" in str(refused(tmp_path / "d"))
    assert "is a folder without files of" in str(refused(tmp_path / "d"))


def test_files_of_one_name_keep_what_tells_them_apart(tmp_path):
    for name in ("x.a", "c/x.a", "c/y.a", "c/y.b", "c/e/z.b", "d/2.a", "d/10.a", ".h/v.a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [(member.name, member.label) for member in members(tmp_path, (".a", ".b"))]
    names = [("2", "d"), ("10", "d"), ("c/x", "c"), ("c/y.a", "c"), ("c/y.b", "c"), ("x", ""), ("z", "c")]
    assert found == names


def test_no_folder_is_replaced(tmp_path):
    data = Dataset.from_arrays(GREY // 128)
    (tmp_path / "d").mkdir()
    write(tmp_path / "d", data)  # it was empty
    before = sorted((tmp_path / "d").iterdir())
    with pytest.raises(StoreError, match="not an empty folder"):
        write(tmp_path / "d", data)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="exists"):
        write(tmp_path / "file", data)
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted((tmp_path / "d").iterdir()) == before
    with pytest.raises(FormatError, match="neither"):
        write(tmp_path / "e", Dataset.from_arrays([[0, 1]]))
    with pytest.raises(StoreError, match="no such file"):
        write(tmp_path / "nowhere" / "d", data)
    with pytest.raises(DataError, match="letters"):
        write(tmp_path / "f", Dataset.from_arrays([[[0, 4]]], alphabet="rna"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d", "file"]


def test_without_pillow_there_is_a_hint(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortrun\[io\]'"):
        write(tmp_path / "d", Dataset.from_arrays(GREY // 128))
    assert [*tmp_path.iterdir()] == []


# The command line


@pytest.mark.parametrize("grey", [(), ("--grey",)])
def test_from_images_to_new_ones_of_the_same_kind(tmp_path, grey):
    pixels = RANDOM.integers(0, 256, (60, 4, 5), dtype=np.uint8)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(pixels, 8))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.arange(60, dtype=np.uint8) % 3, 8))
    source, run = tmp_path / "train-images-idx3-ubyte", tmp_path / "run"
    good("train", source, *grey, "--hidden", 8, "--updates", 20, "-o", run)
    for out in ("new-images-idx3-ubyte.gz", "new", "new.png", "new.npz"):
        good("generate", run, "--label", "2", "-n", 5, "-o", tmp_path / out)
    options = {"grey": bool(grey)}
    new, folder = read(tmp_path / "new-images-idx3-ubyte.gz", **options), read(tmp_path / "new", **options)
    assert new.values.shape == (5, 20)
    assert (new.values == folder.values).all()
    assert new.classes == folder.classes == ("2",)
    assert np.asarray(Image.open(tmp_path / "new" / "2" / "generated_3.png")).shape == (4, 5)
    assert good("predict", run, tmp_path / "new", "--json").json["samples"] == 5
    assert "not an empty folder" in stopped("generate", run, "-o", tmp_path / "new")


def test_samples_that_are_no_images_make_no_folder(tmp_path):
    (tmp_path / "x.csv").write_text("a,b,label\n" + "0,1,p\n1,0,q\n" * 4)
    good("train", tmp_path / "x.csv", "--hidden", 2, "--updates", 2, "-o", tmp_path / "run")
    assert "neither" in stopped("generate", tmp_path / "run", "-o", tmp_path / "new")
    assert not (tmp_path / "new").exists()
