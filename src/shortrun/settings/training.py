"""The settings of a training: sections of options, TOML files, dotted overrides and presets."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from shortrun.errors import ConfigError, nearest
from shortrun.settings._base import (
    CHAOTIC,
    MACHINE,
    MODEL,
    OUTPUT,
    TRAINING,
    TWO_TIMES,
    NotNegative,
    Positive,
    Rate,
    Seed,
    Settings,
    Steps,
    Width,
    named_by_keywords,
    nested,
    option,
    options,
    unknown,
)
from shortrun.settings.shared import SharedBySites

CHAOS = "chaotic"  # the family of models, and the preset of its paper
OF_MACHINES = (
    *("units", "hidden_units", "hidden_rule", "start", "profiles"),
    *("missing_labels", "damped_above", "weight_std", "pseudo_count"),
)  # options of which a chaotic network makes no use
OF_PREDICTING = ("generate", "predict", "predict_end", "swapped")  # of the scheme ff
OF_HELD_OUT = ("predict_end", "swapped")  # what is done about held-out labels that are predicted worse
OF_LABELS = (*OF_PREDICTING, "start", "profiles", "missing_labels", "label_rate", "label_l2")
MAY_BE_UNUSED = (*OF_LABELS, "chains")  # in a training by another scheme, of other data
TIME = 100.0  # of the runs of a chaotic network, T / tau = 10


class ModelSettings(Settings):
    """What the machine is made of."""

    kind: Literal["rbm", "chaotic"] = option("rbm", "Family of the model.", panel=MODEL, keyword="model")
    units: Literal["auto", "bernoulli", "ising", "potts", "gaussian"] = option(
        "auto", "Type of the visible units; by default what the values need.", panel=MODEL
    )
    hidden: Width | Literal["auto"] = option(
        "auto",
        "Number of hidden units; by default 256, or 512 from 5,000 samples or 1,000 sites on.",
        panel=MODEL,
        metavar="H",
        searched="64..1024",
    )
    hidden_units: Literal["bernoulli", "ising", "gaussian"] = option(
        "bernoulli", "Type of the hidden units.", panel=MODEL
    )
    hidden_rule: Literal["sample", "mean"] = option(
        "sample", "What hidden units pass on: a sample, or their mean as in the published code.", panel=MODEL
    )
    start: Literal["uniform", "profile"] = option(
        "profile",
        "Noise that samples of a class start from: uniform, or independent sites with the frequencies of the class.",
        panel=MODEL,
    )
    profiles: Width = option(
        16,
        "Most profiles that a class has, each the frequencies of samples that are alike: one for every 25 of them.",
        panel=MODEL,
        metavar="N",
    )
    layers: tuple[Width, ...] = option(
        (),
        "Hidden units of a chaotic network, layer by layer: none, one or two. The command line takes the number of "
        "visible units before them.",
        panel=CHAOTIC,
        metavar="784,500,100",
    )


class ChaoticSettings(Settings):
    """How a chaotic network moves: the variance of its fixed couplings, and its Euler steps (T = dt `scheme.steps`)."""

    gain: NotNegative = option(1.5, "Variance g of the fixed random couplings.", panel=CHAOTIC)
    dt: Rate = option(1.0, "Length of an Euler step.", panel=CHAOTIC)
    tau: Rate = option(10.0, "Time constant of a unit.", panel=CHAOTIC)
    settling: Literal["euler", "exact"] = option(
        "euler", "How hidden layers follow the data: by the Euler map, or exactly in continuous time.", panel=CHAOTIC
    )
    diagonal: bool = option(True, "Whether the units of a single layer couple to themselves.", panel=CHAOTIC)
    hebbian: Rate = option(1.0, "Power n of the rates that couplings learn from; 1 in FU24.", panel=CHAOTIC)
    classes: bool = option(False, "Learn labels too, with one unit for each class.", panel=CHAOTIC)

    def steps_of(self, time: float) -> int:
        """Return how many Euler steps a time has.

        Raises
        ------
        ConfigError
            If it is less than one step.
        """
        if not time >= self.dt:
            raise ConfigError("time", f"at least one step of dt = {self.dt:g} expected, got {time:g}")
        return round(time / self.dt)


class SchemeSettings(Settings):
    """Where the free chains start, what they hold, how long they run."""

    name: Literal["auto", "ff", "pcd", "cd", "rdm"] = option(
        "auto", "Training scheme; by default ff with labels and rdm without.", panel=MODEL, keyword="scheme"
    )
    steps: Steps = option(10, "Number k of sweeps of the free chains.", panel=MODEL)
    generate: NotNegative = option(1.0, "Weight of the gradient for generating given a label.", panel=MODEL)
    predict: NotNegative = option(
        10.0, "Weight of the gradient for predicting the label.", panel=MODEL, searched="1..30"
    )
    predict_end: NotNegative = option(
        1.0, "Least weight that this gradient falls to once held-out labels are learnt, or it runs away.", panel=MODEL
    )
    swapped: Annotated[float, Field(ge=0, lt=1)] = option(
        0.2,
        "Share of the sites taken from other samples where labels are predicted, once held-out ones get worse.",
        panel=MODEL,
    )
    chains: Positive | None = option(
        None, "Number of persistent chains; by default as many as samples in a minibatch.", panel=MODEL
    )
    missing: Literal["marginal", "impute"] = option(
        "marginal",
        "How samples without a label enter: summed over the labels, or with the end of a label chain.",
        panel=MODEL,
        keyword="missing_labels",
    )


class OptimiserSettings(Settings):
    """How the parameters start and move."""

    name: Literal["sgd", "momentum", "adam"] = option(
        "sgd", "Rule by which the parameters move.", panel=TRAINING, keyword="optimiser"
    )
    rate: Rate | Literal["auto"] = option(
        "auto",
        "Learning rate; by default small enough for the strongest mode of the data.",
        panel=TRAINING,
        flags=("--lr", "--rate"),
        searched="0.06..1.2",
    )
    damped_above: NotNegative = option(
        1.0,
        "Variance above which modes of the data learn no faster than one of this variance; 0 damps none.",
        panel=TRAINING,
    )
    label_rate: Rate = option(
        1.0, "Learning rate of the label's weights and biases, in units of the rate.", panel=TRAINING
    )
    schedule: Literal["warmup", "constant", "inverse", "cosine"] = option(
        "warmup", "How the learning rate rises at first, and falls later.", panel=TRAINING
    )
    average: Annotated[float, Field(ge=0, le=1)] = option(
        0.1,
        "Share of the updates, the last ones, that parameters are averaged over; 0 keeps no average.",
        panel=TRAINING,
    )
    centred: bool = option(True, "Whether the gradient is centred.", panel=TRAINING)
    l1: NotNegative = option(0.0, "Strength of the L1 penalty on the weights.", panel=TRAINING)
    l2: NotNegative = option(0.0, "Strength of the L2 penalty on the weights.", panel=TRAINING, searched="1e-6..1e-3")
    label_l2: NotNegative = option(
        2e-3, "Strength of the L2 penalty on the label's weights.", panel=TRAINING, searched="1e-4..2e-2"
    )
    weight_std: Rate = option(0.01, "Standard deviation of the initial weights.", panel=TRAINING)
    pseudo_count: NotNegative | None = option(
        None,
        "Share of the uniform distribution in the initial frequencies; by default 1 / effective size.",
        panel=TRAINING,
    )


class TrainingSettings(Settings):
    """How long, on how much data at a time, and what is kept of it."""

    updates: Positive | Literal["auto"] = option(
        "auto", "Number of updates; by default until held-out samples say that it is done.", panel=TRAINING, metavar="N"
    )
    max_updates: Positive = option(
        20_000, "Largest number of updates of a training that ends by itself.", panel=TRAINING
    )
    minutes: Rate | None = option(None, "Minutes after which a training ends in any case.", panel=TRAINING)
    batch: Positive = option(500, "Samples in a minibatch.", panel=TRAINING)
    seed: Seed = option(0, "Seed of all random numbers.", panel=TRAINING)
    validation: Annotated[float, Field(ge=0, lt=1)] = option(
        0.1,
        "Share of the samples held out: they decide when to stop and which age is best, and measure the accuracy.",
        panel=TRAINING,
    )
    ages_per_decade: Positive = option(10, "Ages kept in each decade of updates.", panel=TRAINING)
    log_every: Positive = option(100, "Updates between two records of the log.", panel=TRAINING)
    restart_seconds: NotNegative = option(30.0, "Seconds between two restart files.", panel=TRAINING)
    device: str = option("auto", "Device to compute on: auto, cpu or cuda.", panel=MACHINE, metavar="auto|cpu|cuda")

    @property
    def last_update(self) -> int:
        """The update that no training goes beyond."""
        return self.max_updates if self.updates == "auto" else self.updates


class Config(Settings):
    """Everything that determines a training besides the data.

    Examples
    --------
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), config=Config(), hidden=8, updates=2)
    >>> run.config["model"]["hidden"], run.config["scheme"]["steps"]
    (8, 10)
    """

    model: ModelSettings = ModelSettings()
    chaotic: ChaoticSettings = ChaoticSettings()
    scheme: SchemeSettings = SchemeSettings()
    optimiser: OptimiserSettings = OptimiserSettings()
    training: TrainingSettings = TrainingSettings()

    @classmethod
    def known(cls, stored: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """Return the settings of a run, without those of later versions."""
        form = cls().model_dump()
        return {
            section: {name: value for name, value in values.items() if name in form[section]}
            for section, values in stored.items()
            if section in form
        }


class StartSettings(Settings):
    """From which settings a training starts."""

    preset: str | None = option(
        None,
        "Settings to start from; paper: those of FF23 (1,024 hidden units, plain steps of 0.01, uniform starts, 2,000 "
        "updates); chaotic: those of FU24.",
        panel=TRAINING,
        metavar="default|paper|chaotic",
    )
    config: Config | Path | None = option(
        None,
        "TOML file of settings (in Python also a Config).",
        panel=TRAINING,
        flags=("--config", "-c"),
        metavar="TOML",
    )
    assignments: tuple[str, ...] = option(
        (), "Any setting, as optimiser.l2=0.001.", panel=TRAINING, flags=("--set",), metavar="SECTION.KEY=VALUE"
    )
    time: Rate | None = option(
        None, "Time T of every run of a chaotic network, in place of steps; 100 by default.", panel=CHAOTIC, metavar="T"
    )


class TrainSettings(SharedBySites, StartSettings):
    """From which settings a training starts, and what becomes of a run that is there already."""

    resume: bool = option(
        False,
        "Go on with the run in the folder, with its data and its settings where no others are given.",
        panel=OUTPUT,
    )
    overwrite: bool = option(False, "Replace the run in the folder.", panel=OUTPUT)

    def restarted(self, out: Path | str | None) -> TrainSettings:
        """Return the settings of a training that torchrun starts again after one of its processes died: it goes on."""
        again = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
        if not again or out is None or not (Path(out) / "run.json").exists():
            return self
        return self.model_copy(update={"resume": True, "overwrite": False})

    def check(self) -> None:
        """Raise ConfigError if a run is both to go on and to be replaced."""
        if self.resume and self.overwrite:
            raise ConfigError("resume", "not together with --overwrite")


PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    # FF23 table 2 and the published code: plain SGD at 0.01 from weights of standard deviation 1e-4, N_h 1024.
    "paper": {
        "model": {"hidden": 1024, "start": "uniform"},
        "scheme": {"steps": 10, "generate": 1.0, "predict": 1.0, "swapped": 0.0},
        "optimiser": {
            "name": "sgd",
            "rate": 0.01,
            "label_rate": 1.0,
            "label_l2": 0.0,
            "schedule": "constant",
            "average": 0.0,
            "damped_above": 0.0,
            "weight_std": 1e-4,
        },
        "training": {"batch": 500, "updates": 2000},
    },
    # FU24: a chaotic network, T = 100 steps of dt = tau / 10, plain Hebbian steps of 0.01 for couplings and fields.
    "chaotic": {
        "model": {"kind": "chaotic", "layers": (500,)},
        "scheme": {"steps": 100, "predict": 1.0, "swapped": 0.0},
        "optimiser": {
            "name": "sgd",
            "rate": 0.01,
            "label_l2": 0.0,
            "schedule": "constant",
            "average": 0.0,
            "centred": False,
        },
        "training": {"batch": 500, "updates": 2000, "validation": 0.0},
    },
}


def configured(start: StartSettings, given: Mapping[str, Any], stored: Mapping[str, Any] | None = None) -> Config:
    """Return the settings of a training, where the options given by keyword win over all that it starts from.

    Parameters
    ----------
    start : TrainSettings
        Preset, file or value, and assignments to start from.
    given : Mapping[str, Any]
        Options of `Config` by keyword.
    stored : Mapping[str, Any], optional
        Settings of the run that goes on.

    Raises
    ------
    ConfigError
        For a wrong preset, file, key or value, for options of one family of models with the other, and for a setting of
        the run that is unknown: to go on without it would be another training.
    """
    old = stored or {}
    known = Config.known(old)
    later = [f"{part}.{name}" for part in old for name in old[part] if name not in known.get(part, {})]
    if later:
        raise ConfigError(
            later[0],
            "a setting of the run that this version does not know: it was begun by a later one, update the package",
        )
    preset = start.preset or (CHAOS if stored is None and given.get("model") == CHAOS else "default")
    sources = {"base": stored, "preset": preset, "file": start.config, "assignments": start.assignments}
    with named_by_keywords([Config], given):
        config = resolve(**sources, **nested(Config, given))
        _check_family(config, start, asked(config, start, given), given)
        return _timed(_shortened(config, given), start.time, given)


def asked(config: Config, start: StartSettings, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keywords of the options that are given one by one, and have other values than their defaults.

    The weight that `predict` falls to counts with its default too: it is above one that is given.
    """
    named = (each for each in options(Config) if each.keyword in given or each.keyword in assigned_to(start))
    values = {each: reduce(getattr, each.key.split("."), config) for each in named}
    return tuple(
        each.keyword for each, value in values.items() if value != each.default or each.keyword == "predict_end"
    )


