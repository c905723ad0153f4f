"""What a training at default settings reaches, on data that no setting was made for.

    python -m benchmarks.defaults mnist hgd ... [--seeds 1 2 3] [--minutes 6] [--json FILE] [-o FOLDER]
    python -m benchmarks.defaults digits sam hgd --updates 600 --set model.start=uniform      # the effect of an option
    python -m benchmarks.defaults digits sh3 --rows 300                                      # of fewer training samples

For each data set and seed: `sr.fit(train, out=..., seed=seed)` and nothing else, then samples and labels at the run's
own best ages, judged on rows that neither the training nor the choice of the defaults has seen. Prints a JSON line a
training, and at the end a table of means and standard deviations over the seeds. The judge of the labels is the best of
three classifiers by cross-validation, taught by the training rows. Real data are read from $SHORTRUN_SHARED.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import shortrun as sr
from benchmarks.cases import SHARED
from benchmarks.quality import digits, hgd, mnist, sam, sequences, sh3
from shortrun.scores import adversarial_accuracy, second_moment
from shortrun.scores.c2st import told_apart
from shortrun.scores.fidelity import recogniser
from shortrun.workflows.monitoring import chance_below, nearest_to

Split = tuple[sr.Dataset, sr.Dataset]
COMPARED = 2000  # held-out samples, at most
SEGMENT = 200  # bins of a segment of music
WINDOW = 10  # bins of a window: those across the end of a segment are left out
STRONG = 0.5  # |r| of two sites
DRAWS = 10  # of training rows in place of generated ones


def fashion() -> Split:
    """Return 10,000 training images and 2,000 others."""
    path = SHARED / "fashion_mnist" / "fashion_mnist.npz"
    return sr.read(path, threshold=0.3).head(10_000), sr.read(path, threshold=0.3, part="test")


def chr22() -> Split:
    """Return haplotypes of a chromosome by continent, a fifth of the people held out."""
    path = SHARED / "kg_chr22" / "kg_chr22.npz"
    return sr.split(sr.read(path, keys={"x": "x", "y": "continent", "group": "sample"}), 0.2, seed=0)


def mutase() -> Split:
    """Return chorismate mutases, active or not, a fifth held out."""
    folder = SHARED / "chorismate_mutase"
    return sr.split(sr.read(folder / "cm_natural.fasta.gz", labels=folder / "labels.csv"), 0.2, seed=0)


def protease() -> Split:
    """Return serine proteases by specificity, a fifth held out."""
    return sequences("serine_protease_s1a", "s1a.fasta.gz", "labels.csv")[:2]


def music() -> Split:
    """Return windows of four pieces by composer, a fifth of the segments of 200 bins held out."""
    with np.load(SHARED / "four_masters" / "four_pieces_w10.npz") as file:
        values, labels, start = file["x"], file["y"], file["start_bin"]
    whole = start % SEGMENT <= SEGMENT - WINDOW
    segment = np.char.add(np.char.add(labels.astype(str), "-"), (start // SEGMENT).astype(str))
    return sr.split(sr.Dataset.from_arrays(values[whole], labels[whole]).with_groups(segment[whole]), 0.2, seed=0)


def table(frame) -> Split:
    """Return a table with the column "target", a fifth of the rows held out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        frame.to_csv(path, index=False)
        return sr.split(sr.read(path, label_column="target"), 0.2, seed=0)


def of_sklearn(name: str) -> Callable[[], Split]:
    """Return a reader of a table that scikit-learn comes with."""

    def read() -> Split:
        from sklearn import datasets

        found = getattr(datasets, f"load_{name}")(as_frame=True)
        return table(found.frame.assign(target=[str(found.target_names[k]) for k in found.target]))

    return read


