"""Large data and many samples: values that stay in their file give the same bits, and memory stays bounded.

Peaks are those of processes of their own; bounds are in MB and generous, but far below what a needless copy would take.
"""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import shortrun as sr
from campaign import times
from shortrun.data import read, split, write
from shortrun.data.arrays.formats import _arrays
from shortrun.data.core.blocks import is_mapped
from shortrun.data.writing import writing
from shortrun.dynamics import Noise, Stream
from shortrun.equilibrium import samples
from shortrun.errors import DataError, FormatError
from shortrun.learning import Rows, begin, modes, profiles, rdm
from shortrun.learning import monitor as monitors
from shortrun.models import RBM, STREAMED, build, spec_of
from shortrun.parallel.launch import packed
from shortrun.settings import resolve
from shortrun.workflows import training

ROWS, SITES, CPU = 300, 40, torch.device("cpu")


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    """Every array stays in its file, and every block is a few rows."""
    monkeypatch.setattr(_arrays, "LARGE", 0)
    monkeypatch.setattr("shortrun.data.core.blocks.BYTES", 7 * SITES)


@pytest.fixture
def arrays():
    """Return values (N, S) and labels (N,)."""
    random = np.random.default_rng(0)
    labels = np.arange(ROWS) % 3
    return (random.random((ROWS, SITES)) < 0.2 + 0.3 * labels[:, None]).astype(np.uint8), labels


def saved(folder, kind, values, labels):
    """Return the data set of a file whose values stay there."""
    path = folder / f"data.{kind.split()[-1]}"
    (folder / "labels.csv").write_text("label\n" + "\n".join(map(str, labels)) + "\n")
    if kind == "npy":
        np.save(path, values)
    else:
        (np.savez if kind == "stored npz" else np.savez_compressed)(path, x=values)
    return read(path, labels=folder / "labels.csv", labels_by_order=True)


@pytest.mark.parametrize("kind", ["npy", "stored npz", "packed npz"])
def test_values_in_a_file_are_those_in_memory(tmp_path, arrays, kind):
    values, labels = arrays
    stored, here = saved(tmp_path, kind, values, labels), sr.Dataset.from_arrays(values, labels)
    assert is_mapped(stored.values)
    assert stored.hash == here.hash
    for rows in (slice(5, 90), np.array([7, 3, 3]), stored.labels == 1):
        assert stored.select(rows).hash == here.select(rows).hash
    assert [part.hash for part in split(stored, 0.2, seed=1)] == [part.hash for part in split(here, 0.2, seed=1)]
    assert is_mapped(stored.head(10).with_labels(labels[:10]).with_weights(np.ones(10)).values)
    for name in ("out.npz", "out.fasta", "out.csv.gz"):
        write(tmp_path / name, stored)
        assert read(tmp_path / name).hash == here.hash


def test_the_same_seed_trains_and_predicts_the_same_bits_from_a_file(tmp_path, arrays):
    stored = saved(tmp_path, "npy", *arrays)
    here = sr.Dataset.from_arrays(*arrays)
    settings = {"hidden": 6, "updates": 12, "batch": 32, "seed": 4}
    runs = [sr.fit(data, out=tmp_path / name, **settings) for name, data in (("stored", stored), ("here", here))]
    assert torch.equal(runs[0][-1], runs[1][-1])
    logs = [[{**record, "seconds": 0} for record in run.log()] for run in runs]
    assert logs[0] == logs[1]
    answers = [sr.predict(runs[0], data).probabilities for data in (stored, here)]
    assert np.array_equal(*answers)
    stopped = sr.fit(stored, out=tmp_path / "stopped", **settings | {"updates": 5})
    resumed = sr.fit(stored, out=stopped.path, updates=12, resume=True)
    assert torch.equal(resumed[-1], runs[1][-1])


def test_a_process_that_starts_opens_the_file_again(tmp_path, arrays):
    """What is handed to it does not grow with the file; a part of a map is handed over as it is."""
    np.save(tmp_path / "x.npy", arrays[0])
    values = np.load(tmp_path / "x.npy", mmap_mode="r")
    for table, most in ((values, 2000), (values[7:], 2000), (values[:, 3:], values.size + 2000)):
        content = packed(table)
        assert len(content) < most
        found = pickle.loads(content)
        assert np.array_equal(found, table)
        assert is_mapped(found) == (most == 2000)


