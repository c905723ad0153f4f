"""Whatever is in a file, it is read or refused in one line; `tests/campaigns/readers.py` is the long part."""

import gzip
import io
import os
import pickle
import resource
import struct
import subprocess
import warnings
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from campaign import times
from campaigns.readers import FORMATS, Case, sound
from command_line import refused
from shortrun.data import read, write
from shortrun.data.core import apart, boundary
from shortrun.data.core.dataset import Dataset
from shortrun.data.formats import by_name
from shortrun.errors import FormatError, StoreError


@pytest.fixture
def hasty(monkeypatch):
    """Do not wait for the disk."""
    monkeypatch.setattr("shortrun.files.sync", lambda *_: None)


@pytest.mark.parametrize("name", FORMATS.values())
def test_damage_is_read_or_refused(tmp_path, name, hasty, capfd):
    whole, inputs = sound(name, tmp_path), times(8, 2000)
    for number in range(inputs):
        case = Case(name, number, tmp_path, whole)
        case.make()
        outcome = case.run()
        assert not outcome.startswith("foreign"), f"input {number}: {outcome}"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("number", [253, 471])  # a member without a name; a zip of a version to come
def test_odd_zips_are_refused_where_they_are_opened(tmp_path, number):
    case = Case("x.csv.zip", number, tmp_path, sound("x.csv.zip", tmp_path))
    case.make()
    assert case.run() == "refused"


@pytest.mark.parametrize("number", [14539, 28261])
def test_names_in_a_zip_that_are_no_text_are_refused_where_they_are_read(tmp_path, number):
    case = Case("x.csv.zip", number, tmp_path, sound("x.csv.zip", tmp_path))
    case.make()
    assert case.run() == "refused"


@pytest.mark.parametrize("number", [9945, 10428, 2857])
def test_a_tiff_of_many_rows_that_are_not_there_is_refused(tmp_path, number):
    case = Case("x.tif", number, tmp_path, sound("x.tif", tmp_path))
    case.make()
    assert case.run() == "refused"


def test_a_list_of_links_that_asks_for_all_memory_is_refused(tmp_path):
    """Input 25,506 of the campaign says that its list of links takes gigabytes, and the library believes it."""
    case = Case("x.h5", 25506, tmp_path, sound("x.h5", tmp_path))
    case.make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert case.run() == "refused"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**21  # KiB
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize("name", ["x.psam", "x.pvar"])
def test_plink_2_files_beside_without_a_header_are_refused_where_they_are_read(tmp_path, name):
    sound("x.pgen", tmp_path)
    (tmp_path / name).write_bytes(b"##a remark\n\n")
    with pytest.raises(FormatError, match=f"{name}: is empty: a header that begins with # expected") as error:
        read(tmp_path / "x.pgen")
    assert error.value.__cause__ is None