def check_once(start: StartSettings, given: Mapping[str, Any]) -> None:
    """Check that nothing is said twice, and otherwise: one of the two would be dropped without a word.

    Raises
    ------
    ConfigError
        For an option that is given by itself and among the assignments, and for two that say how long a training is.
    """
    assigned = assigned_to(start)
    for keyword, key in assigned.items():
        if keyword in given:
            raise ConfigError(keyword, f"given twice, also with --set {key}: leave one of them out")
    updates = given.get("updates", "auto" if "updates" not in assigned else 0)
    if {"updates", "max_updates"} <= {*given, *assigned} and updates != "auto":
        raise ConfigError("max_updates", "not together with updates, which says when the training ends")
    if start.time is not None and "steps" in assigned:
        raise ConfigError("time", TWO_TIMES)


def assigned_to(start: StartSettings) -> dict[str, str]:
    """Return keyword -> key of the options that are among the assignments."""
    keys = {f"{section}.{name}" for section, values in _assigned(start.assignments).items() for name in values}
    return {each.keyword: each.key for each in options(Config) if each.key in keys}


def assignments_without(start: StartSettings, keywords: Collection[str]) -> tuple[str, ...]:
    """Return the assignments but those of some options, which have other values."""
    keys = {each.key for each in options(Config) if each.keyword in keywords}
    return tuple(text for text in start.assignments if text.partition("=")[0].strip() not in keys)


