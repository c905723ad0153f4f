"""Odd folders of images: other kinds, sizes, modes, parts, bad files; what was changed is said."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from command_line import good
from command_line import refused as stopped
from shortrun.data import read, write
from shortrun.data.core.dataset import Dataset
from shortrun.data.further import part_of
from shortrun.errors import ConfigError, FormatError

RANDOM = np.random.default_rng(4)
SMOOTH = np.add.outer(np.arange(8), np.arange(6)).astype(np.uint8) * 16  # what JPEG and resizing keep


def picture(path, array=SMOOTH, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)


@pytest.mark.parametrize("ending", [".jpg", ".JPEG", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".pgm"])
def test_images_of_other_kinds(tmp_path, ending):
    for name in ("a/1", "b/2"):
        picture(
            tmp_path / "d" / f"{name}{ending}", **({"quality": 100} if ending in (".jpg", ".JPEG", ".webp") else {})
        )
    (tmp_path / "y.csv").write_text(f"name,label\n1{ending},p\n2{ending},q\n")
    data = read(tmp_path / "d", grey=True, labels=tmp_path / "y.csv")
    assert data.classes == ("p", "q")
    assert np.abs(data.values * 255 - SMOOTH.ravel()).max() < 4
    assert data.notes == ("y.csv: column 'name' names all 2 samples",)


def test_what_is_passed_over_is_said(tmp_path):
    picture(tmp_path / "d" / "a" / "1.png")
    for name in ("b/1.heic", "b/2.heic", "a/notes.txt", "README"):
        (tmp_path / "d" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "d" / name).touch()
    (tmp_path / "d" / "c").mkdir()
    told = good("data", "info", tmp_path / "d").out
    assert "note: left out 4 files of other kinds: 2 of .heic, 1 of no ending, 1 of .txt\n" in told
    assert "note: 'b' and 'c', without files of .png, .jpg" in told
    assert "make no classes" in told
    assert "note: grey values above 0.3 of full scale are 1, others 0" in told


def test_bad_images_are_left_out_and_counted(tmp_path):
    for name in ("a/1", "a/2", "b/3"):
        picture(tmp_path / "d" / f"{name}.jpg")
    for name in ("a/2", "b/3"):
        (tmp_path / "d" / f"{name}.jpg").write_bytes(b"no image")
    assert "2.jpg: is no image of a known kind" in stopped("data", "info", tmp_path / "d")
    assert "--skip-bad leaves it out" in stopped("data", "info", tmp_path / "d")
    data = read(tmp_path / "d", skip_bad=True)
    assert data.names.tolist() == ["1"]
    assert data.notes[0].startswith("left out 2 of 3 files that cannot be read: 2.jpg is no image of a known kind")
    assert data.notes[1] == "no file is left of 'b'"
    assert "left out 2 of 3 files" in good("data", "convert", tmp_path / "d", tmp_path / "x.npz", "--skip-bad").err
    (tmp_path / "d" / "a" / "1.jpg").write_bytes(b"no image either")
    assert "1.jpg: is no image of a known kind" in stopped("data", "info", tmp_path / "d", "--skip-bad")


def test_images_of_several_sizes(tmp_path):
    for i, size in enumerate([(6, 8), (6, 8), (12, 16), (9, 8)]):
        picture(tmp_path / "d" / f"{i}.png", np.asarray(Image.fromarray(SMOOTH).resize(size)))
    assert "2.png: is 12x16 pixels, 2 of 4 are 6x8: --image-size 6x8 resizes all" in stopped(
        "data", "info", tmp_path / "d"
    )
    data = read(tmp_path / "d", grey=True, image_size="6x8")
    assert data.kind.image.shape == (8, 6)
    assert data.notes == ("2 images resized to 6x8 pixels, 1 of them stretched",)
    assert np.abs(data.values[2] * 255 - SMOOTH.ravel()).max() < 16
    kept = read(tmp_path / "d", skip_bad=True)
    assert kept.notes[0] == "left out 2 of 4 files that are not of 6x8 pixels: 2.png is 12x16; 3.png is 9x8"
    again = read(tmp_path / "d" / "2.png", like=data)
    assert (again.values == data.values[2]).all()
    for wrong in ("6", "0x8", "6x-8", "x"):
        with pytest.raises(ConfigError, match="WIDTHxHEIGHT"):
            read(tmp_path / "d", image_size=wrong)


def test_modes_are_put_together_and_counted(tmp_path):
    grey = Image.fromarray(SMOOTH)
    colours = np.stack([SMOOTH, SMOOTH // 2, SMOOTH], 2)
    half = np.dstack([SMOOTH, SMOOTH, SMOOTH, np.full_like(SMOOTH, 9)])
    picture(tmp_path / "d" / "1.png")
    picture(tmp_path / "d" / "2.png", colours)
    picture(tmp_path / "d" / "3.png", half)
    picture(tmp_path / "d" / "4.png", SMOOTH.astype(np.uint16) * 257)
    grey.save(tmp_path / "d" / "5.gif", save_all=True, append_images=[grey.rotate(180)])
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    grey.rotate(180).save(tmp_path / "d" / "6.png", exif=exif)
    data = read(tmp_path / "d", grey=True)
    assert data.kind.image.full_scale == 65535
    assert (np.rint(data.values[[0, 2, 3, 4, 5]] * 255) == SMOOTH.ravel()).all()
    assert data.notes == (
        "1 image in colour, read as grey",
        "1 image of several frames, of which the first is read",
        "1 image turned upright, as their EXIF data say",
        "1 image with transparency, which is left out",
        "5 images of 8 bits put on the scale of the others, 16 bits",
    )


def test_values_that_no_grey_has_are_refused(tmp_path):
    picture(tmp_path / "x.tif", SMOOTH / np.float32(7))
    with pytest.raises(FormatError, match="holds fractions"):
        read(tmp_path / "x.tif")
    picture(tmp_path / "y.tif", SMOOTH.astype(np.int32) * 10_000)
    with pytest.raises(FormatError, match="grey values of 0 to 65535 expected, got 0 to 1920000"):
        read(tmp_path / "y.tif")


def test_parts_are_no_classes(tmp_path):
    for name in ("train/a/1", "train/b/2", "test/a/3", "test/b/4", "val/a/5"):
        picture(tmp_path / "d" / f"{name}.png", RANDOM.integers(0, 256, (3, 3), dtype=np.uint8))
    data = read(tmp_path / "d")
    assert (data.classes, data.names.tolist()) == (("a", "b"), ["1", "2"])
    assert data.notes[0] == (
        "'test', 'train' and 'val' in d are parts: 'train' is read, not 'test' and 'val' (--part chooses)"
    )
    assert read(tmp_path / "d", part="test").names.tolist() == ["3", "4"]
    assert part_of(data.kind, tmp_path / "d", {}) == "test"
    assert part_of(data.kind, tmp_path / "d" / "train", {}) is None
    assert read(tmp_path / "d" / "train").classes == ("a", "b")
    with pytest.raises(FormatError, match="has no folder 'test', its folders are 'a' and 'b'"):
        read(tmp_path / "d" / "train", part="test")


def test_one_folder_around_the_classes(tmp_path):
    for name in ("images/train/a/1", "images/train/b/2"):
        picture(tmp_path / "d" / f"{name}.png")
    data = read(tmp_path / "d")
    assert data.classes == ("a", "b")
    assert data.notes[:2] == (
        "all files lie in 'images': the folders in it are the classes",
        "'train' in images is a part: its folders are classes",
    )
    picture(tmp_path / "e" / "a" / "1.png")
    assert read(tmp_path / "e").classes == ("a",)


def test_classes_whose_names_become_one_stay_apart(tmp_path):
    values = RANDOM.integers(0, 2, (6, 2, 2))
    labels = ["a/b", "a_b", "a:b", "A_B", "", "a/b"]
    data = Dataset.from_arrays(values, labels, names=["x", "x", "x", "y", "a_b", "X"])
    write(tmp_path / "d", data)
    again = read(tmp_path / "d")
    assert again.classes == ("A_B-4", "a_b", "a_b-2", "a_b-3")
    counts = {name: int(count) for name, count in zip(again.classes, again.class_counts, strict=True)}
    assert counts == {"a_b": 2, "a_b-2": 1, "a_b-3": 1, "A_B-4": 1}
    assert len(again) == 6


def test_a_picture_in_another_format(tmp_path):
    write(tmp_path / "x.bmp", Dataset.from_arrays(np.eye(4, dtype=int)[None]))
    assert Image.open(tmp_path / "x.bmp").format == "BMP"


def test_too_large_images_are_refused_before_memory_is_full(tmp_path, monkeypatch):
    from shortrun.data.images.formats import pictures

    monkeypatch.setattr(pictures, "LARGE", 80)
    for i in range(2):
        picture(tmp_path / "d" / f"{i}.png")
    with pytest.raises(FormatError, match=r"is 6x8 pixels, 2 images need 0 GiB: image_size 64x64 resizes them"):
        read(tmp_path / "d")


def test_a_gif_of_more_pixels_than_its_bytes_can_hold(tmp_path):
    path = tmp_path / "x.gif"
    picture(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:6] + (2800).to_bytes(2, "little") * 2 + whole[10:])
    with pytest.raises(FormatError, match=r"is a damaged image: 2800x2800 pixels in [0-9,]+ bytes"):
        read(path)
    Image.fromarray(np.zeros((4000, 4000), np.uint8)).save(path)  # as small as it gets
    assert read(path).sites == 16_000_000


def test_folders_within_those_of_classes_are_said(tmp_path):
    for name in ("a/1", "a/p/2", "a/q/3", "b/4"):
        picture(tmp_path / "d" / f"{name}.png")
    data = read(tmp_path / "d")
    assert data.class_counts.tolist() == [3, 1]
    note = "2 files lie deeper than the outermost folder, which is the class: in 'a/p' and 'a/q'"
    assert note in data.notes
    assert note in good("data", "info", tmp_path / "d").out