def test_a_map_that_can_be_written_is_copied(tmp_path, arrays):
    np.save(tmp_path / "x.npy", arrays[0])
    values = np.load(tmp_path / "x.npy", mmap_mode="r+")
    data = sr.Dataset.from_arrays(values)
    values[:] = 0
    assert np.array_equal(data.values, arrays[0])


def test_numbers_of_other_types_and_grey_images_are_made_codes_in_blocks(tmp_path, arrays):
    values = arrays[0]
    for kind in (np.int64, np.float64, bool):
        np.save(tmp_path / "x.npy", values.astype(kind))
        assert read(tmp_path / "x.npy").hash == sr.Dataset.from_arrays(values).hash
    grey = np.random.default_rng(0).integers(0, 256, (ROWS, 5, 8), np.uint8)
    np.save(tmp_path / "x.npy", grey)
    found = read(tmp_path / "x.npy", threshold=0.5)
    assert np.array_equal(found.values, grey.reshape(ROWS, -1) > 0.5 * 255)
    assert found.kind.image.shape == (5, 8)


def test_what_is_wrong_with_large_arrays_is_said(tmp_path, arrays):
    values = arrays[0].copy()
    values[211, 17] = 3
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(DataError, match=r"sample 212, site 18: the value 3"):
        read(tmp_path / "x.npy")
    np.savez(tmp_path / "x.npz", x=arrays[0])
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(FormatError, match=r"array 'x': is a truncated or damaged"):
        read(tmp_path / "x.npz")
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-9])
    with pytest.raises(FormatError, match="truncated or damaged"):
        read(tmp_path / "x.npy")


@pytest.mark.parametrize("ending", ["npz", "npz.gz", "npy", "csv", "fasta.gz"])
def test_parts_make_the_file_that_the_whole_makes(tmp_path, arrays, ending):
    names = np.array([f"sample {'x' * (i // 100)}{i}" for i in range(ROWS)])
    data = sr.Dataset.from_arrays(*arrays, names=names)
    write(tmp_path / f"whole.{ending}", data)
    with writing(tmp_path / f"parts.{ending}") as add:
        for first in range(0, ROWS, 80):
            part = data.select(slice(first, first + 80))
            add(sr.Dataset.from_arrays(part.values, part.labels, names=part.names.tolist(), classes=data.classes))
    assert (tmp_path / f"parts.{ending}").read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    if ending == "npz.gz":
        assert read(tmp_path / "parts.npz.gz").hash == data.hash


def test_blocks_do_not_change_what_is_computed(arrays, monkeypatch):
    data = sr.Dataset.from_arrays(*arrays)
    config = resolve(model={"hidden": 5}, optimiser={"weight_std": 0.5})
    model, rows = RBM(spec_of(data, config.model)), Rows.of(data, CPU)
    found = []
    for elements in (STREAMED, 3 * SITES):
        for module in (modes, profiles):
            monkeypatch.setattr(module, "STREAMED", elements)
        monkeypatch.setattr(build.rows_at_once, "__defaults__", (elements,))
        theta = begin(model, rdm(1), rows, config).theta
        top = modes.strongest_modes(model, rows.spread(200)).values[0].item()
        found.append((model.view(theta), top, monitors.accuracy(model, theta, rows, 10, Noise(0, Stream.PREDICT))))
    (whole, top, accuracy), (blocks, *others) = found
    assert torch.equal(whole.weight, blocks.weight)
    torch.testing.assert_close(whole.bias, blocks.bias)
    assert others == pytest.approx([top, accuracy], rel=1e-5)


@pytest.mark.parametrize("units", ["bernoulli", "ising", "potts"])
def test_frequencies_by_counting_are_sums_of_features(arrays, monkeypatch, units):
    monkeypatch.setattr(profiles, "AT_ONCE", 4)
    monkeypatch.setattr(profiles, "STREAMED", 30 * SITES)
    data = sr.Dataset.from_arrays(arrays[0], weights=np.where(np.arange(ROWS) % 7, 0.3, 0))
    layer, rows = spec_of(data, resolve(model={"units": units}).model).observed[0], Rows.of(data, CPU)
    groups = torch.from_numpy(np.arange(ROWS) % 5)
    found = profiles.weighted_sums(layer, rows, 0, rows.weights, groups, 5)
    weights = np.eye(5)[groups].T * data.weights.astype(float)
    expected = torch.from_numpy(weights) @ layer.units.features(rows.state[0], torch.float64)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    apart = torch.cat([rows.weights[:-1], 2 * rows.weights[-1:]])  # weights that differ are not counted
    more = profiles.weighted_sums(layer, rows, 0, apart, groups, 5)
    torch.testing.assert_close(more[:4], found[:4], rtol=1e-12, atol=0)
    assert not torch.equal(more[4], found[4])