def _check_family(config: Config, start: StartSettings, asked: Sequence[str], given: Mapping[str, Any]) -> None:
    """Check that options of chaotic networks go with one, and those of machines with a machine."""
    if config.model.kind == CHAOS:
        if "hidden" in given:
            raise ConfigError("hidden", "hidden units of a chaotic network are given with layers")
        if unused := next((name for name in asked if name in OF_MACHINES), None):
            raise ConfigError(unused, "is an option of RBMs, of no use to a chaotic network")
        return
    of_networks = {each.keyword for each in options(Config) if each.panel == CHAOTIC}
    if of_networks & {*given, *asked} or start.time is not None:
        raise ConfigError("model", "options of chaotic networks, such as layers and gain, need the model chaotic")


def check_use(config: Config, asked: Sequence[str], *, scheme: str, labelled: bool) -> None:
    """Refuse options that change nothing in a training of such data by such a scheme.

    Parameters
    ----------
    config : Config
        The settings.
    asked : Sequence[str]
        Keywords of the options that were given one by one (`asked`).
    scheme : str
        The name of the scheme.
    labelled : bool
        Whether the model learns labels.

    Raises
    ------
    ConfigError
        For the first of them.
    """
    for name, need in unused(config, asked, scheme=scheme, labelled=labelled).items():
        raise ConfigError(name, f"is of use only with {need}")


