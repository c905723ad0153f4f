"""What one site can be; one file a type, found by its file."""

from __future__ import annotations

import dataclasses
from typing import Any

from shortrun.errors import ConfigError, nearest
from shortrun.registry import modules
from shortrun.units._base import Units
from shortrun.units.bernoulli import Bernoulli
from shortrun.units.gaussian import Gaussian
from shortrun.units.ising import Ising
from shortrun.units.potts import Potts
from shortrun.units.rate import Rate

__all__ = ["Bernoulli", "Gaussian", "Ising", "Potts", "Rate", "Units", "from_dict", "kinds", "to_dict"]


def kinds() -> dict[str, type]:
    """Return every unit type by its name: the class of each module of this folder that is named after it."""
    classes = (getattr(module, module.__name__.rpartition(".")[2].title()) for module in modules(__name__))
    return {cls.kind: cls for cls in classes}


def to_dict(units: Units | Rate) -> dict[str, Any]:
    """Return the JSON form of a unit type."""
    return {"kind": units.kind, **dataclasses.asdict(units)}  # pyright: ignore[reportArgumentType]


def from_dict(form: dict[str, Any]) -> Any:
    """Return the unit type that `to_dict` described.

    Raises
    ------
    ConfigError
        If the kind is unknown.
    """
    options = dict(form)
    kind = options.pop("kind")
    if kind not in kinds():
        raise ConfigError("units", f"'{kind}' is unknown, expected one of {', '.join(kinds())}", nearest(kind, kinds()))
    return kinds()[kind](**options)