def test_likelihoods_of_a_file_are_those_in_memory(tmp_path, arrays, monkeypatch):
    stored, here = saved(tmp_path, "npy", *arrays), sr.Dataset.from_arrays(*arrays)
    run = sr.fit(here, hidden=6, updates=12, batch=32)
    monkeypatch.setattr(samples, "BYTES", 50 * SITES)
    assert [len(part) for part in samples.parts(stored)] == [50] * 6
    assert len(samples.spread(stored, 20)) == 50
    assert [len(part) for part in samples.parts(here)] == [ROWS]
    tables = [sr.likelihood(run, data, pseudo=True).samples for data in (stored, here)]
    assert tables[0]["label"].tolist() == tables[1]["label"].tolist()
    for name in ("log_likelihood", "pseudo_log_likelihood"):
        np.testing.assert_allclose(tables[0][name], tables[1][name], rtol=1e-10)
    by_age = [sr.likelihood_by_age(run, {"train": data}, ages=(2, 12))[0] for data in (stored, here)]
    np.testing.assert_allclose(by_age[0]["mean_log_likelihood"], by_age[1]["mean_log_likelihood"], rtol=1e-10)
    annealed = [sr.likelihood(run, data, method="ais", chains=20, temperatures=50) for data in (stored, here)]
    exact = sr.likelihood(run, here).estimate.log_z
    for each in annealed:
        assert abs(each.estimate.log_z - exact) < 4 * each.estimate.error


def test_labels_of_some_held_out_rows_are_predicted(arrays, monkeypatch):
    monkeypatch.setattr(training, "ANSWERS", 10 * SITES)
    monkeypatch.setattr(training, "FEWEST_ANSWERS", 5)
    parts = training.Parts.of(sr.Dataset.from_arrays(*arrays), resolve(), CPU)
    held = np.flatnonzero(parts.held)
    assert len(held) > 20
    assert len(parts.validation) == 10
    assert {0, 1, 2} == {*parts.validation.layer(1, torch.arange(10))[:, 0].tolist()}
    assert np.isin(parts.validation.index.numpy(), held).all()


def test_rows_share_the_data(arrays):
    rows = Rows.of(sr.Dataset.from_arrays(*arrays), CPU)
    some = rows.select(torch.tensor([5, 8, 2])).select(torch.tensor([2, 0]))
    assert some.state[0] is rows.state[0]
    assert torch.equal(some.observed(torch.tensor([0, 1]))[0], rows.state[0][[2, 5]])
    assert torch.equal(some.tensors[0], rows.state[0][[2, 5]])
    assert len(some) == 2


SERVER = """
import json, os, sys
from pathlib import Path
import numpy as np, torch, pandas
import scipy.sparse, sklearn.decomposition
import shortrun as sr, shortrun.workflows
from shortrun import store
from shortrun.scores import project
from shortrun.cli import main
from shortrun.data.arrays.formats import _arrays
from shortrun.data.writing import writing
torch.set_num_threads(1)
store.tensors.write(Path(sys.argv[1]), {"theta": torch.ones(9)}, {})
store.tensors.read(Path(sys.argv[1]))
def status(key):
    return int(next(line for line in Path("/proc/self/status").open() if line.startswith(key)).split()[1]) / 1e3
for line in sys.stdin:
    code, *words = json.loads(line)
    pid = os.fork()
    if not pid:
        before, failed = status("VmRSS"), 1
        try:
            exec(code)
            print("peak", status("VmHWM") - before, flush=True)
            failed = 0
        finally:
            sys.stderr.flush()
            os._exit(failed)
    if os.waitpid(pid, 0)[1]:
        print("failed", flush=True)
"""


