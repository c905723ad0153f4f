"""Effects of the options of chaotic networks, and an RBM of the same time: parts of `benchmarks.chaos`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import shortrun as sr
from benchmarks.chaos_tasks import SEEDS, SMALL, TASKS, Effort, Row, learned, mean, quality, spread_of
from shortrun.scores.reconstruction import squared_errors
from shortrun.settings import Config, resolve
from shortrun.workflows.reconstruction import reconstruct
from shortrun.workflows.time_courses import sampled

RULES: dict[str, Mapping[str, Any]] = {
    "plain": {},
    "momentum": {"optimiser.name": "momentum"},
    "centring": {"optimiser.centred": True},
    "weight decay 1e-3": {"optimiser.l2": 1e-3},
    "weight decay 1e-2": {"optimiser.l2": 1e-2},
    "power 0.5": {"chaotic.hebbian": 0.5},
    "power 2": {"chaotic.hebbian": 2.0},
    "power 3": {"chaotic.hebbian": 3.0},
}
EARLY = 4  # scores are also taken after this fraction of the updates: a quarter
UPDATES = 1000  # of a rule, at most
NETWORK_UPDATES = 500
PILOT = 50  # updates of the RBM that are timed, to find how many take the same time
COMPARED = 1000  # samples


def options(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield scores at T after trainings with each option, mean over seeds and its error."""
    shorter, seeds = replace(effort, updates=min(UPDATES, effort.updates)), SEEDS[:1] if effort is SMALL else SEEDS
    for name in TASKS:
        for rule, settings in RULES.items():
            rows = [of_rule(name, rule, settings, seed, folder, shorter) for seed in seeds]
            means = {key: mean([row[key] for row in rows]) for key in rows[0]}
            errors = {f"{key} error": spread_of([row[key] for row in rows]) for key in ("E2 early", "E2")}
            yield {"data": name, "rule": rule, **means, **errors, "seeds": len(rows)}


def of_rule(name: str, rule: str, settings: Mapping[str, Any], seed: int, folder: Path, effort: Effort) -> Row:
    """Return the scores of one training, early and late, and its reconstruction error."""
    run = learned(name, rule.replace(" ", "_"), settings, seed, folder, effort)
    data, young = TASKS[name].data(), min(run.ages, key=lambda age: abs(age - run.updates / EARLY))
    early, late = (quality(data, sr.generate(run, n=effort.samples, seed=seed, age=age)) for age in (young, "last"))
    rebuilt = reconstruct(run, data, seed=seed)
    kept = {key: late[key] for key in ("E2", "E2 floor", "diversity", "coverage", "classes")}
    return {"E2 early": early["E2"], **kept, "reconstruction": float(squared_errors(data, rebuilt).mean())}


def beside(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield scores of a network and of an RBM of the same size after the same processor time, on the same data."""
    small = effort is SMALL
    data = sr.read("digits") if small else sr.read("mnist", part="train")
    test = sampled(sr.read("digits") if small else sr.read("mnist", part="test"), COMPARED, 0)
    for labelled in (False, True):
        seen = data if labelled else data.with_labels(np.full(len(data), -1))
        kind = "labelled" if labelled else "plain"
        options = {"chaotic.classes": labelled, "training.batch": 100, "optimiser.rate": 0.1}
        network = settings("chaotic", options | {"optimiser.schedule": "inverse"}, {"layers": (200,)})
        updates = min(NETWORK_UPDATES, effort.updates)
        run, spent = timed(seen, folder / f"network_{kind}", network, updates)
        yield {"machine": "chaotic network", "labels": labelled, **measured(run, spent, test)}
        machine = settings("default", {"scheme.name": "ff" if labelled else "rdm"}, {"hidden": 200})
        _, pilot = timed(seen, folder / f"pilot_{kind}", machine, PILOT)
        run, spent = timed(seen, folder / f"rbm_{kind}", machine, max(PILOT, round(PILOT * spent / pilot)))
        yield {"machine": "RBM, k = 10", "labels": labelled, **measured(run, spent, test)}


def settings(preset: str, given: Mapping[str, Any], model: Mapping[str, Any]) -> Config:
    """Return the configuration of a preset with some settings, seed 1."""
    every = {"training.seed": 1, "training.validation": 0.0, **given}
    return resolve(preset=preset, assignments=[f"{k}={str(v).lower()}" for k, v in every.items()], model=model)


def timed(data: sr.Dataset, path: Path, config: Config, updates: int) -> tuple[sr.Trajectory, float]:
    """Return a training and its processor time in seconds."""
    before = time.process_time()
    run = sr.fit(data, out=path, config=config, updates=updates, overwrite=True)
    return run, time.process_time() - before


def measured(run: sr.Trajectory, spent: float, test: sr.Dataset) -> Row:
    """Return pooled scores of as many samples as there are real ones; with labels the same labels, and accuracy."""
    labels = [test.classes[k] for k in test.labels] if run.classes else None
    made = sr.generate(run, n=len(test), labels=labels, seed=1)
    names = ["second-moment", "spectrum", "entropy", "aai", "p-dd", "p-gg", "diversity", "coverage"]
    found = {it.score: it for it in sr.score(test, made, scores=names, per_class=False) if it.cls == "all"}
    scores = {name: found[name].value for name in names if name in found}
    fixed = {"updates": run.updates, "seconds": spent, **scores, "E2 error": found["second-moment"].error}
    if not run.classes:
        return fixed | {"label fidelity": float("nan"), "accuracy": float("nan")}
    (fidelity,) = (it.value for it in sr.score(test, made, scores=["label-fidelity"]) if it.cls == "all")
    return fixed | {"label fidelity": fidelity, "accuracy": sr.predict(run, test).accuracy}
