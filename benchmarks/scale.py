"""Memory and time of large machines, large families, large files and many samples.

    python -m benchmarks.scale [--json out.json] [--tiny] [--only train mapped ...] [--folder DIR]

Every measurement runs in its own process, so that the peaks are separate. It reports seconds, peak resident memory (MB,
of which `start` is Python, torch and shortrun before anything is done) and, where applicable, the size of theta and of
the values. `--tiny` has the same steps at sizes that take seconds. Files are kept in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

CLASSES, NOISE = 5, 0.2
SIZES = {
    "full": {
        "sites": (1_000, 10_000, 100_000),
        "hidden": 1024,
        "rows": 1_000,
        "batch": 500,
        "updates": 3,
        "family": (29_716, 112),
        "file": (20_000, 100_000),
        "samples": 1_000_000,
        "pixels": 784,
    },
    "tiny": {
        "sites": (100, 300, 1_000),
        "hidden": 32,
        "rows": 100,
        "batch": 50,
        "updates": 2,
        "family": (500, 20),
        "file": (500, 2_000),
        "samples": 5_000,
        "pixels": 64,
    },
}
Size = dict
Step = Callable[[Size, Path], object]


def steps(size: Size) -> dict[str, Step]:
    """Return every measurement by name, in order of their dependencies."""
    found: dict[str, Step] = {}
    for sites in size["sites"]:
        found[f"data {sites} sites"] = lambda size, folder, n=sites: write_file(folder / f"{n}.npy", size["rows"], n)
        found[f"train {sites} sites"] = lambda size, folder, n=sites: train(size, folder, f"{n}")
    largest = f"{size['sites'][-1]}"
    found |= {
        "resume largest": lambda size, folder: train(size, folder, largest, resume=True),
        "generate largest": lambda _, folder: generate(folder / f"{largest}.run", 100, folder / "few.npz"),
        "predict largest": lambda _, folder: predict(folder / f"{largest}.run", folder / f"{largest}.npy"),
        "info largest": lambda _, folder: command("info", folder / f"{largest}.run"),
        "family": family,
        "data of a large file": lambda size, folder: write_file(folder / "file.npy", *size["file"]),
        "mapped training": lambda size, folder: train(size, folder, "file", hidden=size["hidden"] // 4),
        "data of images": lambda size, folder: write_file(folder / "images.npy", size["rows"], size["pixels"]),
        "train images": lambda size, folder: train(size, folder, "images", hidden=size["hidden"] // 8),
        "generate a few": lambda _, folder: generate(folder / "images.run", 1000, folder / "few.npz"),
    }
    for ending in ("npz", "npy", "fasta"):
        found[f"generate {ending}"] = lambda size, folder, end=ending: generate(
            folder / "images.run", size["samples"], folder / f"many.{end}"
        )
    found["predict many"] = lambda _, folder: predict(folder / "images.run", folder / "many.npz")
    return found


def write_file(path: Path, rows: int, sites: int) -> dict[str, float]:
    """Write noisy copies of one pattern per class, some rows at a time, and their labels."""
    random = np.random.default_rng(0)
    patterns, labels = random.integers(0, 2, (CLASSES, sites), np.uint8), np.arange(rows) % CLASSES
    values = np.lib.format.open_memmap(path, "w+", np.uint8, (rows, sites))
    at_once = max(1, 2**24 // sites)
    for first in range(0, rows, at_once):
        part = labels[first : first + at_once]
        values[first : first + at_once] = patterns[part] ^ (random.random((len(part), sites), np.float32) < NOISE)
    path.with_suffix(".csv").write_text("label\n" + "\n".join(f"class {label}" for label in labels) + "\n")
    return {"file_mb": path.stat().st_size / 1e6}


def train(size: Size, folder: Path, name: str, *, hidden: int = 0, resume: bool = False) -> dict[str, float]:
    """Train for a few updates, or for one more."""
    hidden, updates = hidden or size["hidden"], size["updates"] + resume
    file, run = folder / f"{name}.npy", folder / f"{name}.run"
    settings = ["--updates", updates, "--batch", size["batch"], "--hidden", hidden]
    if resume:
        command("train", "-o", run, "--resume", "--updates", updates)
    else:
        command("train", file, "--labels", file.with_suffix(".csv"), "--labels-by-order", "-o", run, *settings)
    return {"theta_mb": theta_mb(run), "file_mb": file.stat().st_size / 1e6}


def theta_mb(run: Path) -> float:
    """Return the size of the parameters of a run."""
    return max(age.stat().st_size for age in (run / "ages").iterdir()) / 1e6


def generate(run: Path, count: int, out: Path) -> dict[str, float]:
    """Generate samples into a file."""
    command("generate", run, "-n", count, "-o", out)
    return {"theta_mb": theta_mb(run), "samples": count, "file_mb": out.stat().st_size / 1e6}


def predict(run: Path, file: Path) -> dict[str, float]:
    """Predict the labels of a file."""
    out = file.with_suffix(".predictions.csv")
    command("predict", run, file, "-o", out)
    return {"theta_mb": theta_mb(run), "file_mb": file.stat().st_size / 1e6}


def family(size: Size, folder: Path) -> dict[str, float]:
    """Train on an alignment of some 30,000 proteins, a random one if the real one is not available."""
    from benchmarks.cases import SHARED

    path = SHARED / "pf00072" / "pf00072_train.fasta.gz"
    if size is not SIZES["full"] or not path.exists():
        path = folder / "family.fasta"
        letters = np.frombuffer(b"-ACDEFGHIKLMNPQRSTVWY", np.uint8)
        codes = np.random.default_rng(0).integers(0, len(letters), size["family"])
        path.write_bytes(b"".join(b">%d\n%s\n" % (i, row.tobytes()) for i, row in enumerate(letters[codes])))
    run = folder / "family.run"
    settings = ["--updates", size["updates"], "--batch", size["batch"], "--hidden", size["hidden"]]
    command("train", path, "-o", run, *settings)
    return {"theta_mb": theta_mb(run)}


def command(*words: object) -> None:
    """Run a command line of shortrun in this process, silently."""
    from shortrun.cli import main

    before = sys.stdout
    with Path(os.devnull).open("w") as sys.stdout:
        code = main([str(word) for word in words])
    sys.stdout = before
    if code:
        raise SystemExit(f"shortrun {' '.join(map(str, words))}: exit code {code}")


def peak_mb() -> float:
    """Return the largest resident memory of this process so far."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    kilobytes = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), None)
    return (kilobytes or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1e3


def one(name: str, size: Size, folder: Path) -> dict[str, float]:
    """Do one step in this process and return its cost."""
    import shortrun.workflows  # noqa: F401 - so that `start` has it, and torch

    start, begin = peak_mb(), time.perf_counter()
    found = steps(size)[name](size, folder)
    seconds, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "start_mb": start,
        "peak_mb": peak_mb(),
    }
    return {key: round(value, 3) for key, value in (figures | dict(found or {})).items()}


def measured(size: str, folder: Path, only: list[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the figures of each step, each measured in its own process."""
    for name in steps(SIZES[size]):
        if only and not any(name.startswith(word) for word in only):
            continue
        words = [sys.executable, "-m", "benchmarks.scale", "--step", name, "--size", size, "--folder", str(folder)]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        yield name, json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file to write")
    parser.add_argument("--tiny", action="store_const", const="tiny", default="full", dest="size")
    parser.add_argument("--size", choices=SIZES, dest="size", help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="*", default=[], help="beginnings of the names of steps")
    parser.add_argument("--folder", type=Path, help="where files wait; kept, if given")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(one(options.step, SIZES[options.size], options.folder)))
        return
    figures = {}
    with tempfile.TemporaryDirectory() as temporary:
        for name, found in measured(options.size, options.folder or Path(temporary), options.only):
            figures[name] = found
            print(f"{name:24}", *(f"{key} {value:<9g}" for key, value in found.items()), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