@pytest.fixture(scope="module")
def peak(tmp_path_factory):
    """Return a function: by how many MB the memory of a process of its own grows at most while it runs some code.

    The processes are forks of one that has imported everything: the peak of a fork begins at what it has.
    """
    words = [sys.executable, "-c", SERVER, str(tmp_path_factory.mktemp("peak") / "x")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:

        def measure(code, *words):
            print(json.dumps([code, *map(str, words)]), file=server.stdin, flush=True)
            said = next(line.split() for line in server.stdout if line.startswith(("peak ", "failed")))
            assert said[0] == "peak", "see what the process wrote to stderr"
            return float(said[1])

        yield measure
        server.stdin.close()


linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


@linux
def test_peak_of_writing_and_reading_parameters(tmp_path, peak):
    code = """
theta = torch.ones(25_000_000)
named = {"theta": theta, "moments.0": theta, "moments.1": theta}
store.tensors.write(Path(words[0]), named, {"update": "1"})
"""
    assert peak(code, tmp_path / "x") < 1.2 * 100
    assert peak("found = store.tensors.read(Path(words[0]))", tmp_path / "x") < 1.2 * 300


@linux
def test_peak_of_training_on_a_file(tmp_path, peak):
    """320 MB of values and blocks of an eighth of the usual: the file is never in memory."""
    values = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.uint8, (40_000, 8_000))
    values[::1000] = 1  # the rest of the file is a hole on most disks
    del values
    (tmp_path / "y.csv").write_text("label\n" + "0\n1\n" * 20_000)
    code = """
from shortrun.data.core import blocks
from shortrun.learning import modes, profiles
from shortrun.models import build
blocks.BYTES //= 8
smaller = modes.STREAMED = profiles.STREAMED = modes.STREAMED // 8
build.rows_at_once.__defaults__ = (smaller,)
assert not main(["train", words[0], "--labels", words[1], "--labels-by-order", "-o", words[2], "--hidden", "16",
                 "--updates", "2", "--batch", "100", "--set", "training.validation=0.001"])
"""
    assert peak(code, tmp_path / "x.npy", tmp_path / "y.csv", tmp_path / "run") < 220


@linux
@pytest.mark.parametrize(
    ("rows", "sites", "alphabet", "most"),
    [(10_000, 784, "binary", 110), (5000, 430, "protein", 250)],  # one-hot values in double precision are 722 MB
)
def test_peak_of_projecting(rows, sites, alphabet, most, peak):
    code = """
rows, sites = map(int, words[:2])
values = np.random.default_rng(0).integers(0, 2 if words[2] == "binary" else 21, (rows, sites), dtype=np.uint8)
data = sr.Dataset.from_arrays(values, alphabet=words[2])
assert project(data, data.head(1000)).real.shape == (rows, 2)
"""
    assert peak(code, rows, sites, alphabet) < most


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return the folder of a small machine."""
    random = np.random.default_rng(0)
    data = sr.Dataset.from_arrays(random.integers(0, 2, (200, 64), np.uint8), np.arange(200) % 4)
    out = tmp_path_factory.mktemp("scale") / "run"
    sr.fit(data, out=out, hidden=8, updates=2)
    return out


@linux
@pytest.mark.slow
@pytest.mark.parametrize("ending", ["npz", "fasta", "npy", "csv"][: times(2, 4)])
def test_peak_of_generating_does_not_grow_with_the_number(tmp_path, trained, peak, ending):
    """180,000 more samples of 64 sites, 12 MB of values and 12 MB of names."""
    code = 'assert not main(["generate", words[0], "-n", words[1], "-o", words[2]])'

    def of(n):
        return peak(code, trained, n, tmp_path / f"{n}.{ending}")

    few, values = of(20_000), 64e-6 * 180_000
    # Arrays are written in one piece; their names wait in a file, whose pages count once they are looked at.
    most = 8 + (2 * values if ending in ("npz", "npy") else values / 2)
    assert any(of(200_000) - few < most for _ in range(2))  # what the allocator keeps by chance only adds


@linux
@pytest.mark.slow
def test_peak_of_predicting_grows_by_names_and_labels_only(tmp_path, trained, peak):
    code = """
_arrays.LARGE = 0  # bytes: the file is as one larger than memory
assert not main(["predict", words[0], words[1], "-o", words[2]])
"""
    peaks = []
    for n in (20_000, 120_000):
        np.save(tmp_path / f"{n}.npy", np.random.default_rng(0).integers(0, 2, (n, 64), np.uint8))
        peaks.append(peak(code, trained, tmp_path / f"{n}.npy", tmp_path / "p.csv"))
    assert peaks[1] - peaks[0] < 100e-6 * 100_000 + 10
