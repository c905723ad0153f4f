"""Trainings by several programs, each at its own defaults, looked at after set processor seconds.

| program | what is run | departures from its defaults |
|---|---|---|
| `shortrun` | `sr.fit(train)` | |
| `shortrun_paper` | `sr.fit(train, preset="paper")` | |
| `authors` | `fitBatchRdm` of the F&F authors' class on shuffled minibatches, as in `fit` | F&F, k = 10; else PCD-100 |
| `annadca` | `annadca train` | on the CPU; bits have no weights by sequence identity |
| `annadca_readme` | the command of its README: 100 chains and rows a minibatch | the same |
| `rbms` | `rbms train` | on the CPU; all rows are learned from, not 60 % |

The commands run in this process, so that one function of each can be watched, which it calls once an update: nothing
else of it is changed. Parameters are copied at the time, with the clock stopped, and judged after the training.
"""

from __future__ import annotations

import contextlib
import csv
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

import shortrun as sr
from benchmarks.peers import authors_machine, authors_parts, authors_update, joined, need
from shortrun.engine import machine as ready
from shortrun.models import RBM, spec_of, state_of
from shortrun.records import best
from shortrun.settings import resolve

FIRST, RATIO = 1.0, 1.6  # processor seconds to the first look, and from one to the next
CPU = torch.device("cpu")
LETTERS = "-ACDEFGHIKLMNPQRSTVWY"  # of annadca and rbms, in this order


class OverError(Exception):
    """The time of a training is over."""


@dataclass(eq=False)
class Made:
    """What a training has made at some time.

    Parameters
    ----------
    generate : Callable[[ndarray], ndarray]
        Returns (N, S) codes for (N,) codes of classes, which programs without labels ignore.
    predict : Callable[[Dataset], ndarray], optional
        Returns (N,) codes of classes, those of the largest exact p(label | sample).
    chains : ndarray, optional
        (C, S) codes of the persistent chains.
    """

    generate: Callable[[np.ndarray], np.ndarray]
    predict: Callable[[sr.Dataset], np.ndarray] | None = None
    chains: np.ndarray | None = None


class Look(NamedTuple):
    """One look at a training."""

    seconds: float
    update: int
    made: Made


@dataclass(eq=False)
class Clock:
    """Processor seconds of a training in this process, and what was seen of it."""

    seconds: float
    seed: int
    looks: list[Look] = field(default_factory=list)
    began: float = 0.0
    due: float = 0.0

    def start(self) -> None:
        """Begin: reading the data belongs to the training, writing them before does not."""
        self.began, self.due = time.process_time(), min(FIRST, self.seconds)

    def tick(self, update: int, look: Callable[[], Made], last: bool = False) -> None:
        """Look if it is time to, or for the last time.

        Raises
        ------
        OverError
            When the time is over.
        """
        now = time.process_time() - self.began
        if now < self.due and not last:
            return
        self.looks.append(Look(round(now, 3), update, look()))
        self.due = min(now * RATIO, self.seconds)
        self.began = time.process_time() - now
        if now >= self.seconds:
            raise OverError


class Program(NamedTuple):
    """A contestant; `train` gets the training rows, a clock and a folder for files."""

    title: str
    sweeps: int  # of a generated sample
    train: Callable[[sr.Dataset, Clock, Path], None]


# This package


def shortrun(train: sr.Dataset, clock: Clock, folder: Path, preset: str = "default") -> None:
    """Train, then find out what a user would have had at each time: the best ages up to then."""
    reached = 0

    def follow(update: int, *_: Any) -> None:
        nonlocal reached
        reached = update
        clock.tick(update, lambda: Made(np.copy))

    clock.start()
    with contextlib.suppress(OverError):
        sr.fit(train, out=folder / "run", preset=preset, seed=clock.seed, progress=follow)
        clock.tick(reached, lambda: Made(np.copy), last=True)
    run = sr.Trajectory.open(folder / "run")
    clock.looks[:] = [look._replace(made=made_by(run, look.update)) for look in clock.looks]


