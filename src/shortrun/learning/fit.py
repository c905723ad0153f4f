"""The loop: minibatches in, parameters and a trajectory of records out. Knows neither files nor the terminal."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from shortrun.dynamics import Noise, Stream
from shortrun.engine import ascent
from shortrun.errors import DataError
from shortrun.learning import gradient as gradients
from shortrun.learning import monitor, optimisers, rates
from shortrun.learning.graph import GraphedUpdate
from shortrun.learning.monitor import Record
from shortrun.learning.optimisers import SGD, Optimiser
from shortrun.learning.rows import Minibatches, Rows
from shortrun.learning.schemes import Scheme
from shortrun.learning.update import Batch, Gradient, gradient
from shortrun.models import RBM, STREAMED, Layer, Model
from shortrun.settings import Config
from shortrun.typing import State, Theta

ROWS_AT_ONCE = 4096  # of the data, for their frequencies


@dataclass(eq=False)
class Training:
    """All that changes during a training: enough to go on from, bit for bit.

    Parameters
    ----------
    update : int
        Updates done.
    theta : Theta
        (P,) parameters.
    moments : tuple[Theta, ...]
        Of the optimiser.
    chains : tuple[State | None, ...]
        For each free run, its persistent chains or None.
    seconds : float, default 0.0
        Spent so far, over all sessions.
    """

    update: int
    theta: Theta
    moments: tuple[Theta, ...]
    chains: tuple[State | None, ...]
    seconds: float = 0.0


@runtime_checkable
class Recorder(Protocol):
    """Who listens to a training; `learning` does not know that files exist."""

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
    """Return the first parameters: biases from the data's frequencies, small random weights, hidden biases 0.

    The frequencies of each site are mixed with the uniform law by a pseudo-count alpha (1 / M_eff by default), so that
    no colour starts with probability zero: f = (1 - alpha) <x> + alpha <x>_uniform. Chaotic networks start with zeros.
    """
    theta = torch.zeros(model.size(), device=rows.weights.device)
    if not isinstance(model, RBM):  # the random couplings break the symmetry (FU24)
        return theta
    _scatter_(model.view(theta).weight, config)
    bias = model.view(theta).bias
    for i, (layer, part) in enumerate(zip(model.spec.observed, model.slices, strict=True)):
        known = torch.arange(len(rows), device=theta.device)[~rows.missing if i == model.spec.label else slice(None)]
        weights = rows.weights[known]
        alpha = config.optimiser.pseudo_count
        alpha = 1 / (1 + weights.sum().item()) if alpha is None else min(alpha, 1.0)
        mean = _weighted_mean(layer, rows.select(known), i)
        uniform = layer.units.mean(torch.zeros_like(mean))
        bias[part] = layer.units.field_of_mean((1 - alpha) * mean + alpha * uniform)[0]
    model.project_(theta)
    return theta


def _scatter_(weight: Tensor, config: Config) -> None:
    """Fill the weights (F, H) with normal numbers, some rows at a time; row f is chain f of the noise."""
    size = max(1, STREAMED // weight.shape[1])
    for first, part in zip(range(0, len(weight), size), weight.split(size), strict=True):
        noise = Noise(config.training.seed, Stream.WEIGHTS, first_chain=first, device=weight.device)
        normal = torch.special.ndtri(noise.uniform(0, *part.shape))
        part.copy_(normal.mul_(config.optimiser.weight_std))


def _weighted_mean(layer: Layer, rows: Rows, i: int) -> Tensor:
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
    clock = time.monotonic() - training.seconds
    optimiser = optimisers.named(config.optimiser.name, training.theta)
    optimiser.moments = training.moments
    batches, rate_at = Minibatches(rows, config), _rates(model, rows, config)
    graphed = _graphed(model, scheme, training, optimiser, batches, config)
    while training.update < updates:
        update = training.update + 1
        rate = rate_at(update)
        noise = Noise(config.training.seed, Stream.FREE, update, device=training.theta.device)
        logged = update in kept or update % config.training.log_every == 0
        if graphed is not None and not logged:
            residuals = graphed(update, batches.indices(update), rate).residuals
        else:  # the gradient itself is not kept: it is as large as theta
            residuals = advance_(
                model, scheme, training, optimiser, batches.at(update), noise, config, rate, residuals=logged
            ).residuals
        training.update, training.seconds = update, time.monotonic() - clock
        if logged:
            recorder.log({"rate": rate} | _record(model, scheme, training, residuals, validation, config.training.seed))
        if update in kept:
            recorder.age(training)
        if recorder.after_update(training):
            break
    return training


def _rates(model: Model, rows: Rows, config: Config) -> Callable[[int], float]:
    options = config.optimiser
    rate = rates.automatic_rate(model, rows.spread(rates.ROWS)) if options.rate == "auto" else options.rate
    return lambda update: rates.rate_at(options.schedule, rate, update, config.training.updates)


def _graphed(
    model: Model, scheme: Scheme, training: Training, optimiser: Optimiser, batches: Minibatches, config: Config
) -> GraphedUpdate | None:
    """The update as a CUDA graph, where there can be one; logged updates are done without."""
    rows, device = batches.rows, training.theta.device
    if not GraphedUpdate.supports(model, training.theta, rows.missing) or (state := rows.tensors()) is None:
        return None

    def advance(batch: Batch, rule: Optimiser, noise: Noise) -> Gradient:
        return advance_(model, scheme, training, rule, batch, noise, config, 1.0)

    noise = Noise(config.training.seed, Stream.FREE, device=device)
    return GraphedUpdate(advance, training, optimiser, state, rows.weights, batches.size, noise)


def advance_(
    model: Model,
    scheme: Scheme,
    training: Training,
    optimiser: Optimiser,
    batch: Batch,
    noise: Noise,
    config: Config,
    rate: float,
    *,
    residuals: bool = False,
) -> Gradient:
    """Do one whole update in place (theta, the moments, the persistent chains) and return its gradient."""
    theta, options = training.theta, config.optimiser
    step = gradient(model, scheme, theta, batch, training.chains, noise, config.scheme.missing, residuals=residuals)
    plain = options.centred and isinstance(optimiser, SGD)
    if isinstance(model, RBM) and plain and ascent.supports(theta):
        penalties = {"l1": options.l1, "l2": options.l2, "label_l2": options.label_l2}
        ascent.ascend_(model, theta, step.direction, step.means, rate, label_rate=options.label_rate, **penalties)
    else:
        direction = model.centred(step.direction, step.means) if options.centred else step.direction
        gradients.penalise_(model, direction, theta, options.l1, options.l2, options.label_l2)
        gradients.rescale_label_(model, direction, options.label_rate)
        optimiser.step_(theta, direction, rate, noise.update)
        model.project_(theta)
    training.chains = tuple(
        end if run.start == "previous" else None for run, end in zip(scheme.free, step.chains, strict=True)
    )
    return step


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
