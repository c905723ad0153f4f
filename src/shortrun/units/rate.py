"""Rate units: x is a potential, tanh x the rate at which it fires; nothing about them is random but the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from shortrun.errors import ConfigError
from shortrun.typing import Field, Uniforms, Values
from shortrun.units._base import Site, UnitType

SATURATED = 1 - 2.0**-24  # the largest rate below 1 in float32: tanh 8.66


@dataclass(frozen=True)
class Rate:
    """x follows the rate equation of a `ChaoticNetwork`; its rate tanh x in (-1, 1) is what others see (FU24 eq. 2).

    Parameters
    ----------
    low, high : float, optional
        The data's values that rates of -1 and 1 stand for.
    codes : bool, default False
        Whether the data are codes 0 and 1, so that a rate below or above 0 stands for one of them.

    Raises
    ------
    ConfigError
        If the range is empty.
    """

    low: float = -1.0
    high: float = 1.0
    codes: bool = False

    kind: ClassVar[str] = "rate"

    def __post_init__(self):
        if not self.low < self.high:
            raise ConfigError("units", f"a range of values expected, got {self.low} to {self.high}")

    @property
    def width(self) -> int:
        return 1

    @property
    def levels(self) -> None:
        return None

    def start(self, u: Uniforms) -> Values:
        """Draw potentials from N(0, 1) (FU24)."""
        return torch.special.ndtri(u)

    def features(self, x: Values, dtype: torch.dtype = torch.float32) -> Field:
        """Return the rates tanh x."""
        return torch.tanh(x.to(dtype))

    def to_potentials(self, values: Values, dtype: torch.dtype = torch.float32) -> Field:
        """Return values of the data as potentials: their rates are the values, to half a last place of float32."""
        rates = (values.to(dtype) - self.low) * (2 / (self.high - self.low)) - 1
        return torch.atanh(rates.clamp(-SATURATED, SATURATED))

    def to_values(self, x: Values) -> Values:
        """Return potentials as values of the data."""
        if self.codes:
            return (x > 0).to(torch.uint8)
        return self.low + (self.high - self.low) * (torch.tanh(x) + 1) / 2


UNITS = UnitType(Rate, Site)