def made_by(run: sr.Trajectory, update: int) -> Made:
    """Return what a run had at an update."""
    log = [record for record in run.log() if record["update"] <= update]
    last = max((age for age in run.ages if age <= update), default=run.ages[0])
    ages = {task: best(log, task) or last for task in ("generate", "predict")}

    def generate(labels: np.ndarray) -> np.ndarray:
        return sr.generate(run, labels=[run.classes[code] for code in labels], seed=1, age=ages["generate"]).values

    return Made(generate, lambda data: sr.predict(run, data, age=ages["predict"]).predicted)


# The F&F authors' program


def authors(train: sr.Dataset, clock: Clock, _: Path, hidden: int = 1024, rows: int = 500, steps: int = 10) -> None:
    """Train by F&F at the rate, the minibatch and the hidden units of its command line, with biases of the data."""
    torch.manual_seed(clock.seed)
    codes, labels = torch.from_numpy(train.values), torch.from_numpy(train.labels)
    colours, rows = len(train.alphabet.letters), min(rows, len(train))
    clock.start()
    machine = authors_machine(train.sites, colours, len(train.classes), hidden, rows, steps, 0.01)
    logs = one_hot(codes.long(), colours).float().mean(0).clamp(1e-7, 1 - 1e-7).log()
    machine.vbias = logs[:, 1] - logs[:, 0] if colours == 2 else (logs - logs.mean(1, keepdim=True)).T.contiguous()
    logs = one_hot(labels, len(train.classes)).float().mean(0).clamp(1e-7, 1 - 1e-7).log()
    machine.lbias = logs - logs.mean()
    update = 0
    with contextlib.suppress(OverError):
        while True:
            for chosen in torch.randperm(len(codes)).split(rows)[: len(codes) // rows]:
                authors_update(machine, codes[chosen], labels[chosen])
                update += 1
                clock.tick(update, partial(made_by_authors, machine, train, steps))


def made_by_authors(machine: Any, train: sr.Dataset, steps: int) -> Made:
    """Return what a machine of the authors' program makes by its own dynamics, and its exact labels."""
    named = authors_parts(machine)
    changed = {name: getattr(machine, name).clone() for name in ("W", "D", "vbias", "hbias", "lbias")}
    model = RBM(spec_of(train, resolve(model={"hidden": machine.Nh}).model))

    def generate(labels: np.ndarray) -> np.ndarray:
        machine.__dict__ |= changed
        start = torch.randint(machine.num_states, (len(labels), machine.Nv))
        start = start.float() if machine.num_states == 2 else start
        return machine.conditioned_sampling(start, torch.from_numpy(labels), it_mcmc=steps)[0].numpy().astype(np.uint8)

    def predict(data: sr.Dataset) -> np.ndarray:
        return ready(model, joined(named)).label_log_probabilities(state_of(data, CPU)).argmax(1).numpy()

    return Made(generate, predict)


# annadca


def annadca(train: sr.Dataset, clock: Clock, folder: Path, *options: str) -> None:
    """Run `annadca train` on a CSV file."""
    need("annadca", "adabmDCA")
    from annadca.scripts import train as program

    path, bits = folder / "train.csv", len(train.alphabet.letters) == 2
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "sequence", "label"])
        rows = zip(words(train), train.labels, strict=True)
        writer.writerows((f"s{i}", word, f"{label:03}") for i, (word, label) in enumerate(rows))
    given = ["-d", str(path), "-o", str(folder / "out"), "--device", "cpu", "--no-triton", "--seed", str(clock.seed)]
    given += [*(["--is_binary", "--no_reweighting"] if bits else []), *options]
    with watched(program, "pcd", clock, made_by_annadca):
        program.main(given)


