"""Settings: frozen models that refuse what they do not know, TOML files, dotted overrides and presets."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shortrun.errors import ConfigError, nearest

Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(_Settings):
    """What the machine is made of."""

    kind: Literal["rbm", "chaotic"] = "rbm"
    units: Literal["auto", "bernoulli", "ising", "potts", "gaussian"] = "auto"
    hidden: Positive = 256
    hidden_units: Literal["bernoulli", "ising", "gaussian"] = "bernoulli"
    hidden_rule: Literal["sample", "mean"] = "sample"
    layers: tuple[Positive, ...] = ()  # hidden units of a chaotic network, layer by layer: none, one or two


class ChaoticSettings(_Settings):
    """How a chaotic network moves: the variance of its fixed couplings, and its Euler steps (T = dt `scheme.steps`)."""

    gain: NotNegative = 1.5
    dt: Rate = 1.0
    tau: Rate = 10.0
    settling: Literal["euler", "exact"] = "euler"
    diagonal: bool = True
    hebbian: Rate = 1.0  # power n of the rates that couplings learn from, 1 in FU24
    classes: bool = False


class SchemeSettings(_Settings):
    """Where the free runs start, what they hold, how long they are. `name` "auto" is ff with labels, rdm without."""

    name: Literal["auto", "ff", "pcd", "cd", "rdm"] = "auto"
    steps: Positive = 10
    generate: NotNegative = 1.0
    predict: NotNegative = 10.0
    chains: Positive | None = None
    missing: Literal["marginal", "impute"] = "marginal"


class OptimiserSettings(_Settings):
    """How the parameters start and move."""

    name: Literal["sgd", "momentum", "adam"] = "sgd"
    rate: Rate | Literal["auto"] = "auto"  # auto: slow enough for the data's strongest mode, see learning/rates.py
    label_rate: Rate = 1.0  # of the label's weights and biases, in units of `rate`
    schedule: Literal["constant", "inverse", "cosine"] = "inverse"
    centred: bool = True
    l1: NotNegative = 0.0
    l2: NotNegative = 0.0
    label_l2: NotNegative = 2e-3  # of the label's weights, in place of l2
    weight_std: Rate = 0.01
    pseudo_count: NotNegative | None = None


class TrainingSettings(_Settings):
    """How long, on how much data at a time, and what is kept of it."""

    updates: Positive = 2000
    batch: Positive = 500
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    validation: Annotated[float, Field(ge=0, lt=1)] = 0.1
    ages_per_decade: Positive = 10
    log_every: Positive = 100
    restart_seconds: NotNegative = 30.0
    device: str = "auto"


class Config(_Settings):
    """Everything that determines a training besides the data."""

    model: ModelSettings = ModelSettings()
    chaotic: ChaoticSettings = ChaoticSettings()
    scheme: SchemeSettings = SchemeSettings()
    optimiser: OptimiserSettings = OptimiserSettings()
    training: TrainingSettings = TrainingSettings()


PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    # FF23 table 2 and the published code: plain SGD at 0.01 from weights of standard deviation 1e-4, N_h 1024.
    "paper": {
        "model": {"hidden": 1024},
        "scheme": {"steps": 10, "generate": 1.0, "predict": 1.0},
        "optimiser": {
            "name": "sgd",
            "rate": 0.01,
            "label_rate": 1.0,
            "label_l2": 0.0,
            "schedule": "constant",
            "weight_std": 1e-4,
        },
        "training": {"batch": 500},
    },
    # FU24: a chaotic network, T = 100 steps of dt = tau / 10, plain Hebbian steps of 0.01 for couplings and fields.
    "chaotic": {
        "model": {"kind": "chaotic", "layers": (500,)},
        "scheme": {"steps": 100, "predict": 1.0},
        "optimiser": {"name": "sgd", "rate": 0.01, "label_l2": 0.0, "schedule": "constant", "centred": False},
        "training": {"batch": 500, "validation": 0.0},
    },
}


def keys() -> Iterator[str]:
    """Yield the dotted name of every setting."""
    for section, info in Config.model_fields.items():
        for name in info.annotation.model_fields:  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
            yield f"{section}.{name}"


def resolve(
    *,
    base: Mapping[str, Any] | None = None,
    preset: str = "default",
    file: Path | None = None,
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
    for layer in (base or {}, PRESETS[preset], _toml(file), _assigned(assignments), sections):
        for section, values in layer.items():
            if not isinstance(values, Mapping):
                raise _unknown(section)
            if section not in Config.model_fields:
                raise _unknown(".".join([section, *list(values)[:1]]))
            merged.setdefault(section, {}).update(values)
    return validate(merged)


def validate(form: Mapping[str, Any]) -> Config:
    """Return the configuration of a nested mapping, such as the one stored with a run.

    Raises
    ------
    ConfigError
        For an unknown key or a value out of range.
    """
    try:
        return Config.model_validate(form)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise _unknown(key) from None
        raise ConfigError(key, f"{first['msg'].lower()}, got {first['input']!r}") from None


def _unknown(key: str) -> ConfigError:
    known, sections = list(keys()), list(Config.model_fields)
    section, dot, last = key.partition(".")
    by_last_word = {name.partition(".")[2]: name for name in known}
    if not dot:
        last = section
    close = nearest(key, known) or by_last_word.get(nearest(last, by_last_word) or "") or nearest(section, sections)
    return ConfigError(key, "unknown setting", close)


def _toml(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(file), error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), f"not valid TOML: {error}") from None


def _assigned(assignments: Sequence[str]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        section, dot, name = key.strip().partition(".")
        if not equals:
            raise ConfigError(assignment, "expected section.name=value, such as optimiser.rate=0.1")
        if not dot:
            raise _unknown(key.strip())
        merged.setdefault(section, {})[name] = _value(text.strip())
    return merged


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word is a string: --set optimiser.name=adam