def check_use_ahead(config: Config, asked: Sequence[str], scheme: str) -> None:
    """Do what `check_use` does before data are read: refuse options that are of no use whatever the data are."""
    labels = config.model.kind != CHAOS or config.chaotic.classes
    check_use(config, asked, scheme="ff" if scheme == "auto" else scheme, labelled=labels)


def unused(config: Config, asked: Sequence[str], *, scheme: str, labelled: bool) -> dict[str, str]:
    """Return the options that `check_use` refuses, each with what it would be of use with."""
    without = "a network that learns labels (classes)" if config.model.kind == CHAOS else "data with labels"
    found: dict[str, str] = {}
    for names, used, need in (
        (OF_LABELS, labelled, without),
        (OF_PREDICTING, scheme == "ff", "the scheme ff"),
        (("chains",), scheme == "pcd", "the scheme pcd"),
        (("profiles",), config.model.start == "profile", "start profile"),
        (OF_HELD_OUT, config.scheme.predict > 0, "predict above 0"),
        (OF_HELD_OUT, config.training.validation > 0, "samples held out (validation above 0)"),
    ):
        found |= {name: need for name in asked if not used and name in names and name not in found}
    return found


def _shortened(config: Config, given: Mapping[str, Any]) -> Config:
    """Return settings of a training, however its updates are said, that goes no further than it is told to."""
    updates, most = config.training.updates, config.training.max_updates
    if "max_updates" not in given or updates == "auto" or updates <= most:
        return config
    return resolve(base=config.model_dump(), training={"updates": most})


