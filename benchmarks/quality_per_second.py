"""Quality against seconds of training, separately for the engine and the recipe.

    python -m benchmarks.quality_per_second [--minutes 3] [--hidden 512] [--json out.json] [--figure out.png]

Four trainings of the same machine on the same data (MNIST, the papers' 10,000 images) with the same minibatches: this
package and the F&F authors' rule in plain torch (`plain_torch.FFRule`), each with the papers' settings and with the
default settings of this package. At times on a logarithmic grid they are scored on held-out images: accuracy of the
exact p(label | image), and E2 of images generated label by label in k = 10 sweeps of the machine's own dynamics. The
clock is stopped during the scoring.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

import shortrun as sr
from benchmarks import quality, timing
from benchmarks.plain_torch import FFRule
from shortrun import learning
from shortrun.dynamics import Noise, Stream, recorded
from shortrun.engine import machine
from shortrun.learning import Rows, Training, rates
from shortrun.learning.fit import initial_theta
from shortrun.learning.rows import Minibatches
from shortrun.models import LABEL, RBM, spec_of, state_of
from shortrun.records import Record
from shortrun.scores import features, second_moment
from shortrun.settings import Config, resolve
from shortrun.typing import Theta

FIGURE = Path(__file__).parents[1] / "docs" / "quality_per_second.png"
TARGETS = (0.90, 0.92)
FIRST, RATIO = 1.0, 1.3  # seconds to the first score, and from one to the next
SAMPLES, STEPS = 2000, 10
CPU = torch.device("cpu")


class Entry(NamedTuple):
    """A contestant: which program, which settings."""

    program: str
    preset: str
    title: str


CONTESTANTS = {
    "ours": Entry("shortrun", "default", "shortrun"),
    "ours_papers_settings": Entry("shortrun", "paper", "shortrun, the papers' settings"),
    "ff_rule_torch": Entry("torch", "paper", "F&F rule in torch, the papers' settings"),
    "ff_rule_torch_our_settings": Entry("torch", "default", "F&F rule in torch, our settings"),
}


@dataclass(frozen=True, eq=False)
class Scorer:
    """Scores parameters on held-out samples."""

    train: sr.Dataset
    test: sr.Dataset

    def __call__(self, model: RBM, theta: Theta) -> dict[str, float]:
        """Return accuracy and E2."""
        labels = self.test.recode(self.train.classes).labels
        predicted = machine(model, theta).label_log_probabilities(state_of(self.test, CPU)).argmax(1).numpy()
        return {
            "accuracy": round(float((predicted == labels).mean()), 4),
            "e2": timing.rounded(second_moment(features(self.train), self.generated(model, theta))),
        }

    def generated(self, model: RBM, theta: Theta) -> np.ndarray:
        """Return features of samples with the labels of real ones, after k sweeps."""
        _, labels = state_of(self.train.head(SAMPLES), CPU)
        noise = Noise(1, Stream.GENERATE)
        parts = recorded(model, theta, len(labels), noise, times=(STEPS,), held={LABEL: labels})
        visible = torch.cat([part[STEPS][0] for part in parts])
        return model.spec.layers[0].units.features(visible).numpy()


class Follower:
    """A recorder that scores a training at set times, with its clock stopped meanwhile, and ends it."""

    def __init__(self, model: RBM, score: Scorer, seconds: float):
        self.model, self.score, self.seconds = model, score, seconds
        self.due, self.curve = min(FIRST, seconds), []
        self.began = time.perf_counter()

    def age(self, training: Training) -> None:
        """Keep nothing."""

    def log(self, record: Record) -> None:
        """Keep nothing."""

    def after_update(self, training: Training) -> bool:
        """Score if it is time to; return True when the time is over."""
        now = time.perf_counter() - self.began
        if now < self.due:
            return False
        point = {"seconds": round(now, 3), "update": training.update}
        self.curve.append(point | self.score(self.model, training.theta))
        self.due = min(now * RATIO, self.seconds)
        self.began = time.perf_counter() - now
        return now >= self.seconds


def followed(contestant: Entry, train: sr.Dataset, score: Scorer, config: Config, seconds: float) -> Follower:
    """Train for a number of seconds and return the recorder."""
    model = RBM(spec_of(train, config.model))
    if contestant.program == "torch":  # it passes hidden means on, and its scores use its own dynamics
        model = RBM(replace(model.spec, hidden_rule="mean"))
    rows = Rows.of(train, CPU)
    follower = Follower(model, score, seconds)
    if contestant.program == "torch":
        for training in in_torch(model, rows, config):
            if follower.after_update(training):
                break
    else:
        learning.fit(model, learning.from_settings(config.scheme, True), rows, config, follower)
    return follower


def in_torch(model: RBM, rows: Rows, config: Config) -> Iterator[Training]:
    """Yield a training by the authors' rule in plain torch after each update."""
    theta, options = initial_theta(model, rows, config), config.optimiser
    scheme = config.scheme
    rule = FFRule(
        model,
        theta,
        steps=scheme.steps,
        generate=scheme.generate,
        predict=scheme.predict,
        label_l2=options.label_l2 / (scheme.generate + scheme.predict),
    )
    _, rate = rates.damping_and_rate(model, rows.spread(rates.ROWS), options)
    batches = Minibatches(rows, config)
    for update in range(1, config.training.updates + 1):
        codes, labels = batches.at(update).state
        rule.update(codes, labels[:, 0], rates.rate_at(options.schedule, rate, update, config.training.updates))
        yield Training(update, theta, (), ())


