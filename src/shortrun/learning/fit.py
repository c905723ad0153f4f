"""The loop: minibatches in, parameters and a trajectory of records out. Knows neither files nor the terminal."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from shortrun import engine, parallel
from shortrun.dynamics import Noise, Scheme, Stream
from shortrun.errors import DataError
from shortrun.learning import average, monitor, optimisers, rates
from shortrun.learning.profiles import mean
from shortrun.learning.rows import Minibatches, Rows
from shortrun.learning.update import Learner
from shortrun.models import Model, Training
from shortrun.records import FIRST_MONITORED, NOISE_HURT, Record, ages, best, decisive, outlook, predicting, set_back
from shortrun.settings import Config
from shortrun.typing import State, Theta

T = TypeVar("T")
JUDGED = 10  # ages of a decade, at most, by which a training is judged
LOST: Record = {"compared": 1, "p_dd": 1.0, "p_gg": 1.0, "nearer": 0.0}  # what parameters that are no numbers get
SLOWER = 0.5  # by which the rate falls when a training is set back


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


@runtime_checkable
class Monitor(Protocol):
    """Compares what a training generates with held-out samples."""

    def __call__(self, theta: Theta, chains: State | None) -> Record:
        """Return P_DD and the like of samples of these parameters, or of persistent chains; see `records`."""
        ...


def initial_theta(model: Model, rows: Rows, config: Config) -> Theta:
    """Return the parameters before the first update; those of an RBM know the frequencies of the data."""
    noise = Noise(config.training.seed, Stream.WEIGHTS, device=rows.weights.device)
    pseudo_count = config.optimiser.pseudo_count
    return model.initial_theta(noise, config.optimiser.weight_std, lambda i: mean(model, rows, i, pseudo_count))


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
    monitored: Monitor | None = None,
    kept_at: Callable[[int], Theta] | None = None,
    records: Sequence[Record] = (),
) -> Training:
    """Train until the updates asked for are done, held-out samples say so, or the recorder asks for an end.

    A training whose samples come no closer to real ones goes back to its best age, and on at half the rate; labels are
    learnt to be predicted as `records.predicting` says.

    Parameters
    ----------
    training : Training, optional
        Where to go on from; None begins anew.
    validation : Rows, optional
        Labelled rows to report accuracy on.
    monitored : Monitor, optional
        What ages are judged by; without it, only a number of updates ends the training.
    kept_at : Callable[[int], Theta], optional
        Returns the parameters of an age that was recorded, in every process its own; without it a training goes back to
        its beginning.
    records : Sequence[Record], default ()
        What was recorded before `training`.

    Raises
    ------
    DataError
        If the parameters are no longer finite; the ages kept so far are good.
    ParallelError
        If other processes that share the training are gone, or have other parameters.

    Notes
    -----
    Processes that share a training (`parallel.sharing`) do the same updates. The first one looks at the clock, judges
    samples, reads ages and asks its recorder; what it finds holds for all.
    """
    mesh = parallel.current()
    group = None if mesh is None else mesh.everyone
    if group is not None:
        monitored = monitored and _told(group, monitored)
    training = training or begin(model, scheme, rows, config)
    records, options = list(records), config.training
    kept, automatic = ages(options.ages_per_decade, options.last_update), options.updates == "auto"
    judged = ages(min(options.ages_per_decade, JUDGED), 2 * options.last_update + 1)  # whatever the last update is
    begun = time.monotonic()
    clock, (rate_at, damping) = begun - training.seconds, _pace(model, rows, config)

    strength = sum(run.weight for run in scheme.free if run.task == "predict")

    def lessons() -> tuple[float, float]:
        weight, by_heart = predicting(records, strength, config.scheme.predict_end)
        return weight, config.scheme.swapped * by_heart

    def updater() -> engine.Updater:
        return _updater(model, scheme.predicting(weight, swapped), rows, config, training, damping)

    weight, swapped = lessons()
    advance = updater()

    def restored(age: int) -> Theta:
        return kept_at(age) if age and kept_at is not None else initial_theta(model, rows, config)

    while training.update < options.last_update and not (automatic and outlook(records).done):
        update = training.update + 1
        rate = rate_at(update) * training.pace
        late = options.minutes is not None and _any(group, time.monotonic() - begun >= 60 * options.minutes)
        is_age = late or update in kept
        logged = is_age or update % options.log_every == 0
        residuals = advance(update, rate, residuals=logged)
        training.update, training.seconds = update, time.monotonic() - clock
        average.follow_(training, config.optimiser.average)
        if logged:
            record = {"rate": rate, "predict": weight, "swapped": swapped} | _record(model, scheme, training, residuals)
            if is_age and monitored is not None and update >= FIRST_MONITORED:
                if update in judged:
                    record = _judged(model, training, record, records, monitored, restored, automatic)
                elif late or update == options.last_update:
                    record |= monitored(average.machine_of(training), training.chains[0]) | {"late": True}
            if validation is not None:
                record |= _accuracy(model, scheme, training, validation, options.seed)
            _check_finite(record)
            if mesh is not None:
                mesh.check_equal(model, training.theta, update)
            records.append(record)
            recorder.log(record)
            before, (weight, swapped) = (weight, swapped), lessons()
            advance = updater() if "set_back_to" in record or (weight, swapped) != before else advance
        if is_age:
            recorder.age(training)
        if _any(group, recorder.after_update(training)) or late:
            break
    return training


def _told(group: parallel.Group, function: Callable[..., T]) -> Callable[..., T]:
    """Return a function whose result is that of the first process; all of them call it, as its work may be shared."""

    def told(*values: Any) -> T:
        found = function(*values)
        return group.told(lambda: found)

    return told


def _any(group: parallel.Group | None, mine: bool) -> bool:
    return mine if group is None else group.any(mine)


def _judged(
    model: Model,
    training: Training,
    record: Record,
    records: Sequence[Record],
    monitored: Monitor,
    restored: Callable[[int], Theta],
    automatic: bool,
) -> Record:
    """Return the record with how good samples are; if the training must go back to its best age, after that."""
    finite = all(map(math.isfinite, record.values()))
    found = monitored(average.machine_of(training), training.chains[0]) if finite else LOST
    reason = set_back([*records, record | found], automatic=automatic)
    if reason is None:
        return record | found
    good = best(decisive(records), "generate") or 0
    theta = restored(good)
    training.theta.copy_(theta)
    if training.average is not None:
        training.average.copy_(theta)
    training.pace *= 1 if reason == NOISE_HURT else SLOWER
    now: Record = {name: record[name] for name in ("rate", "update", "seconds")}
    now |= monitor.norms(model, theta) | monitored(theta, None)
    return now | {"set_back_to": good, "because": reason, "pace": training.pace}


def _updater(
    model: Model, scheme: Scheme, rows: Rows, config: Config, training: Training, damping: rates.Damping | None
) -> engine.Updater:
    optimiser = optimisers.named(config.optimiser.name, training.theta)
    optimiser.moments = training.moments
    learner = Learner(model, scheme, config.optimiser, config.scheme.missing, damping)
    noise = Noise(config.training.seed, Stream.FREE, device=training.theta.device)
    return engine.updater(model, training, learner, optimiser, Minibatches(rows, config), noise)


def _pace(model: Model, rows: Rows, config: Config) -> tuple[Callable[[int], float], rates.Damping | None]:
    """Return the rate of each update, and how strong modes of the data are damped."""
    options = config.optimiser
    damping, rate = rates.damping_and_rate(model, rows.spread(rates.ROWS), options)
    return (lambda update: rates.rate_at(options.schedule, rate, update, config.training.last_update)), damping


def _record(model: Model, scheme: Scheme, training: Training, residuals: tuple[float, ...]) -> Record:
    values: Record = {"update": training.update, "seconds": round(training.seconds, 3)}
    values |= monitor.norms(model, training.theta)
    return values | {f"residual_{run.task}": r for run, r in zip(scheme.free, residuals, strict=True)}


def _check_finite(record: Record) -> None:
    if not all(math.isfinite(value) for value in record.values() if isinstance(value, int | float)):
        raise DataError(
            f"training diverged before update {record['update']}: the parameters are not finite; "
            "lower optimiser.rate (ages kept so far are good)"
        )


def _accuracy(model: Model, scheme: Scheme, training: Training, validation: Rows, seed: int) -> Record:
    theta, noise = (
        average.machine_of(training),
        Noise(seed, Stream.PREDICT, training.update, device=training.theta.device),
    )
    return {"accuracy": monitor.accuracy(model, theta, validation, scheme.steps, noise)}
