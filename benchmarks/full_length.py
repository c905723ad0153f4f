"""The papers' own settings at the papers' own length, or as far as a limit in minutes goes: F&F-10 beside PCD-100.

    python -m benchmarks.full_length hgd mnist sam -o FOLDER [--schemes ff pcd] [--minutes 20]

Trains as in FF23 table 2 (for SAM as in FF24), with `--preset paper` and the batch, the hidden units and the number of
updates of the data set. Then scores samples of eight ages against held-out rows over the sampling time: for each
run `FOLDER/CASE-SCHEME.csv`, and per data set the figures `CASE.png` (FF23 fig. 7, FF24 fig. 4: ages, both schemes side
by side) and `CASE-SCHEME-classes.png` (FF23 fig. 3A, FF24 fig. 5: the last age, class by class). Prints a JSON line a
run: updates, minutes, the best accuracy, and the scores of the last age. A run that is there is measured and not
trained again. Real data are read from $SHORTRUN_SHARED.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import pandas as pd

import shortrun as sr
from benchmarks.quality import CASES
from shortrun.plots import save, scores_by_age, scores_by_class
from shortrun.scores import Curves
from shortrun.workflows._runs import chosen_ages

# FF23 table 2; SAM: FF24
PAPER = {
    "hgd": {"hidden": 1024, "batch": 4507, "updates": 30_000},
    "mnist": {"hidden": 1024, "batch": 500, "updates": 600_000},
    "sam": {"hidden": 100, "batch": 1000, "updates": 120_000},
}
STEPS = {"ff": 10, "pcd": 100}
UNTIL = {"ff": 100, "pcd": 1000}  # sweeps; the papers follow PCD to 1e5
SCORES = ("spectrum", "entropy", "aai")
COMPARED = 1000
AGES = 8


def trained(case: str, scheme: str, train: sr.Dataset, folder: Path, minutes: float) -> tuple[sr.Trajectory, dict]:
    """Train, or open what was trained; return the run and what it took."""
    if (folder / "run.json").exists():
        return sr.Trajectory.open(folder), {}
    begin, cpu = time.time(), time.process_time()
    sizes = PAPER[case] | {"batch": min(PAPER[case]["batch"], len(train))}
    run = sr.fit(
        train,
        out=folder,
        preset="paper",
        scheme=scheme,
        steps=STEPS[scheme],
        minutes=minutes,
        seed=1,
        validation=0.0,
        **sizes,
    )
    return run, {"minutes": (time.time() - begin) / 60, "cpu_minutes": (time.process_time() - cpu) / 60}


def main() -> None:
    """Train, measure, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", choices=PAPER)
    parser.add_argument("--schemes", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--minutes", type=float, default=20.0, help="limit of each training")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for case in options.cases:
        train, test = CASES[case]()
        measured = []
        for scheme in options.schemes:
            name = f"{case}-{scheme}"
            run, took = trained(case, scheme, train, options.out / name, options.minutes)
            ages = chosen_ages(run, None, AGES)
            table = sr.curves(run, test, scores=SCORES, ages=ages, n=COMPARED, until=UNTIL[scheme])
            table.to_csv(options.out / f"{name}.csv", index=False)
            title = {"ff": "F&F", "pcd": "PCD"}[scheme]
            measured.append(Curves(f"{title}-{STEPS[scheme]}", scheme, STEPS[scheme], table))
            save(scores_by_class(measured[-1], SCORES), options.out / f"{name}-classes.png")
            print(json.dumps({"run": name, "updates": run.updates, **took, **best(table, STEPS[scheme])}), flush=True)
        save(scores_by_age(measured, SCORES), options.out / f"{case}.png")


def best(table: pd.DataFrame, k: int) -> dict:
    """Return the best accuracy over the ages, and the scores of the last one at k sweeps and at their best."""
    found = {}
    overall = table[table["class"] == "all"]
    accuracy = overall[overall["score"] == "accuracy"]
    top = accuracy.loc[accuracy["value"].idxmax()]
    found["accuracy"], found["accuracy_age"] = float(top["value"]), int(top["age"])
    for score in SCORES:
        rows = overall[(overall["score"] == score) & (overall["age"] == overall["age"].max())]
        least = rows.loc[rows["value"].abs().idxmin()]
        found[f"{score}_at_k"] = float(rows.loc[rows["steps"] == k, "value"].iloc[0])
        found[f"{score}_least"], found[f"{score}_least_at"] = float(least["value"]), int(least["steps"])
    return found


if __name__ == "__main__":
    main()