def settings(preset: str, hidden: int, batch: int) -> Config:
    """Return the settings of a preset for this machine, without an end and without records."""
    training = {"batch": batch, "updates": 10**7, "log_every": 10**7, "ages_per_decade": 1, "seed": 1}
    return resolve(preset=preset, model={"hidden": hidden}, training=training)


def seconds_to(curve: list[dict[str, float]]) -> dict[str, float | None]:
    """Return when each target accuracy was first reached."""
    return {
        f"{target:.2f}": next((point["seconds"] for point in curve if point["accuracy"] >= target), None)
        for target in TARGETS
    }


def measure(case: str, hidden: int, batch: int, minutes: float, names: Sequence[str]) -> dict[str, Any]:
    """Return the curves of every training."""
    train, test = quality.CASES[case]()
    score, found = Scorer(train, test), {}
    for name in names:
        contestant = CONTESTANTS[name]
        config = settings(contestant.preset, hidden, batch)
        curve = followed(contestant, train, score, config, 60 * minutes).curve
        found[name] = {"title": contestant.title, "seconds_to_accuracy": seconds_to(curve), "curve": curve}
    sizes = {"case": case, "hidden": hidden, "batch": batch, "minutes": minutes}
    return sizes | timing.conditions() | {"contestants": found}


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw both scores against time."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for figures in found["contestants"].values():
        seconds = [point["seconds"] for point in figures["curve"]]
        for axis, key in zip(axes, ("accuracy", "e2"), strict=True):
            axis.plot(seconds, [point[key] for point in figures["curve"]], marker=".", label=figures["title"])
    for axis, title in zip(axes, ("accuracy on held-out samples", f"E2 after {STEPS} sweeps"), strict=True):
        axis.set(xscale="log", xlabel="seconds of training", title=title)
    axes[1].set_yscale("log")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=("mnist", "digits"), default="mnist")
    parser.add_argument("--minutes", type=float, default=3, help="of each training")
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--json", type=Path, help="where to write; without it the result is printed")
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args(arguments)
    found = measure(options.case, options.hidden, options.batch, options.minutes, options.only)
    draw(found, options.figure)
    timing.write(found, options.json)


if __name__ == "__main__":
    main()
