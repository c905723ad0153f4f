"""What a training runs, as data: where chains start, what they hold, for how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from shortrun.errors import ConfigError
from shortrun.models import LABEL, Model
from shortrun.settings import MOST_STEPS

Start = Literal["random", "data", "previous"]
HOLD_LABEL, HOLD_VISIBLE = "label", "visible"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of free chains in an update.

    Parameters
    ----------
    start : Start
        "random" (p0), "data" (the minibatch) or "previous" (where this run's chains stopped in the last update).
    clamp : tuple[str, ...], default ()
        What is held at the minibatch: "label", or "visible" for every observed layer except the label.
    steps : int
        Number k of sweeps, from 1 to 2^24 - 1.
    weight : float, default 1.0
        Weight of this run's gradient in the sum.
    chains : int, optional
        Number of persistent chains ("previous"), by default as many as samples in a minibatch.
    swapped : float, default 0.0
        Share of the visible sites that it holds, and is compared on, which come from another row of the minibatch.

    Raises
    ------
    ConfigError
        If a value is out of range.

    Examples
    --------
    >>> Run(start="random", clamp=("label",), steps=10).task
    'generate'
    """

    start: Start
    clamp: tuple[str, ...] = ()
    steps: int
    weight: float = 1.0
    chains: int | None = None
    swapped: float = 0.0

    @property
    def task(self) -> str:
        """What the run trains: "generate" given a label, "predict" the label, or the "joint" distribution."""
        tasks = {HOLD_LABEL: "generate", HOLD_VISIBLE: "predict"}
        return tasks[self.clamp[0]] if len(self.clamp) == 1 else "joint"

    def held_layers(self, model: Model) -> tuple[str, ...]:
        """Return the names of the layers it holds: "visible" stands for every observed layer but the label."""
        visible = tuple(layer.name for layer in model.spec.observed if layer.name != LABEL)
        return tuple(name for held in self.clamp for name in (visible if held == HOLD_VISIBLE else (held,)))

    def __post_init__(self):
        if not 1 <= self.steps <= MOST_STEPS:
            raise ConfigError("steps", f"at least 1 and at most {MOST_STEPS:,} expected, got {self.steps}")
        if not 0 < self.weight < float("inf"):
            raise ConfigError("weight", f"a positive number expected, got {self.weight}")
        if set(self.clamp) - {HOLD_LABEL, HOLD_VISIBLE}:
            raise ConfigError("clamp", f"'{HOLD_LABEL}' or '{HOLD_VISIBLE}' expected, got {self.clamp}")
        if self.chains is not None and (self.chains < 1 or self.start != "previous"):
            raise ConfigError("chains", f"at least 1, and only for persistent chains, expected; got {self.chains}")
        if not 0 <= self.swapped < 1 or (self.swapped and HOLD_VISIBLE not in self.clamp):
            raise ConfigError("swapped", f"from 0 to below 1, and only where visibles are held; got {self.swapped}")


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A named list of free runs; the clamped run (the data with E[h | x]) is the same in all schemes.

    Parameters
    ----------
    name : str
        Name that a run folder keeps.
    free : tuple[Run, ...]
        Free runs of an update.

    Examples
    --------
    >>> scheme = Scheme(name="short", free=(Run(start="data", steps=1),))
    >>> Scheme.from_dict(scheme.to_dict()) == scheme
    True
    """

    name: str
    free: tuple[Run, ...]

    @property
    def steps(self) -> int:
        """Number k of sweeps of the first run, which generation repeats."""
        return self.free[0].steps

    def predicting(self, weight: float, swapped: float = 0.0) -> Scheme:
        """Return the scheme with this weight of predicting labels and this share of swapped sites, where it does."""
        changed = {"weight": weight, "swapped": swapped}
        return replace(self, free=tuple(replace(r, **changed) if r.task == "predict" else r for r in self.free))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.name, "free": [vars(run) | {"clamp": list(run.clamp)} for run in self.free]}

    @classmethod
    def from_dict(cls, form: dict[str, Any]) -> Scheme:
        """Return the scheme that `to_dict` described."""
        return cls(name=form["name"], free=tuple(Run(**{**r, "clamp": tuple(r["clamp"])}) for r in form["free"]))
