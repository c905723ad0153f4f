"""The loop: minibatches in, parameters and a trajectory of records out. Knows neither files nor the terminal."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from shortrun import engine
from shortrun.dynamics import Noise, Scheme, Stream
from shortrun.errors import DataError
from shortrun.learning import monitor, optimisers, rates
from shortrun.learning.monitor import Record
from shortrun.learning.rows import Minibatches, Rows
from shortrun.learning.update import Learner
from shortrun.models import STREAMED, AnyLayer, Model, Training
from shortrun.settings import Config
from shortrun.typing import Theta

ROWS_AT_ONCE = 4096  # of the data, for their frequencies


@runtime_checkable
class Recorder(Protocol):
    """Records a training; `learning` does not know that files exist."""

    def age(self, training: Training) -> None:
        """Keep theta at this age."""
        ...

    def log(self, record: Record) -> None:
        """Take the monitored quantities of this update."""
        ...

    def after_update(self, training: Training) -> bool:
        """Look at the training after each update; True asks the loop to end here."""
        ...


def ages(per_decade: int, updates: int) -> frozenset[int]:
    """Return the ages to keep: round(10^(i / per_decade)) up to `updates`, and `updates` itself.

    The grid does not depend on `updates`, so a longer training keeps the ages of a shorter one.
    """
    grid, i = {updates}, 0
    while (age := round(10 ** (i / per_decade))) <= updates:
        grid.add(age)
        i += 1
    return frozenset(grid)


def initial_theta(model: Model, rows: Rows, config: Config) -> Theta:
    """Return the parameters before the first update; those of an RBM know the frequencies of the data."""
    noise = Noise(config.training.seed, Stream.WEIGHTS, device=rows.weights.device)
    pseudo_count = config.optimiser.pseudo_count
    return model.initial_theta(noise, config.optimiser.weight_std, lambda i: _mean(model, rows, i, pseudo_count))


def _mean(model: Model, rows: Rows, i: int, pseudo_count: float | None) -> tuple[Tensor, float]:
    """Return the mean features of the i-th observed layer, and the pseudo-count: 1 / M_eff by default."""
    known = torch.arange(len(rows), device=rows.weights.device)[~rows.missing if i == model.spec.label else slice(None)]
    alpha = 1 / (1 + rows.weights[known].sum().item()) if pseudo_count is None else min(pseudo_count, 1.0)
    return _weighted_mean(model.spec.observed[i], rows.select(known), i), alpha


def _weighted_mean(layer: AnyLayer, rows: Rows, i: int) -> Tensor:
    """Return the weighted mean of the features of the i-th observed layer, (1, F_i)."""
    size = max(1, min(ROWS_AT_ONCE, STREAMED // layer.width))
    numbers = torch.arange(len(rows), device=rows.weights.device).split(size)
    total = sum(rows.weights[part] @ layer.units.features(rows.layer(i, part)) for part in numbers)
    return (total / rows.weights.sum()).unsqueeze(0)


def begin(model: Model, scheme: Scheme, rows: Rows, config: Config) -> Training:
    """Return the state of a training before its first update."""
    theta = initial_theta(model, rows, config)
    moments = optimisers.named(config.optimiser.name, theta).moments
    return Training(0, theta, moments, (None,) * len(scheme.free))


def fit(
    model: Model,
    scheme: Scheme,
    rows: Rows,
    config: Config,
    recorder: Recorder,
    *,
    training: Training | None = None,
    validation: Rows | None = None,
) -> Training:
    """Train until `config.training.updates` updates are done, or the recorder asks for an end.

    Parameters
    ----------
    training : Training, optional
        Where to go on from; None begins anew.
    validation : Rows, optional
        Labelled rows to report accuracy on.

    Raises
    ------
    DataError
        If the parameters are no longer finite; the ages kept so far are good.
    """
    training = training or begin(model, scheme, rows, config)
    kept, updates = ages(config.training.ages_per_decade, config.training.updates), config.training.updates
    clock, rate_at = time.monotonic() - training.seconds, _rates(model, rows, config)
    advance = _updater(model, scheme, rows, config, training)
    while training.update < updates:
        update = training.update + 1
        rate = rate_at(update)
        logged = update in kept or update % config.training.log_every == 0
        residuals = advance(update, rate, residuals=logged)
        training.update, training.seconds = update, time.monotonic() - clock
        if logged:
            recorder.log({"rate": rate} | _record(model, scheme, training, residuals, validation, config.training.seed))
        if update in kept:
            recorder.age(training)
        if recorder.after_update(training):
            break
    return training


def _updater(model: Model, scheme: Scheme, rows: Rows, config: Config, training: Training) -> engine.Updater:
    optimiser = optimisers.named(config.optimiser.name, training.theta)
    optimiser.moments = training.moments
    learner = Learner(model, scheme, config.optimiser, config.scheme.missing)
    noise = Noise(config.training.seed, Stream.FREE, device=training.theta.device)
    return engine.updater(model, training, learner, optimiser, Minibatches(rows, config), noise)


def _rates(model: Model, rows: Rows, config: Config) -> Callable[[int], float]:
    options = config.optimiser
    rate = rates.automatic_rate(model, rows.spread(rates.ROWS)) if options.rate == "auto" else options.rate
    return lambda update: rates.rate_at(options.schedule, rate, update, config.training.updates)


def _record(
    model: Model, scheme: Scheme, training: Training, residuals: tuple[float, ...], validation: Rows | None, seed: int
) -> Record:
    values: Record = {"update": training.update, "seconds": round(training.seconds, 3)}
    values |= monitor.norms(model, training.theta)
    values |= {f"residual_{run.task}": r for run, r in zip(scheme.free, residuals, strict=True)}
    if not all(math.isfinite(value) for value in values.values()):
        raise DataError(
            f"training diverged before update {training.update}: the parameters are not finite; "
            "lower optimiser.rate (ages kept so far are good)"
        )
    if validation is not None:
        noise = Noise(seed, Stream.PREDICT, training.update, device=training.theta.device)
        values["accuracy"] = monitor.accuracy(model, training.theta, validation, scheme.steps, noise)
    return values
