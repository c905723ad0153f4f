"""Potts units: one of q colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot

from shortrun.data.core.alphabet import MAX_COLOURS
from shortrun.errors import ConfigError
from shortrun.typing import Field, PerSite, Uniforms, Values
from shortrun.units import _colours
from shortrun.units._base import AtMeans, UnitType


@dataclass(frozen=True)
class Potts:
    """p(x = c | field) = softmax_c(field_c); values are uint8 codes 0..q-1, features are one-hot.

    Parameters
    ----------
    colours : int
        The number q of colours, 2 to 255.

    Raises
    ------
    ConfigError
        If `colours` is outside 2..255.

    Examples
    --------
    >>> Potts(colours=4).mean(torch.zeros(1, 4)).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """

    colours: int
    kind: ClassVar[str] = "potts"

    def __post_init__(self):
        if not 2 <= self.colours <= MAX_COLOURS:
            raise ConfigError("colours", f"2 to {MAX_COLOURS} expected, got {self.colours}")

    @property
    def width(self) -> int:
        return self.colours

    @property
    def levels(self) -> int:
        return self.colours

    def start(self, u: Uniforms) -> Values:
        return (u * self.colours).to(torch.uint8).clamp_(max=self.colours - 1)

    def features(self, x: Values, dtype: torch.dtype = torch.float32) -> Field:
        return one_hot(x.long(), self.colours).to(dtype).flatten(1)

    def base_energy(self, x: Values) -> float:
        return 0.0

    def log_z(self, field: Field) -> PerSite:
        return torch.logsumexp(self._by_site(field), -1)

    def mean(self, field: Field) -> Field:
        return torch.softmax(self._by_site(field), -1).flatten(1)

    def field_of_mean(self, mean: Field) -> Field:
        field = torch.log(self._by_site(mean))
        return (field - field.mean(-1, keepdim=True)).flatten(1)

    def entropy(self, mean: Field) -> PerSite:
        return torch.special.entr(self._by_site(mean)).sum(-1)

    def covariance(self, mean: Field, x: Field) -> Field:
        mean, x = self._by_site(mean), self._by_site(x)
        return (mean * (x - (mean * x).sum(-1, keepdim=True))).flatten(1)

    def weighted_cumulants(self, mean: Field, powers: Sequence[Float[Tensor, "F H"]]) -> list[Float[Tensor, "C H"]]:
        return _colours.weighted_cumulants(mean, powers, self.colours)

    def weighted_slopes(
        self, mean: Field, powers: Sequence[Float[Tensor, "F H"]], factors: Sequence[Float[Tensor, "C H"]]
    ) -> Field:
        return _colours.weighted_slopes(mean, powers, factors, self.colours)

    def sample(self, field: Field, u: Uniforms) -> Values:
        # Inverse CDF: the first colour whose cumulative weight exceeds u, so that one uniform is enough.
        sites = self._by_site(field)
        cumulative = torch.exp(sites - sites.amax(-1, keepdim=True)).cumsum(-1)
        threshold = (u * cumulative[..., -1]).unsqueeze(-1)
        return (cumulative <= threshold).sum(-1).clamp_(max=self.colours - 1).to(torch.uint8)

    def _by_site(self, field: Field) -> torch.Tensor:
        return field.unflatten(1, (-1, self.colours))


UNITS = UnitType(Potts, AtMeans)
