"""Trainings that several processes share, many in a row once the processes have started."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

import shortrun as sr
from shortrun import parallel

SITES, ROWS, CLASSES = 1000, 90, 3  # 4 chunks of two-valued sites, 16 of Potts sites
CASES = {  # name: values of a site, whether labels are missing, settings
    "ff": (2, False, {}),
    "ff, missing labels": (2, True, {}),
    "ff of spins, momentum": (2, False, {"units": "ising", "hidden_units": "ising", "optimiser": "momentum"}),
    "ff of colours": (4, False, {"l1": 1e-4, "l2": 1e-3}),
    "pcd of colours, Adam, imputed labels": (
        *(4, True),
        {"scheme": "pcd", "optimiser": "adam", "missing_labels": "impute", "chains": 33},
    ),
    "rdm of many colours, undamped": (21, None, {"scheme": "rdm", "damped_above": 0, "centred": False}),
    "cd": (2, False, {"scheme": "cd", "label_l2": 0.1, "average": 0}),
}
SETTINGS = {"hidden": 20, "batch": 40, "updates": 9, "log_every": 3, "seed": 4, "steps": 2}


def data(colours: int, missing: bool | None) -> sr.Dataset:
    """Return rows with classes, some of whose labels are missing; without any for None."""
    random = np.random.default_rng(colours)
    labels = np.arange(ROWS) % CLASSES
    common = random.integers(0, colours, (CLASSES, SITES))
    values = np.where(random.random((ROWS, SITES)) < 0.4, common[labels], random.integers(0, colours, (ROWS, SITES)))
    weights = np.where(labels == 0, 1.0, 0.3)
    alphabet = None if colours == 2 else "codes"
    classes = None if missing is None else labels
    found = sr.Dataset.from_arrays(values.astype(np.uint8), classes, weights=weights, alphabet=alphabet)
    return found.with_labels(np.where(np.arange(ROWS) % 4 == 1, -1, labels), found.classes) if missing else found


def train(name: str, out: Path, **changes: object) -> None:
    """Do the training of that name."""
    colours, missing, settings = CASES[name]
    sr.fit(data(colours, missing), out=out, progress=None, **{**SETTINGS, **settings, **changes})


def train_all(group: parallel.Group, folder: Path, names: tuple[str, ...], shapes: tuple[str, ...]) -> None:
    """Do trainings, shared out in some ways: half of one, of which a copy stays, and the rest with the next way."""
    for i, share in enumerate(shapes):
        mesh, then = (parallel.Mesh.of(group, shapes[j % len(shapes)]) for j in (i, i + 1))
        for n, name in enumerate(names):
            with parallel.sharing(mesh):
                train(name, folder / f"{share} {n}")
                train(name, folder / f"{share} {n} resumed", updates=5)
                begun, to = folder / f"{share} {n} resumed", folder / f"{share} {n} begun"
                group.told(lambda begun=begun, to=to: copied(begun, to))
            with parallel.sharing(then):
                train(name, folder / f"{share} {n} resumed", resume=True)


def go_on_with_all(group: parallel.Group, names: dict[str, Path], share: str) -> None:
    """Go on with some trainings, whoever began them: name of the training -> its run."""
    with parallel.sharing(parallel.Mesh.of(group, share)):
        for name, run in names.items():
            train(name, run, resume=True)


def copied(run: Path, to: Path) -> None:
    """Copy a run, without its lock."""
    shutil.copytree(run, to, ignore=shutil.ignore_patterns(".lock"))


def kept(run: Path) -> dict[str, object]:
    """Return all that a run has, without times."""
    found: dict[str, object] = {path.name: path.read_bytes() for path in sorted((run / "ages").iterdir())}
    records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return found | {"log": [{k: v for k, v in each.items() if k not in ("seconds", "crc32")} for each in records]}


def children(pid: int) -> list[int]:
    """Return the processes that another one started, as Linux tells."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(word) for word in found.stdout.split()]
