"""The cost of installing and starting the program.

    python -m benchmarks.install [--fresh] [--slowest 15] [--json install.json]

The time of `shortrun --help` (the median of five processes), of loading everything (with torch), of `import shortrun`,
and the modules with the longest import before the help text. `--fresh` also installs the package without extras into a
new environment and reports the size, with and without torch, and the time, which depends on the network and on pip's
cache.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import timing

ROOT = Path(__file__).parents[1]
SOURCES = ("src", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE")
TORCH = (
    "torch",
    "functorch",
    "triton",
    "nvidia",
    "sympy",
    "networkx",
    "mpmath",
    "jinja2",
    "fsspec",
)  # with dependencies
HELP = ("-c", "import sys; from shortrun.cli import main; sys.exit(main(['--help']))")


def seconds(command: Sequence[str], rounds: int) -> list[float]:
    """Return the seconds of some runs of a program."""
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - begin)
    return taken


def start_up(rounds: int) -> dict[str, float]:
    """Return the median seconds of the help text, of loading everything, of the import, and of Python itself."""
    work = ("-c", "import shortrun.workflows")
    commands = {"help": HELP, "ready_to_work": work, "import": ("-c", "import shortrun"), "python": ("-c", "pass")}
    return {
        name: timing.rounded(statistics.median(seconds([sys.executable, *words], rounds)), 3)
        for name, words in commands.items()
    }


def slowest(count: int) -> list[dict[str, Any]]:
    """Return the modules with the largest cumulative import time on the way to the help text."""
    command = [sys.executable, "-X", "importtime", *HELP]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    lines = re.findall(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)", report)
    found = [{"module": name, "cumulative_ms": round(int(total) / 1e3, 1)} for _, total, _, name in lines]
    return sorted(found, key=lambda entry: -entry["cumulative_ms"])[:count]


def fresh() -> dict[str, float]:
    """Return the seconds and MiB of an installation into a new environment, from a copy of the sources."""
    with tempfile.TemporaryDirectory() as folder:
        tree, environment = Path(folder) / "tree", Path(folder) / "environment"
        copy(tree)
        venv.create(environment, with_pip=True)
        python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        begin = time.perf_counter()
        subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), str(tree)], check=True, stderr=subprocess.DEVNULL)
        taken = time.perf_counter() - begin
        (packages,) = {path.parent for path in environment.rglob("shortrun") if path.parent.name == "site-packages"}
        sizes = {path.name: size_of(path) for path in packages.iterdir()}
    total = sum(size for name, size in sizes.items() if not name.startswith(("pip", "setuptools")))
    torch = sum(size for name, size in sizes.items() if name.lower().startswith(TORCH))
    return {
        "install_seconds": round(taken, 1),
        "mib": round(total, 1),
        "mib_without_torch": round(total - torch, 1),
        "mib_of_shortrun": round(sizes["shortrun"], 2),
    }


def copy(tree: Path) -> None:
    """Copy the sources of the package."""
    tree.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree)


def size_of(path: Path) -> float:
    """Return the MiB of a file or a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 2**20


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", action="store_true", help="install into a new environment")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slowest", type=int, default=15, help="modules to name")
    parser.add_argument("--json", type=Path, help="where to write; without it the result is printed")
    options = parser.parse_args(arguments)
    found = timing.conditions() | {"start_seconds": start_up(options.rounds), "slowest": slowest(options.slowest)}
    if options.fresh:
        found |= fresh()
    timing.write(found, options.json)


if __name__ == "__main__":
    main()
