"""Learning from data: `fit`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shortrun import learning, store
from shortrun.data import Dataset
from shortrun.data.core.dataset import UNKNOWN
from shortrun.data.core.splits import split_rows
from shortrun.errors import ConfigError, DataError
from shortrun.learning import Record, Rows, Scheme, Training
from shortrun.models import AnySpec, network_of, spec_of
from shortrun.settings import Config
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened

Progress = Callable[[int, int, Record], None]


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
    data : Dataset
        What to learn; its classes become a label unit.
    out : Path or str
        Folder of the run.
    scheme : Scheme, optional
        How the free chains run; by default the configuration's, ff(10) with labels and rdm(10) without.
    config : Config, optional
        All settings; those given by name here win over it.
    hidden : int, optional
        Number H of hidden units.
    hidden_rule : str, optional
        "sample" or "mean".
    updates, batch, rate, seed, validation : int or float, optional
        Number of updates, rows a minibatch, learning rate, seed of all noise, share of the samples held out to report
        accuracy on.
    resume : bool, default False
        Go on with the run in `out` from its restart file, bit for bit as if it had not stopped; settings that are not
        given are those of the run (with the cosine schedule, more `updates` also change the rates).
    overwrite : bool, default False
        Replace the run in `out`.
    progress : Progress, optional
        Called after each update with (update, updates, last monitored values).

    Returns
    -------
    Trajectory
        Open. Ctrl-C ends the training after the current update, with a restart file to go on from.

    Raises
    ------
    DataError
        For data that cannot be learned from.
    ConfigError
        For settings that do not go with the data.
    StoreError
        If `out` holds a run already, is not a run to resume, or cannot be written.
    """
    sections = {
        "model": {"hidden": hidden, "hidden_rule": hidden_rule},
        "optimiser": {"rate": rate},
        "training": {"updates": updates, "batch": batch, "seed": seed, "validation": validation},
    }
    base = Config.checked(Trajectory.open(out).config) if resume and config is None else config or Config()
    config = _with(base, sections)
    data = seen_by(data, config)
    _check(data)
    device = device_of(config.training.device)
    parts = _held_out(data, config, device)  # may refuse, so before a run is made
    spec = spec_for(data, config)
    scheme = scheme or learning.from_settings(config.scheme, spec.label is not None)
    form = store.describe(spec, scheme, config, data)
    writer = store.reopen(out, form) if resume else store.create(out, form, overwrite=overwrite)
    with writer, _interrupts(writer):
        _train(*parts, device, scheme, config, writer, progress)
    return Trajectory.open(out)


def seen_by(data: Dataset, config: Config) -> Dataset:
    """Return the samples as the model sees them: without labels, if it is a chaotic network that is to know none."""
    labels = config.model.kind == "rbm" or config.chaotic.classes
    return data if labels or not data.classes else data.with_labels(np.full(len(data), UNKNOWN))


def spec_for(data: Dataset, config: Config) -> AnySpec:
    """Return the specification of the model that the settings ask for."""
    return network_of(data, config) if config.model.kind == "chaotic" else spec_of(data, config.model)


def device_of(name: str) -> torch.device:
    """Return the device of that name; "auto" is a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError):
        raise ConfigError("training.device", f"'{name}' is not a device of this machine, use auto or cpu") from None


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
    training = saved.to(device) if saved else None
    recorder = _Recorder(writer, config.training.updates, progress)
    learning.fit(writer.model, scheme, rows, config, recorder, training=training, validation=validation)


def _with(config: Config, sections: Mapping[str, Mapping[str, Any]]) -> Config:
    form = config.model_dump()
    for section, values in sections.items():
        form[section].update({key: value for key, value in values.items() if value is not None})
    return Config.checked(form)


def _check(data: Dataset) -> None:
    for name, count in zip(data.classes, data.class_counts, strict=True):
        if count == 1:
            raise DataError(
                f"class '{name}' has a single sample: nothing to learn from and to check on; drop or merge it"
            )
    if data.classes and not data.labelled.any():
        raise DataError("no sample has a label, though the data name classes")


def _held_out(data: Dataset, config: Config, device: torch.device) -> tuple[Rows, Rows | None]:
    # The values are shared: a split copies none of them.
    rows, held = Rows.of(data, device), held_out_rows(data, config.training.validation, config.training.seed)
    if held is None:
        return rows, None
    numbers = (np.flatnonzero(~held), np.flatnonzero(held & data.labelled))
    rest, validation = (rows.select(torch.from_numpy(chosen).to(device)) for chosen in numbers)
    return rest, validation


def held_out_rows(data: Dataset, validation: float, seed: int) -> np.ndarray | None:
    """Return which samples a training keeps aside, (N,) bool; None if it learns from all of them.

    Only accuracy is measured on them, so data without labels are all trained on.
    """
    return split_rows(data, validation, seed=seed) if data.classes and validation > 0 else None


def parts_of_training(run: Trajectory | Path | str, data: Dataset) -> tuple[Dataset, Dataset | None]:
    """Return the samples that a run learned from and those that it kept aside, of the data it was given.

    Raises
    ------
    DataError
        If these are not the data it was trained on.
    """
    run = opened(run)
    data = seen_by(data, Config.checked(run.config))
    if data.hash != run.data["hash"]:
        raise DataError(f"these are not the {run.data['rows']:,} samples that {run.path} was trained on")
    settings = run.config["training"]
    held = held_out_rows(data, settings["validation"], settings["seed"])
    return (data, None) if held is None else (data.select(~held), data.select(held))


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