def _timed(config: Config, time: Rate | None, given: Mapping[str, Any]) -> Config:
    """Return settings whose runs take the time T: as many steps of their dt, which alone leaves T at 100."""
    if time is not None and "steps" in given:
        raise ConfigError("time", TWO_TIMES)
    if "steps" in given or (time is None and "dt" not in given):
        return config
    steps = config.chaotic.steps_of(TIME if time is None else time)
    return resolve(base=config.model_dump(), scheme={"steps": steps})


def resolve(
    *,
    base: Mapping[str, Any] | None = None,
    preset: str = "default",
    file: Config | Path | None = None,
    assignments: Sequence[str] = (),
    **sections: Mapping[str, Any],
) -> Config:
    """Return a configuration: base, preset, file, `key=value` assignments, keyword sections; what comes later wins.

    Raises
    ------
    ConfigError
        For an unknown preset or key (with the nearest known one) or a value out of range.
    """
    if preset not in PRESETS:
        raise ConfigError(
            "preset", f"'{preset}' is unknown, expected one of {', '.join(PRESETS)}", nearest(preset, PRESETS)
        )
    merged: dict[str, dict[str, Any]] = {}
    of_file = file.model_dump() if isinstance(file, Config) else _toml(file)
    for layer in (base or {}, PRESETS[preset], of_file, _assigned(assignments), sections):
        for section, values in layer.items():
            if not isinstance(values, Mapping):
                raise unknown(Config, section)
            if section not in Config.model_fields:
                raise unknown(Config, ".".join([section, *list(values)[:1]]))
            merged.setdefault(section, {}).update(values)
    return Config.checked(merged)


def _toml(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(file), error.strerror or str(error)) from None
    except RecursionError:
        raise ConfigError(str(file), "not valid TOML: nested too deeply") from None
    except ValueError as error:  # of syntax, encoding, or numbers with thousands of digits
        raise ConfigError(str(file), f"not valid TOML: {str(error).split(';')[0]}") from None


def _assigned(assignments: Sequence[str]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        section, dot, name = key.strip().partition(".")
        if not equals:
            raise ConfigError(assignment, "expected section.name=value, such as optimiser.rate=0.1")
        if not dot:
            raise unknown(Config, key.strip())
        values, value = merged.setdefault(section, {}), value_of(text.strip())
        if values.setdefault(name, value) != value:
            raise ConfigError(key.strip(), f"given twice, as {values[name]} and {value}: leave one of them out")
    return merged


def value_of(text: str) -> Any:
    """Return the value that a text is in TOML; a bare word is a text: --set optimiser.name=adam."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (RecursionError, ValueError):
        return text
