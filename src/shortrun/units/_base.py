"""The contract of a type of unit: functions of its local field, without state and without tensors inside.

A module of this folder declares one type: `UNITS = UnitType(Potts, AtMeans)` names its class and the protocol that the
class satisfies, one of `Site`, `Units` and `AtMeans`. A missing or misspelt member is an error when it is imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.registry import hint
from shortrun.typing import Field, PerSite, Uniforms, Values, Weights


@runtime_checkable
class Site(Protocol):
    """What every model asks of its units: values, how they start, and what of them enters a product with weights.

    Features have one column for each feature of each site, so that they enter a matrix product as they are.
    """

    kind: ClassVar[str]

    @property
    def width(self) -> int:
        """Number of features of a site: 1, or the number of colours."""
        ...

    @property
    def levels(self) -> int | None:
        """Number of values of a site (codes 0..levels-1), None for continuous units."""
        ...

    def start(self, u: Uniforms) -> Values:
        """Draw from p0, the fixed distribution of random starts, given one uniform number a site."""
        ...

    def features(self, x: Values, dtype: torch.dtype = torch.float32) -> Field:
        """Return the features of values, which the weights multiply."""
        ...


@runtime_checkable
class Units(Site, Protocol):
    """Units of a Boltzmann machine: the local density is proportional to exp(field * features(x) - base_energy(x)).

    Fields and means have the same columns as features.
    """

    def base_energy(self, x: Values) -> Weights | float:
        """Return the energy without parameters, summed over sites."""
        ...

    def log_z(self, field: Field) -> PerSite:
        """Return ln sum_x exp(field * features(x) - base_energy(x)) of each site, shape (C, S)."""
        ...

    def mean(self, field: Field) -> Field:
        """Return E[features | field]."""
        ...

    def field_of_mean(self, mean: Field) -> Field:
        """Return the field that gives this mean (zero-sum over colours): the inverse of `mean`."""
        ...

    def sample(self, field: Field, u: Uniforms) -> Values:
        """Draw values given the field: a pure function of one uniform number a site."""
        ...


@runtime_checkable
class AtMeans(Units, Protocol):
    """Units that mean-field equations apply to: these need functions of the mean features of a site."""

    def entropy(self, mean: Field) -> PerSite:
        """Return the entropy of a site at this mean minus its mean base energy: ln z - field m, at the field of m."""
        ...

    def covariance(self, mean: Field, x: Field) -> Field:
        """Return the covariance matrix of the features of each site at this mean, times x."""
        ...

    def weighted_cumulants(self, mean: Field, powers: Sequence[Float[Tensor, "F H"]]) -> list[Float[Tensor, "C H"]]:
        """Return sums over sites i of the cumulants kappa_n[X_{i mu}], X_{i mu} = sum_f x_f W_{f mu}, at these means.

        `powers` are W, W^2, ... element by element: one for each cumulant, at most three.
        """
        ...

    def weighted_slopes(
        self, mean: Field, powers: Sequence[Float[Tensor, "F H"]], factors: Sequence[Float[Tensor, "C H"]]
    ) -> Field:
        """Return the sum over n and mu of factors_{n mu} d kappa_n[X_{i mu}] / d mean_i, the reaction of these sums."""
        ...


@dataclass(frozen=True)
class UnitType:
    """What a module of this folder declares: `UNITS = UnitType(Potts, AtMeans)`.

    Parameters
    ----------
    cls : type
        Frozen dataclass of the units.
    contract : type, default Units
        Protocol that it satisfies: `Site`, `Units` or `AtMeans`.

    Raises
    ------
    TypeError
        If a member of the protocol is missing, or is a function of other parameters.

    Examples
    --------
    >>> from shortrun.units import Bernoulli
    >>> UnitType(Bernoulli, AtMeans).cls.kind
    'bernoulli'
    """

    cls: type
    contract: type = Units

    def __post_init__(self):
        if not is_dataclass(self.cls):
            raise TypeError(f"{self.cls.__name__}: a dataclass expected, since a run stores units by their fields")
        for name, expected in members(self.contract).items():
            self.check_member(name, expected)

    def check_member(self, name: str, expected: Any) -> None:
        """Check one member of the contract."""
        if not hasattr(self.cls, name):
            known = hint(name, set(dir(self.cls)) - members(self.contract).keys())
            raise TypeError(f"{self.cls.__name__}: {self.contract.__name__} need '{name}', found none{known}")
        if callable(expected) and parameters(getattr(self.cls, name)) != parameters(expected):
            found, wanted = (", ".join(parameters(it) or ("?",)) for it in (getattr(self.cls, name), expected))
            raise TypeError(f"{self.cls.__name__}: {name}({wanted}) expected, found {name}({found})")


def members(contract: type) -> dict[str, Any]:
    """Return the members of a protocol and of the protocols that it extends; None for those that are only annotated."""
    found: dict[str, Any] = {}
    for base in contract.__mro__[:-1]:
        for name, member in (dict.fromkeys(vars(base).get("__annotations__", ())) | vars(base)).items():
            if not name.startswith("_"):
                found.setdefault(name, member)
    return found


def parameters(function: Any) -> tuple[str, ...] | None:
    """Return the names of the parameters of a method, None for what is no function."""
    return tuple(inspect.signature(function).parameters) if callable(function) else None