def made_by_annadca(*, rbm: Any, chains: dict[str, Tensor], **_: Any) -> Made:
    """Return what a machine of annadca makes: 1,000 sweeps as in `annadca sample`, and its persistent chains."""
    machine, classes = rbm.clone(), chains["label"].shape[1]

    def generate(labels: np.ndarray) -> np.ndarray:
        targets = one_hot(torch.from_numpy(labels), classes).float()
        return codes_of(machine.sample_conditioned(gibbs_steps=1000, targets=targets)["visible"])

    def predict(data: sr.Dataset) -> np.ndarray:
        codes = torch.from_numpy(data.values).long()
        visible = codes.float() if machine.params["vbias"].ndim == 1 else one_hot(codes, len(LETTERS)).float()
        return machine.predict_labels(visible).argmax(1).numpy()

    return Made(generate, predict, codes_of(chains["visible"]))


# rbms


def rbms(train: sr.Dataset, clock: Clock, folder: Path) -> None:
    """Run `rbms train` on an HDF5 or FASTA file."""
    need("rbms")
    from rbms.parser import match_args_dtype
    from rbms.scripts.train_rbm import create_parser, train_rbm
    from rbms.training import pcd

    if len(train.alphabet.letters) == 2:
        import h5py

        path = folder / "train.h5"
        with h5py.File(path, "w") as file:
            file["samples"] = train.values
    else:
        path = folder / "train.fasta"
        path.write_text("".join(f">s{i}\n{word}\n" for i, word in enumerate(words(train))))
    torch.manual_seed(clock.seed)
    given = ["-d", str(path), "-o", str(folder / "RBM.h5"), "--device", "cpu", "--train_size", "1"]
    arguments = create_parser().parse_args([*given, "--seed", str(clock.seed)])
    with watched(pcd, "fit_batch_pcd", clock, made_by_rbms):
        train_rbm(match_args_dtype(vars(arguments)))


def made_by_rbms(*, params: Any, parallel_chains: dict[str, Tensor], **_: Any) -> Made:
    """Return what a machine of rbms makes: 100 sweeps as in its documentation, and its persistent chains."""
    machine = params.clone()

    def generate(labels: np.ndarray) -> np.ndarray:
        return codes_of(machine.sample_state(machine.init_chains(len(labels)), n_steps=100)["visible"])

    return Made(generate, None, codes_of(parallel_chains["visible"]))


# Both


@contextlib.contextmanager
def watched(module: Any, name: str, clock: Clock, look: Callable[..., Made]) -> Iterator[None]:
    """Look at a program each time that it begins another update by this function, and at its end, silently."""
    inner, done, last = getattr(module, name), 0, {}

    def outer(**given: Any) -> Any:
        nonlocal done, last
        if done:
            clock.tick(done, lambda: look(**given))
        done, last = done + 1, given
        return inner(**given)

    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with quiet[0], quiet[1], mock.patch.object(module, name, outer), contextlib.suppress(OverError):
        clock.start()
        yield
        clock.tick(done, lambda: look(**last), last=True)


def words(data: sr.Dataset) -> list[str]:
    """Return each sample as its letters."""
    letters = np.array(list(data.alphabet.letters))
    return ["".join(row) for row in letters[data.values]]


def codes_of(visible: Tensor) -> np.ndarray:
    """Return codes of bits, of codes, or of one-hot colours."""
    return (visible.argmax(2) if visible.ndim == 3 else visible).numpy().astype(np.uint8)


OURS = ("shortrun", "shortrun_paper")
README = ("--nchains", "100")

PROGRAMS = {
    "shortrun": Program("shortrun", 10, shortrun),
    "shortrun_paper": Program("shortrun, the papers' settings", 10, partial(shortrun, preset="paper")),
    "authors": Program("the F&F authors' program", 10, authors),
    "annadca": Program("annadca", 1000, annadca),
    "annadca_readme": Program("annadca, as in its README", 1000, lambda *of: annadca(*of, *README)),
    "rbms": Program("rbms", 100, rbms),
}
