"""The verbs, as functions: the only place where the rooms meet. The command line calls these, with the same names."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from shortrun import learning, store
from shortrun import scores as scoring
from shortrun.config import Config, validate
from shortrun.data import Alphabet, Dataset, Predictions
from shortrun.data.blocks import taken
from shortrun.data.parts import joined
from shortrun.data.predictions import joined as joined_predictions
from shortrun.data.splits import split_rows
from shortrun.data.table_columns import Column
from shortrun.dynamics import Noise, Stream, label_chain, recorded
from shortrun.engine import machine
from shortrun.errors import ConfigError, DataError, nearest
from shortrun.learning import Record, Rows, Scheme, Training
from shortrun.models import LABEL, parts_of, rows_at_once, spec_of, whole_of
from shortrun.scores import Score
from shortrun.store import Trajectory
from shortrun.typing import State, Theta

Progress = Callable[[int, int, Record], None]
Fixed: TypeAlias = Mapping[int, str] | Mapping[str, str]
ROWS_AT_ONCE = 2000  # samples in memory at one time
CHAINS = 10  # label chains a sample


def fit(
    data: Dataset,
    *,
    out: Path | str,
    scheme: Scheme | None = None,
    config: Config | None = None,
    hidden: int | None = None,
    hidden_rule: str | None = None,
    updates: int | None = None,
    batch: int | None = None,
    rate: float | None = None,
    seed: int | None = None,
    validation: float | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Trajectory:
    """Train a machine on labelled, partly labelled or unlabelled data and keep its trajectory in a folder.

    Parameters
    ----------
    data : what to learn; its classes become a label unit
    out : folder of the run
    scheme : how the free chains run; by default the configuration's, ff(10) with labels and rdm(10) without
    config : all settings; those given by name here win over it
    hidden : number H of hidden units
    hidden_rule : "sample" or "mean"
    updates, batch, rate, seed, validation : number of updates, rows a minibatch, learning rate, seed of all noise,
        share of the samples held out to report accuracy on
    resume : go on with the run in `out` from its restart file, bit for bit as if it had not stopped; settings that
        are not given are those of the run (with the cosine schedule, more `updates` also change the rates)
    overwrite : replace the run in `out`
    progress : called after each update with (update, updates, last monitored values)

    Returns
    -------
    Trajectory
        Open. Ctrl-C ends the training after the current update, with a restart file to go on from.

    Raises
    ------
    DataError : for data that cannot be learned from
    ConfigError : for settings that do not go with the data
    StoreError : if `out` holds a run already, is not a run to resume, or cannot be written
    """
    sections = {
        "model": {"hidden": hidden, "hidden_rule": hidden_rule},
        "optimiser": {"rate": rate},
        "training": {"updates": updates, "batch": batch, "seed": seed, "validation": validation},
    }
    base = validate(Trajectory.open(out).config) if resume and config is None else config or Config()
    config = _with(base, sections)
    _check(data)
    device = device_of(config.training.device)
    parts = _held_out(data, config, device)  # may refuse, so before a run is made
    scheme = scheme or learning.from_settings(config.scheme, bool(data.classes))
    form = store.describe(spec_of(data, config.model), scheme, config, data)
    writer = store.reopen(out, form) if resume else store.create(out, form, overwrite=overwrite)
    with writer, _interrupts(writer):
        _train(*parts, device, scheme, config, writer, progress)
    return Trajectory.open(out)


def generate(
    run: Trajectory | Path | str,
    *,
    labels: str | Sequence[str] | Mapping[str, int] | None = None,
    n: int = 100,
    steps: int | None = None,
    seed: int = 0,
    age: int | None = None,
    fix: Fixed | None = None,
    template: Dataset | None = None,
    keep: Sequence[int | str] = (),
) -> Dataset:
    """Generate samples with the run's own recipe: from noise, k sweeps, labels clamped.

    Parameters
    ----------
    run : a trained run or its folder
    labels : the class of all samples, a class for each of the n samples, a count for each class, or None for the
        classes in the proportions of the training data
    n : number of samples
    steps : sweeps; by default the k that the machine was trained for, outside of which it is not meant to be good
    seed : of the noise; the first samples of a larger n are those of a smaller one with the same labels
    age : which age of the training; by default the last
    fix : letters for sites, numbered from 1, that every sample has: {12: "A", 40: "G"}; of a table, what a column
        holds: {"sex": "female"} (of a number, the bin that it is in)
    template, keep : samples whose sites `keep` (numbered from 1, or names of columns) are held while the others are
        generated; its samples are taken in turn

    Returns
    -------
    Dataset
        with the alphabet (or columns) and the classes of the training data

    Raises
    ------
    ConfigError : for an unknown class, a site or letter that does not exist, steps below 1
    """
    run = _open(run)
    k = run.recipe["steps"] if steps is None else steps
    options = {
        "labels": labels,
        "n": n,
        "seed": seed,
        "age": age,
        "fix": fix,
        "template": template,
        "keep": keep,
    }
    return joined([part[k] for part in stream(run, times=(k,), **options)])


def stream(
    run: Trajectory | Path | str,
    *,
    times: Sequence[int],
    labels: str | Sequence[str] | Mapping[str, int] | None = None,
    n: int = 100,
    seed: int = 0,
    age: int | None = None,
    fix: Fixed | None = None,
    template: Dataset | None = None,
    keep: Sequence[int | str] = (),
) -> Iterator[dict[int, Dataset]]:
    """Generate as `generate` does, a bounded number of samples at a time, recorded after each of `times` sweeps.

    Yields
    ------
    dict
        {time: samples}, at most 2,000 samples each (fewer of many sites); memory grows by a byte a sample
    """
    run = _open(run)
    if not times or min(times) < 1:
        raise ConfigError("steps", f"at least 1 expected, got {', '.join(map(str, times)) or 'none'}")
    codes = _label_codes(run, labels, n)
    model, theta, n = run.model, _theta(run, age), len(codes)
    held = {LABEL: torch.from_numpy(codes).unsqueeze(1)} if run.classes else {}
    noise, at_once = Noise(seed, Stream.GENERATE), rows_at_once(model, ROWS_AT_ONCE)
    kept = _kept(run, n, fix or {}, template, keep)
    parts = recorded(model, theta, n, noise, times=tuple(times), held=held, kept_sites=kept, at_once=at_once)
    for first, part in zip(range(0, n, at_once), parts, strict=True):
        here = codes[first : first + at_once]
        yield {t: _dataset(run, state, here, first, n) for t, state in part.items()}


def predict(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    sweeps: int | None = None,
    chains: int = CHAINS,
    seed: int = 0,
    age: int | None = None,
) -> Predictions:
    """Predict the label of every sample.

    Parameters
    ----------
    run : a trained run or its folder
    data : samples with the sites and the alphabet of the training data; labels are not used, only compared with
    sweeps : None for the exact p(label | sample); else the law of the label after that many sweeps of a label chain
        from noise
    chains : independent label chains a sample that this law is averaged over; 1 is the papers' noisy answer
    seed : of the chain's noise
    age : which age of the training; by default the last

    Raises
    ------
    DataError : if the samples are not of the kind that the machine knows, or it knows no labels
    """
    return joined_predictions([*predictions(run, data, sweeps=sweeps, chains=chains, seed=seed, age=age)])


def predictions(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    sweeps: int | None = None,
    chains: int = CHAINS,
    seed: int = 0,
    age: int | None = None,
) -> Iterator[Predictions]:
    """Predict as `predict` does, a bounded number of samples at a time; memory does not grow with their number."""
    run = _open(run)
    if not run.classes:
        raise DataError(f"{run.path}: this machine was trained without labels and can predict none")
    for name, value in (("sweeps", sweeps), ("chains", chains)):
        if value is not None and value < 1:
            raise ConfigError(name, f"at least 1 expected, got {value}")
    _check_kind(run, data)
    theta, labels = _theta(run, age), data.recode(run.classes).labels if data.classes else data.labels
    ready, at_once = machine(run.model, theta), rows_at_once(run.model, ROWS_AT_ONCE)
    at_once = at_once if sweeps is None else max(1, at_once // chains)
    for first in range(0, len(data), at_once):
        rows = slice(first, first + at_once)
        state = _unlabelled(run, data, rows)
        if sweeps is None:
            probabilities = ready.label_log_probabilities(state).exp()
        else:
            noise = Noise(seed, Stream.PREDICT, first_chain=first)
            probabilities = label_chain(run.model, theta, state, noise, sweeps, chains)
        yield Predictions(data.names[rows], labels[rows], run.classes, probabilities.numpy())


def score(
    reference: Dataset,
    generated: Dataset,
    *,
    held_out: Dataset | None = None,
    scores: Sequence[str] | None = None,
    convention: str = "default",
    seed: int = 0,
    per_class: bool = True,
) -> list[Score]:
    """Score generated samples against real ones; docs/scores.md has the definitions.

    Parameters
    ----------
    reference : real samples, as a rule those that the generator was trained on
    generated : samples of the same kind; where sizes must be equal, random ones of the larger set are left out
    held_out : real samples that the generator has not seen, for the scores that tell learning from memorising
    scores : names, by default all that the data allow
    convention : "default", or the definitions of "paper" (arXiv 2307.06797 as printed) or "fef" (its published code)
    seed : of every random choice; the same seed gives the same numbers
    per_class : score each class on its own and average over classes, where all samples have them; False compares all
        samples at once

    Returns
    -------
    list of Score
        for each quantity that of "all", then those of the classes; nan where a class has fewer than four samples

    Raises
    ------
    DataError : if the samples are not of one kind, or too few
    ConfigError : for an unknown score or convention, or a score whose data are not given
    """
    return scoring.compare(
        reference,
        generated,
        held_out=held_out,
        scores=scores,
        convention=convention,
        seed=seed,
        per_class=per_class,
    )


def device_of(name: str) -> torch.device:
    """Return the device of that name; "auto" is a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError):
        raise ConfigError("training.device", f"'{name}' is not a device of this machine, use auto or cpu") from None