def adult_like(rows: int = 4000) -> Split:
    """Return a made table of the kind of the census income data: numbers and categories that depend on one another."""
    import pandas as pd

    random = np.random.default_rng(0)
    age = np.clip(random.gamma(6, 6.5, rows), 17, 90).round()
    schooling = np.clip(random.normal(10, 2.5, rows), 1, 16).round()
    sex = np.where(random.random(rows) < 0.66, "male", "female")
    job = np.select([schooling > 12, schooling > 9], ["office", "trade"], "service")
    job = np.where(random.random(rows) < 0.2, random.permutation(job), job)
    married = np.where(random.random(rows) < 1 / (1 + np.exp(-(age - 28) / 6)), "yes", "no")
    hours = np.clip(random.normal(40 + 3 * (sex == "male") + 2 * (job == "office"), 10), 5, 90).round()
    score = (schooling - 10) * 0.45 + (married == "yes") * 1.8 + (hours - 40) / 18 + (age - 38) / 30
    rich = random.random(rows) < 1 / (1 + np.exp(-(score - 2.2 + 0.5 * (job == "office"))))
    columns = {"age": age, "schooling": schooling, "sex": sex, "job": job, "married": married, "hours": hours}
    return table(pd.DataFrame({**columns, "target": np.where(rich, ">50K", "<=50K")}))


CASES: dict[str, Callable[[], Split]] = {
    "mnist": mnist,
    "fashion": fashion,
    "digits": digits,
    "hgd": hgd,
    "sh3": sh3,
    "mutase": mutase,
    "protease": protease,
    "sam": sam,
    "music": music,
    "chr22": chr22,
    "wine": of_sklearn("wine"),
    "cancer": of_sklearn("breast_cancer"),
    "adult-like": adult_like,
}
GENOTYPES = ("hgd", "chr22")
TABLES = ("wine", "cancer", "adult-like")


def trained(train: sr.Dataset, out: Path, seed: int, options: dict) -> tuple[sr.Trajectory, dict]:
    """Train at default settings but for some options; return the run and what it took."""
    begin, cpu = time.time(), time.process_time()
    run = sr.fit(train, out=out, seed=seed, **options)
    took = {
        "updates": run.updates,
        "minutes": (time.time() - begin) / 60,
        "cpu_minutes": (time.process_time() - cpu) / 60,
    }
    return run, took | {"done": run.outlook.done, "outlook": run.outlook.reason}


