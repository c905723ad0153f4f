"""The quality of machines on the papers' kinds of data, and their training time.

    python -m benchmarks.quality mnist -o runs/mnist [--hidden 1024] [--updates 6000] [--set section.key=value ...]

Trains (or, with --no-train, takes an existing run) and prints one JSON object: accuracy on held-out samples,
exact and by label chains; for each sampling time E2 against the training data, the share of samples whose label a
logistic regression trained on real data recognises, and P_DD, P_GG against training samples with the same labels. The
data are read from $SHORTRUN_SHARED (by default ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import shortrun as sr
from benchmarks.cases import SHARED
from shortrun.data.core.parts import joined
from shortrun.scores import adversarial_accuracy, second_moment
from shortrun.scores.fidelity import recogniser
from shortrun.settings import resolve

TIMES = (2, 5, 10, 20, 50)
SAMPLES = 2000


def mnist():
    """Return the papers' 10,000 training images and the 2,000 test images, threshold 0.3."""
    path = SHARED / "mnist" / "mnist.npz"
    return sr.read(path, threshold=0.3).head(10_000), sr.read(path, threshold=0.3, part="test")


def digits():
    """Return the embedded digits."""
    return sr.read("digits", part="train"), sr.read("digits", part="test")


def hgd():
    """Return haplotypes by continent, a tenth of the people held out."""
    data = sr.read(SHARED / "hgd" / "hgd.npz", keys={"x": "x", "y": "continent", "group": "sample"})
    return sr.split(data, 0.1, seed=0)


def sequences(folder: str, name: str, labels: str):
    """Return labelled sequences, a fifth held out; unlabelled ones are all in the training part."""
    data = sr.read(SHARED / folder / name, labels=SHARED / folder / labels)
    rest, test = sr.split(data.select(data.labelled), 0.2, seed=0)
    return rest, test, data.select(~data.labelled)


def sh3():
    """Return SH3 domains by orthologous group, labelled ones only."""
    return sequences("sh3", "sh3.fasta.gz", "labels.csv.gz")[:2]


def sh3_all():
    """Return SH3 domains with the unlabelled half among the training data."""
    rest, test, unlabelled = sequences("sh3", "sh3.fasta.gz", "labels.csv.gz")
    return joined([rest, unlabelled]), test


def sam():
    """Return SAM riboswitches by taxonomic class, labelled ones only."""
    return sequences("sam_riboswitch", "sam_rf00162.fasta.gz", "sam_rf00162_labels.csv.gz")[:2]


CASES = {"mnist": mnist, "digits": digits, "hgd": hgd, "sh3": sh3, "sh3-all": sh3_all, "sam": sam}


def measure(run: sr.Trajectory, train: sr.Dataset, test: sr.Dataset, age: int | str = "last") -> dict:
    """Return every figure of a trained run."""
    real = train.select(train.labelled)
    classifier = recogniser(real)
    baseline = np.mean(classifier(test) == test.recode(real.classes).labels)
    found = {"age": run.ages[-1] if age == "last" else age, "logistic_regression_accuracy": round(float(baseline), 4)}
    found["accuracy"] = {"exact": round(sr.predict(run, test, age=age).accuracy, 4)}
    for sweeps in (10, 1000):
        for chains in (1, 10):
            accuracy = sr.predict(run, test, sweeps=sweeps, chains=chains, age=age).accuracy
            found["accuracy"][f"{sweeps} sweeps, {chains} chains"] = round(accuracy, 4)
    chosen = np.random.default_rng(0).permutation(len(real))[: min(SAMPLES, len(real))]
    reference = real.select(np.sort(chosen))
    labels = [real.classes[label] for label in reference.labels]
    parts = list(sr.stream(run, labels=labels, times=TIMES, seed=1, age=age))
    found["by_time"] = {}
    for t in TIMES:
        made = joined([part[t] for part in parts])
        p_dd, p_gg = adversarial_accuracy(reference, made)
        found["by_time"][t] = {
            "e2": float(f"{second_moment(train, made):.3g}"),
            "recognised": round(float((classifier(made) == reference.labels).mean()), 4),
            "p_dd": round(p_dd, 3),
            "p_gg": round(p_gg, 3),
        }
    return found


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("-o", "--out", required=True)
    parser.add_argument("--hidden", type=int)
    parser.add_argument("--updates", type=int)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    parser.add_argument("--ages", action="store_true", help="measure at several ages, not only the last")
    parser.add_argument("--no-train", action="store_true")
    parser.add_argument("--resume", action="store_true", help="go on with the run, with --set and --updates changed")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    train, test = CASES[options.case]()
    begin, cpu = time.time(), time.process_time()
    if options.no_train:
        run = sr.Trajectory.open(options.out)
    else:
        base = sr.Trajectory.open(options.out).config if options.resume else {"training": {"seed": 1}}
        config = resolve(base=base, preset=options.preset, assignments=options.assignments)
        sizes = {"hidden": options.hidden, "updates": options.updates}
        run = sr.fit(train, out=options.out, config=config, resume=options.resume, **sizes)
    found = {
        "case": options.case,
        "seconds": round(time.time() - begin, 1),
        "cpu_minutes": round((time.process_time() - cpu) / 60, 2),
        "config": run.config,
    }
    ages = run.ages[-1::-5][:5][::-1] if options.ages else run.ages[-1:]
    found["ages"] = [measure(run, train, test, age) for age in ages]
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