# Training


def _train(
    rows: Rows,
    validation: Rows | None,
    device: torch.device,
    scheme: Scheme,
    config: Config,
    writer: store.Writer,
    progress: Progress | None,
) -> None:
    saved = writer.restart()
    training = Training(**vars(saved.to(device))) if saved else None
    recorder = _Recorder(writer, config.training.updates, progress)
    learning.fit(writer.model, scheme, rows, config, recorder, training=training, validation=validation)


def _with(config: Config, sections: Mapping[str, Mapping[str, Any]]) -> Config:
    form = config.model_dump()
    for section, values in sections.items():
        form[section].update({key: value for key, value in values.items() if value is not None})
    return validate(form)


def _check(data: Dataset) -> None:
    for name, count in zip(data.classes, data.class_counts, strict=True):
        if count == 1:
            raise DataError(
                f"class '{name}' has a single sample: nothing to learn from and to check on; drop or merge it"
            )
    if data.classes and not data.labelled.any():
        raise DataError("no sample has a label, though the data name classes")


def _held_out(data: Dataset, config: Config, device: torch.device) -> tuple[Rows, Rows | None]:
    # Only accuracy is measured on held-out samples, so data without labels are all trained on. The values are shared.
    rows = Rows.of(data, device)
    if not data.classes or config.training.validation == 0:
        return rows, None
    held = split_rows(data, config.training.validation, seed=config.training.seed)
    numbers = (np.flatnonzero(~held), np.flatnonzero(held & data.labelled))
    rest, validation = (rows.select(torch.from_numpy(chosen).to(device)) for chosen in numbers)
    return rest, validation