def judged(name: str, run: sr.Trajectory, train: sr.Dataset, test: sr.Dataset, seed: int) -> dict:
    """Return how samples and labels of a run do on held-out rows."""
    train, test = train.select(train.labelled), test.select(test.labelled).head(COMPARED)
    judge = recogniser(train)
    like = [test.classes[code] for code in test.labels]
    k = run.recipe["steps"]
    (part,) = sr.stream(run, labels=like, times=(k // 2, k, 2 * k), seed=seed)
    made = part[k]
    p_dd, p_gg = adversarial_accuracy(test, made)
    many = sr.generate(run, n=min(len(train), 10_000), seed=seed + 100)
    found = {
        "accuracy": sr.predict(run, test).accuracy,
        "judge": judge.name,
        "judge_accuracy": float((judge(test) == test.recode(train.classes).labels).mean()),
        "logistic": float((logistic(train)(test) == test.recode(train.classes).labels).mean()),
        "recognised": float((judge(made) == made.labels).mean()),
        "p_dd": p_dd,
        "p_gg": p_gg,
        **of_real(train, test),
        "nearer": chance_below(nearest_to(made, train), nearest_to(test, train)),
        "c2st": told_apart(test, made).value,
        "e2": second_moment(train, many),
        "e2_half_time": second_moment(train, sr.generate(run, n=len(many), seed=seed + 100, steps=k // 2)),
        "e2_twice_the_time": second_moment(train, sr.generate(run, n=len(many), seed=seed + 100, steps=2 * k)),
        "age_generate": run.best("generate"),
        "age_predict": run.best("predict"),
    }
    if name in GENOTYPES:
        found |= linkage(test, made)
    if name == "music":
        found["onset_rate"] = onsets(made) / onsets(test)
    if name in TABLES:
        of_made, truth = recogniser(many, among=["logistic regression"]), test.recode(train.classes).labels
        found["trained_on_generated"] = float((of_made(test) == truth).mean()) / found["logistic"]
    return found


def of_real(train: sr.Dataset, test: sr.Dataset) -> dict:
    """Return P_DD and P_GG of training rows in place of generated ones: 1/2 if both are of one distribution."""
    random, rows = np.random.default_rng(0), min(len(train), len(test))
    draws = [train.select(random.permutation(len(train))[:rows]) for _ in range(DRAWS)]
    p_dd, p_gg = np.mean([adversarial_accuracy(test, draw) for draw in draws], axis=0)
    return {"p_dd_real": float(p_dd), "p_gg_real": float(p_gg)}


def logistic(train: sr.Dataset):
    """Return a logistic regression taught by the training rows."""
    return recogniser(train, among=["logistic regression"])


def linkage(real: sr.Dataset, made: sr.Dataset) -> dict:
    """Return mean r^2 of neighbouring sites and mean |r| of strongly linked pairs, generated over real."""
    a, b = (np.nan_to_num(np.corrcoef(each.values.T.astype(np.float32))) for each in (real, made))
    common = np.minimum(real.values.mean(0), 1 - real.values.mean(0)) >= 0.05
    next_to = np.flatnonzero(common[:-1] & common[1:])
    bias = 1 / len(real)
    r2 = [float((each[next_to, next_to + 1] ** 2).mean()) - bias for each in (a, b)]
    strong = np.triu(np.abs(a) > STRONG, 1) & common & common[:, None]
    return {
        "neighbour_r2": r2[1] / r2[0],
        "strong_r": float((b[strong] * np.sign(a[strong])).mean() / np.abs(a[strong]).mean()),
    }


def onsets(data: sr.Dataset) -> float:
    """Return the mean number of notes that begin in a window, after its first bin."""
    rolls = data.values.reshape(len(data), -1, 88)
    return float((rolls[:, 1:] & (1 - rolls[:, :-1])).sum((1, 2)).mean())


def summary(rows: list[dict]) -> str:
    """Return the means and standard deviations over seeds of each data set."""
    lines = []
    for name in dict.fromkeys(row["case"] for row in rows):
        mine = [row for row in rows if row["case"] == name]
        numbers = [
            key for key, value in mine[0].items() if isinstance(value, int | float) and key not in ("seed", "done")
        ]
        told = [f"{key} {np.mean([r[key] for r in mine]):.3g}({np.std([r[key] for r in mine]):.2g})" for key in numbers]
        lines.append(f"{name}: " + ", ".join(told))
    return "\n".join(lines)


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], default=[])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--minutes", type=float, help="limit of each training")
    parser.add_argument("--updates", type=int, help="exactly so many updates")
    parser.add_argument("--rows", type=int, help="train on so many rows, drawn at random")
    parser.add_argument("--set", action="append", default=[], dest="assignments", help="section.key=value to compare")
    parser.add_argument("--json", type=Path, help="file to append to")
    parser.add_argument("-o", "--out", type=Path, help="folder to keep the runs in")
    options = parser.parse_args()
    limits = {"minutes": options.minutes, "updates": options.updates}
    given = {name: value for name, value in limits.items() if value is not None}
    given["assignments"] = tuple(options.assignments)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or Path(temporary)
        for seed in options.seeds:
            for name in options.cases or CASES:
                train, test = CASES[name]()
                if options.rows is not None:
                    train = train.select(np.random.default_rng(seed).permutation(len(train))[: options.rows])
                run, took = trained(train, folder / f"{name}-{seed}", seed, given)
                setting = {"set": options.assignments} if options.assignments else {}
                asked = {"case": name, "seed": seed, "rows": len(train), **setting}
                rows.append({**asked, **took, **judged(name, run, train, test, seed)})
                line = json.dumps(rows[-1])
                print(line, flush=True)
                if options.json:
                    with options.json.open("a") as file:
                        file.write(line + "\n")
    print(summary(rows))


if __name__ == "__main__":
    main()
