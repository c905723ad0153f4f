"""What a site can be: one file per type of unit, found by its file.

A module declares `UNITS = UnitType(cls, contract)`, checked when the room is imported.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

from shortrun.errors import ConfigError, nearest
from shortrun.registry import declared
from shortrun.units._base import AtMeans, Site, Units, UnitType
from shortrun.units._scalar import Scalar
from shortrun.units.bernoulli import Bernoulli
from shortrun.units.gaussian import Gaussian
from shortrun.units.ising import Ising
from shortrun.units.potts import Potts
from shortrun.units.rate import Rate

__all__ = [
    "AtMeans",
    "Bernoulli",
    "Gaussian",
    "Ising",
    "Potts",
    "Rate",
    "Scalar",
    "Site",
    "UnitType",
    "Units",
    "from_dict",
    "kinds",
    "to_dict",
]


@cache
def kinds() -> dict[str, type]:
    """Return the class of every type of unit by its kind.

    Raises
    ------
    TypeError
        If a module of this folder does not declare `UNITS`.

    Examples
    --------
    >>> list(kinds())
    ['bernoulli', 'gaussian', 'ising', 'potts', 'rate']
    """
    return {units.cls.kind: units.cls for units in declared("shortrun.units", "UNITS", UnitType).values()}


def to_dict(units: Site) -> dict[str, Any]:
    """Return the JSON form of a type of unit.

    Examples
    --------
    >>> to_dict(Potts(colours=21))
    {'kind': 'potts', 'colours': 21}
    """
    return {"kind": units.kind, **dataclasses.asdict(units)}  # pyright: ignore[reportArgumentType]


def from_dict(form: dict[str, Any]) -> Any:
    """Return the type of unit that `to_dict` described.

    Raises
    ------
    ConfigError
        If the kind is unknown.

    Examples
    --------
    >>> from_dict({"kind": "potts", "colours": 21})
    Potts(colours=21)
    """
    options = dict(form)
    kind = options.pop("kind")
    if kind not in kinds():
        raise ConfigError("units", f"'{kind}' is unknown, expected one of {', '.join(kinds())}", nearest(kind, kinds()))
    return kinds()[kind](**options)


kinds()  # a module of this folder that declares no units is an error when the room is imported