def npy(shape, content=b"abc"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return file.getvalue() + content


def npz(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)
    return file.getvalue()


def png(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def hdf5(fill):
    file = io.BytesIO()
    with h5py.File(file, "w") as target:
        fill(target)
    return file.getvalue()


def virtual(file):
    layout = h5py.VirtualLayout((2, 3), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2, 3))
    file.create_virtual_dataset("train", layout)


def link(file):
    file["labels"] = h5py.ExternalLink("other.h5", "/x")


IMPOSSIBLE = {
    "npy": ("x.npy", npy((10**6, 10**6)), "truncated or damaged NumPy file"),
    "negative": ("x.npy", npy((1, -1)), "truncated or damaged NumPy file"),
    "no bytes": ("x.npy", npy((9, 9)).replace(b"|u1", b"<U0"), "truncated or damaged NumPy file"),
    "tokens": ("x.npy", npy((9, 9)).replace(b"'shape': (", b"'shape': (("), "truncated or damaged NumPy file"),
    "npz": ("x.npz", npz(npy((10**9, 10**9))), "array 'x': is a truncated or damaged NumPy file"),
    "idx": ("x.idx", b"\0\0\x08\x03" + b"\xff" * 12, "is truncated: .* bytes expected"),
    "bomb": ("x.png", png(60000, 60000), r"is too large: image size \(3600000000 pixels\)"),
    "large": ("x.png", png(11000, 11000), "is 11000x11000 pixels, at most 89,478,485 are read"),
    "sparse": (
        "x.h5",
        hdf5(lambda file: file.create_dataset("train", (10**6, 900), "u1", chunks=(1000, 900))),
        "'train' is said to be 900,000,000 bytes, of which the file holds 0",
    ),
    "link": ("x.h5", hdf5(link), "'labels' is a link to another file, 'other.h5'"),
    "virtual": ("x.h5", hdf5(virtual), "'train' is a virtual data set, of other files"),
    "external": (
        "x.h5",
        hdf5(lambda file: file.create_dataset("train", (2, 3), "u1", external=[("other", 0, 6)])),
        "'train' is in external storage, of other files",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_files_say_of_their_size_and_of_others_is_not_believed(tmp_path, case):
    name, content, reason = IMPOSSIBLE[case]
    (tmp_path / name).write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FormatError, match=reason) as error:
        read(tmp_path / name)
    assert "\n" not in str(error.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**17  # KB


def test_unpacked_sizes_have_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("shortrun.data.arrays.formats._arrays.LARGE", 2**10)
    table, values = b"a,b\n0,1\n1,0\n" + b"0,1\n" * 5000, npz(npy((100, 50), bytes(5000)))
    for name, content, size in (("x.csv.gz", gzip.compress(table), 20000), ("x.npz", values, 5000)):
        (tmp_path / name).write_bytes(content)
        least = (size + 1000) / 2**30
        assert read(tmp_path / name, max_unpacked=least).sites
        with pytest.raises(FormatError, match=r"unpacks to more than .* GiB: if that is right, raise max_unpacked"):
            read(tmp_path / name, max_unpacked=least / 2)
    assert "--max-unpacked" in refused("data", "info", tmp_path / "x.csv.gz", "--max-unpacked", "1e-5")


def test_one_boundary_keeps_the_cause_and_our_own_faults(tmp_path, monkeypatch):
    def raises(error):
        def act(*_):
            warnings.warn("a source path", stacklevel=1)
            raise error

        return act

    form = by_name()["fasta"]
    data = Dataset.from_arrays([[0, 1], [1, 0]], alphabet="rna")
    write(tmp_path / "x.fa", data)
    cases = {
        OverflowError("too\nlarge"): "cannot be read: OverflowError: too large; is it damaged?",
        MemoryError(
            "Unable to allocate 3 GiB"
        ): "cannot be read: there is not enough memory (Unable to allocate 3 GiB)",
        MemoryError(): "cannot be read: there is not enough memory (for a file of ",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cause, reason in cases.items():
            monkeypatch.setitem(vars(form), "read", raises(cause))
            with pytest.raises(FormatError) as error:
                read(tmp_path / "x.fa")
            assert error.value.reason.startswith(reason)
            assert error.value.__cause__ is cause
            assert "not enough memory" in refused("data", "info", tmp_path / "x.fa") or not isinstance(
                cause, MemoryError
            )
        monkeypatch.setitem(vars(form), "read", raises(AssertionError("ours")))
        with pytest.raises(AssertionError, match="ours"):
            read(tmp_path / "x.fa")
        monkeypatch.setitem(vars(form), "write", raises(TypeError("odd")))
        with pytest.raises(FormatError, match="these data cannot be written to it: TypeError: odd"):
            write(tmp_path / "y.fa", data)
        with pytest.raises(StoreError, match=r"y\.fa: no space left"), boundary.writing(tmp_path / "y.fa"):
            raise OSError(28, "No space left")


class Opened:
    """What harms who unpickles it."""

    def __reduce__(self):
        return open, ("harmed", "w")


@pytest.mark.parametrize(
    "said",
    [
        pickle.dumps([("item", Opened())]),
        b"\xff" * 8,
        b"",
        b"[[[" * 10**5,
        b"[1]",
        b"{}",
        b'[["item",{"array":["<i4",[10]]}]]',
        b'[["item",{"array":["|O",[1]]}]]12345678',
        b'[["item",{"array":["<i4",[-1]]}]]',
        b'[["item",{"array":["|i1",[99999999999999999999]]}]]',
        b'[["item",{"array":["|i1",[9999999999999999]]}]]',
        b'[["item",{}]]',
    ],
)
def test_a_process_apart_cannot_harm_who_asks_it(tmp_path, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path.parent / "said").write_bytes(len(said).to_bytes(8, "little") + said)
    pipe, command = subprocess.PIPE, ["cat", tmp_path.parent / "said"]
    monkeypatch.setattr(apart, "started", lambda: subprocess.Popen(command, stdin=pipe, stdout=pipe))
    worker = apart.Worker()
    with pytest.raises(apart.BrokenOffError):
        worker.receive()
    worker.stop()
    assert [*tmp_path.iterdir()] == []


def test_a_process_apart_says_how_it_ended():
    from shortrun.data.genotypes.formats import _htslib

    assert [*apart.apart(_htslib.records, "/no/such/file", None, False, None)] == []
    first = apart._idle[-1]
    assert [*apart.apart(_htslib.records, "/no/such/file", None, False, None)] == []
    assert apart._idle[-1] is first  # it is used again
    with pytest.raises(RuntimeError, match="TypeError"):
        [*apart.apart(_htslib.records, "too few")]
    first.process.kill()
    first.process.wait()
    assert [*apart.apart(_htslib.records, "/no/such/file", None, False, None)] == []
    apart.stop()
    assert apart._idle == []


SHARED = Path(os.environ.get("SHORTRUN_SHARED", Path(__file__).parents[3] / "shared" / "data"))
ENDING_HTSLIB = sorted((SHARED.parent / "cases" / "vcf").glob("*.vcf*"))


@pytest.mark.skipif(not ENDING_HTSLIB, reason="no shared files on which htslib ends its process")
def test_files_that_end_htslib_end_no_session():
    assert len(ENDING_HTSLIB) == 3
    for number, path in enumerate(ENDING_HTSLIB):
        every = ({}, {"skip_bad": True}, {"missing": "drop-site"})
        for options in times(every[number : number + 1], every):
            with pytest.raises(FormatError) as error:
                read(path, **options)
            assert str(error.value).startswith(str(path))
            assert "\n" not in str(error.value)
        assert path.name in refused("data", "info", path)