class _Recorder:
    """Hands what a training says to the store and to whoever watches."""

    def __init__(self, writer: store.Writer, updates: int, progress: Progress | None):
        self.writer, self.updates, self.progress = writer, updates, progress
        self.last: Record = {}
        self.age = writer.age

    def log(self, record: Record) -> None:
        self.last = record
        self.writer.log(record)

    def after_update(self, training: Training) -> bool:
        if self.progress is not None:
            self.progress(training.update, self.updates, self.last)
        return self.writer.after_update(training)


@contextmanager
def _interrupts(writer: store.Writer) -> Iterator[None]:
    """Turn the first Ctrl-C into a request to stop after the update; a second one is the usual KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        writer.request_stop()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# Generation and prediction


def _open(run: Trajectory | Path | str) -> Trajectory:
    return run if isinstance(run, Trajectory) else Trajectory.open(run)


def _theta(run: Trajectory, age: int | None) -> Theta:
    return run[-1] if age is None else run.at(age)


def _label_codes(run: Trajectory, labels: str | Sequence[str] | Mapping[str, int] | None, n: int) -> np.ndarray:
    if n < 1:
        raise ConfigError("n", f"at least 1 sample expected, got {n}")
    if labels is None or not run.classes:
        if labels is not None:
            raise ConfigError("label", f"{run.path} was trained without labels")
        counts = np.array(run.data["class_counts"] if run.classes else [n])
        return np.repeat(np.arange(len(counts), dtype=np.uint8), _proportional(counts, n))
    counted = {labels: n} if isinstance(labels, str) else labels
    names = set(labels) if isinstance(counted, Sequence) else counted
    for name in set(names) - set(run.classes):
        known = ", ".join(run.classes[:20])
        raise ConfigError("label", f"class '{name}' is unknown, expected one of {known}", nearest(name, run.classes))
    code = {name: np.uint8(k) for k, name in enumerate(run.classes)}
    if isinstance(counted, Mapping):
        return np.repeat(np.array([code[name] for name in counted], np.uint8), list(counted.values()))
    return np.fromiter((code[name] for name in counted), np.uint8)


def _proportional(counts: np.ndarray, n: int) -> np.ndarray:
    """Return whole numbers that sum to n in the proportions of `counts`, the largest remainders rounded up."""
    exact = n * counts / counts.sum()
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact, kind="stable")[: n - whole.sum()]] += 1
    return whole


def _kept(
    run: Trajectory, n: int, fix: Fixed, template: Dataset | None, keep: Sequence[int | str]
) -> dict[str, tuple[Tensor, Tensor]]:
    if (template is None) != (len(keep) == 0):
        raise ConfigError("keep", "a template and the sites to keep of it go together")
    if not fix and template is None:
        return {}
    values = np.zeros((1, run.sites), np.uint8 if run.alphabet or run.columns else np.float32)
    mask = np.zeros(run.sites, bool)
    if template is not None:
        _check_kind(run, template)
        values = taken(template.values, slice(0, n))
        mask[[_site(run, site) for site in keep]] = True
    for site, letter in fix.items():
        place = _site(run, site)
        mask[place] = True
        values[:, place] = _code(run.alphabet, letter) if run.columns is None else _cell(run.columns[place], letter)
    masks, parts = (parts_of(run.spec, torch.from_numpy(array)) for array in (mask, values))
    return {layer.name: held for layer, held in zip(run.spec.visible, zip(masks, parts, strict=True), strict=True)}


def _site(run: Trajectory, site: int | str) -> int:
    if isinstance(site, str):
        names = [column.name for column in run.columns or ()]
        if site not in names:
            raise ConfigError("site", f"no column '{site}'", nearest(site, names))
        return names.index(site)
    if not 1 <= site <= run.sites:
        raise ConfigError("site", f"1 to {run.sites} expected, got {site}")
    return site - 1


def _cell(column: Column, cell: str) -> int:
    code = column.code(cell)
    if code < 0:
        raise ConfigError("fix", f"column '{column.name}': {column.complaint(cell)}")
    return code


def _code(alphabet: Alphabet | None, letter: str) -> float | int:
    if alphabet is not None:
        if len(letter) != 1:
            raise ConfigError("fix", f"one letter of '{alphabet.letters}' expected, got '{letter}'")
        return int(alphabet.encode(letter)[0])
    try:
        return float(letter)
    except ValueError:
        raise ConfigError("fix", f"a number expected for continuous data, got '{letter}'") from None


def _dataset(run: Trajectory, state: State, codes: np.ndarray, first: int, n: int) -> Dataset:
    numbers = np.arange(first + 1, first + len(codes) + 1).astype(f"U{len(str(n))}")  # as wide as the last one
    names = np.char.add("generated_", numbers)
    return Dataset(
        values=whole_of(run.spec, state, run.sites).numpy(),
        labels=codes.astype(np.int64) if run.classes else np.full(len(codes), -1),
        weights=np.ones(len(codes), np.float32),
        names=names,
        classes=run.classes,
        alphabet=run.alphabet,
        columns=run.columns,
        meta=run.data["meta"],
    )


def _check_kind(run: Trajectory, data: Dataset) -> None:
    if data.sites != run.sites:
        raise DataError(f"{data.sites} sites a sample, but {run.path} was trained on {run.sites}")
    if data.alphabet != run.alphabet or (data.columns is None) != (run.columns is None):
        ours, theirs = (
            f"the {it.alphabet.name} alphabet '{it.alphabet.letters}'"
            if it.alphabet
            else "columns of different kinds"
            if it.columns
            else "continuous values"
            for it in (run, data)
        )
        raise DataError(f"{run.path} was trained on {ours}, the data have {theirs}")
    for ours, theirs in zip(run.columns or (), data.columns or (), strict=True):
        if ours != theirs:
            raise DataError(
                f"column '{theirs.name}' is not coded as column '{ours.name}' that {run.path} was trained on: "
                "read the file with columns=run.columns"
            )


def _unlabelled(run: Trajectory, data: Dataset, rows: slice) -> State:
    visible = parts_of(run.spec, torch.from_numpy(taken(data.values, rows)))
    return *visible, torch.zeros(len(visible[0]), 1, dtype=torch.uint8)
