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
STREAMED = 2**23  # elements of a table that is made again and again, only to be summed
HiddenRule = Literal["sample", "mean"]
StartRule = Literal["uniform", "profile"]


@dataclass(frozen=True)
class Layer:
    """A row of `sites` units of one type. A class label is `Layer("label", 1, Potts(K))`, nothing special.

    Parameters
    ----------
    name : str
        All different within a machine.
    sites : int
        Number of units.
    units : Units
        Their type.
    holds : tuple[int, ...], optional
        Which sites of the data it holds, for data whose sites differ in kind; None for all of them.
    first : int, default 0
        Number of its first site, where processes share the sites of a layer (`models.part`).

    Examples
    --------
    >>> from shortrun.units import Potts
    >>> Layer("visible", 59, Potts(21)).width
    1239
    """

    name: str
    sites: int
    units: Units
    holds: tuple[int, ...] | None = None
    first: int = 0

    @property
    def width(self) -> int:
        """Features of the whole layer."""
        return self.sites * self.units.width

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        form = {"name": self.name, "sites": self.sites, "units": units.to_dict(self.units)}
        return form if self.holds is None else form | {"holds": list(self.holds)}

    @classmethod
    def from_dict(cls, form: dict[str, Any]) -> Layer:
        """Return the layer that `to_dict` described."""
        holds = form.get("holds")
        return cls(form["name"], form["sites"], units.from_dict(form["units"]), None if holds is None else tuple(holds))


@dataclass(frozen=True)
class Spec:
    """The layers of a machine and how it moves.

    Parameters
    ----------
    layers : tuple[Layer, ...]
        The observed layers, then the hidden one.
    hidden_rule : HiddenRule, default "sample"
        What the hidden layer passes on in a sweep, a draw ("sample", a valid Markov chain) or its mean ("mean", what
        the published F&F code does; not a Gibbs sampler).
    start : StartRule, default "uniform"
        What samples of a class start from: every value of a site equally probable, or independent sites with the
        frequencies that the class has in the data ("profile").

    Examples
    --------
    >>> from shortrun.units import Bernoulli, Potts
    >>> spec = Spec((Layer("visible", 64, Bernoulli()), Layer("label", 1, Potts(10)), Layer("hidden", 32, Bernoulli())))
    >>> [layer.name for layer in spec.observed], spec.hidden.sites
    (['visible', 'label'], 32)
    """

    layers: tuple[Layer, ...]
    hidden_rule: HiddenRule = "sample"
    start: StartRule = "uniform"

    def __post_init__(self):
        names = [layer.name for layer in self.layers]
        if len(set(names)) != len(names) or names[-1:] != [HIDDEN] or len(names) < 2:
            raise ConfigError("layers", f"observed layers, then '{HIDDEN}' expected, all names different, got {names}")
        if self.hidden_rule not in ("sample", "mean"):
            raise ConfigError("hidden_rule", f"'sample' or 'mean' expected, got '{self.hidden_rule}'")
        if self.start not in ("uniform", "profile"):
            raise ConfigError("start", f"'uniform' or 'profile' expected, got '{self.start}'")

    @property
    def observed(self) -> tuple[Layer, ...]:
        """The layers that the data determine."""
        return self.layers[:-1]

    @property
    def hidden(self) -> Layer:
        """The hidden layer."""
        return self.layers[-1]

    @property
    def hidden_sites(self) -> int:
        """Number of hidden units."""
        return self.hidden.sites

    @property
    def visible(self) -> tuple[Layer, ...]:
        """The observed layers but the label."""
        return tuple(layer for layer in self.observed if layer.name != LABEL)

    @property
    def label(self) -> int | None:
        """Position of the label layer, None without one."""
        return next((i for i, layer in enumerate(self.layers) if layer.name == LABEL), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        form = {"layers": [layer.to_dict() for layer in self.layers], "hidden_rule": self.hidden_rule}
        return form if self.start == "uniform" else form | {"start": self.start}

    @classmethod
    def from_dict(cls, form: dict[str, Any]) -> Spec:
        """Return the specification that `to_dict` described."""
        layers = tuple(Layer.from_dict(layer) for layer in form["layers"])
        return cls(layers, form["hidden_rule"], form.get("start", "uniform"))


@dataclass(frozen=True, eq=False)
class Clamp:
    """What a run holds fixed: whole layers, and single sites of the others.

    Parameters
    ----------
    layers : tuple[str, ...], default ()
        Names of the layers that keep their values.
    sites : Mapping[str, Tensor], optional
        For a layer that moves, the sites (S,) bool that keep their values all the same.
    """

    layers: tuple[str, ...] = ()
    sites: Mapping[str, Tensor] = field(default_factory=dict)
