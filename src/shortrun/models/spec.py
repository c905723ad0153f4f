"""What a model is made of, apart from its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from shortrun import units
from shortrun.errors import ConfigError
from shortrun.units import Units

VISIBLE = "visible"
LABEL = "label"
HIDDEN = "hidden"
HiddenRule = Literal["sample", "mean"]


@dataclass(frozen=True)
class Layer:
    """A row of `sites` units of one type. A class label is `Layer("label", 1, Potts(K))`, nothing special."""

    name: str
    sites: int
    units: Units

    @property
    def width(self) -> int:
        """Features of the whole layer."""
        return self.sites * self.units.width


@dataclass(frozen=True)
class Spec:
    """The layers of a machine and how it moves.

    Parameters
    ----------
    layers : the observed layers, then the hidden one
    hidden_rule : what the hidden layer passes on in a sweep, a draw ("sample", a valid Markov chain) or its mean
        ("mean", what the published F&F code does; not a Gibbs sampler)
    """

    layers: tuple[Layer, ...]
    hidden_rule: HiddenRule = "sample"

    def __post_init__(self):
        names = [layer.name for layer in self.layers]
        if len(set(names)) != len(names) or names[-1:] != [HIDDEN] or len(names) < 2:
            raise ConfigError("layers", f"observed layers, then '{HIDDEN}' expected, all names different, got {names}")
        if self.hidden_rule not in ("sample", "mean"):
            raise ConfigError("hidden_rule", f"'sample' or 'mean' expected, got '{self.hidden_rule}'")

    @property
    def observed(self) -> tuple[Layer, ...]:
        """The layers that data fill."""
        return self.layers[:-1]

    @property
    def hidden(self) -> Layer:
        """The layer that they do not."""
        return self.layers[-1]

    @property
    def label(self) -> int | None:
        """Position of the label layer, None without one."""
        return next((i for i, layer in enumerate(self.layers) if layer.name == LABEL), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        layers = [{"name": la.name, "sites": la.sites, "units": units.to_dict(la.units)} for la in self.layers]
        return {"layers": layers, "hidden_rule": self.hidden_rule}

    @classmethod
    def from_dict(cls, form: dict[str, Any]) -> Spec:
        """Return the specification that `to_dict` described."""
        layers = tuple(Layer(f["name"], f["sites"], units.from_dict(f["units"])) for f in form["layers"])
        return cls(layers, form["hidden_rule"])


@dataclass(frozen=True, eq=False)
class Clamp:
    """What a run holds fixed: whole layers, and single sites of the others.

    Parameters
    ----------
    layers : names of the layers that keep their values
    sites : for a layer that moves, the sites (S,) bool that keep their values all the same
    """

    layers: tuple[str, ...] = ()
    sites: Mapping[str, Tensor] = field(default_factory=dict)
