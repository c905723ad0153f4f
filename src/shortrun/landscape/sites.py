"""The observed sites of a machine, with one row of parameters for each of their values, for any units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM, Layer
from shortrun.typing import Theta
from shortrun.units import Units


@dataclass(frozen=True, eq=False)
class Sites:
    """Sites with q_i colours each, in zero-sum gauge: -H(x) = sum_i a_i(x_i) + sum_mu ln z(b_mu + sum_i W_i(x_i)_mu).

    A Bernoulli site has the two colours 0 and W, an Ising site -w and +w, a Potts site its columns, so that one
    formula holds for all. A label is one more site, the last. The gauge subtracts the mean over colours of every site:
    W_i^c -> W_i^c - A_i, b -> b + sum_i A_i, a_i^c -> a_i^c - g_i (the constant sum_i g_i of -H is dropped).

    Parameters
    ----------
    colours : Int[Tensor, " S"]
        (S,) q_i.
    weight : Float[Tensor, "E H"]
        (E, H) float64, E = sum_i q_i, site by site.
    bias : Float[Tensor, " E"]
        (E,) float64.
    hidden_bias : Float[Tensor, " H"]
        (H,) float64.
    hidden : Units
        The units of the hidden layer.
    places : tuple[int, ...]
        Columns in the data (from 0) of the sites of the data, which come first.
    """

    colours: Int[Tensor, " S"]
    weight: Float[Tensor, "E H"]
    bias: Float[Tensor, " E"]
    hidden_bias: Float[Tensor, " H"]
    hidden: Units
    places: tuple[int, ...]

    @cached_property
    def starts(self) -> Int[Tensor, " S"]:
        """The row of the first colour of each site."""
        return self.colours.cumsum(0) - self.colours

    @cached_property
    def owner(self) -> Int[Tensor, " E"]:
        """The site of each row."""
        return torch.repeat_interleave(torch.arange(len(self.colours)), self.colours)

    @property
    def rows(self) -> int:
        """The number of rows of sites of the data, which are the first ones."""
        return int(self.colours[: len(self.places)].sum())

    def of(self, site: int) -> slice:
        """Return the rows of a site."""
        return slice(int(self.starts[site]), int(self.starts[site] + self.colours[site]))

    def means(self, values: Tensor) -> Tensor:
        """Return the mean over the colours of each site of (E, ...) values: (S, ...)."""
        if (self.colours == self.colours[0]).all():
            return values.unflatten(0, (len(self.colours), -1)).mean(1)
        total = values.new_zeros(len(self.colours), *values.shape[1:]).index_add_(0, self.owner, values)
        return total / self.colours.view(-1, *[1] * (values.ndim - 1))

    def zero_sum(self, values: Tensor) -> Tensor:
        """Return (E, ...) values without their mean over the colours of each site."""
        return values - self.means(values)[self.owner]


def sites_of(model: RBM, theta: Theta, *, label: int | None = None) -> Sites:
    """Return the sites of a machine; the sites of the data keep the order of the data.

    Parameters
    ----------
    label : int, optional
        A class at which the label is fixed, so that it is no longer among the sites.

    Raises
    ------
    ConfigError
        For Gaussian visible units, which have no colours.
    """
    weight, bias, hidden_bias = (part.double() for part in model.view(theta))
    found: dict[tuple[bool, int], tuple[Tensor, Tensor]] = {}
    for index, (layer, rows) in enumerate(zip(model.spec.observed, model.slices, strict=True)):
        is_label = index == model.spec.label
        if is_label and label is not None:
            hidden_bias = hidden_bias + weight[rows][label]
            continue
        places = range(layer.sites) if layer.holds is None else layer.holds
        parts = zip(places, by_site(layer, weight[rows]), by_site(layer, bias[rows].unsqueeze(1)), strict=True)
        found |= {(is_label, place): (each, fields) for place, each, fields in parts}
    order = sorted(found)
    sites = Sites(
        colours=torch.tensor([len(found[key][0]) for key in order]),
        weight=torch.cat([found[key][0] for key in order]),
        bias=torch.cat([found[key][1] for key in order]).squeeze(1),
        hidden_bias=hidden_bias,
        hidden=model.spec.hidden.units,
        places=tuple(place for is_label, place in order if not is_label),
    )
    return in_gauge(sites)


def by_site(layer: Layer, values: Float[Tensor, "F n"]) -> Float[Tensor, "S q n"]:
    """Return the contribution of each colour of each site to a field: features (of every code) times values.

    Raises
    ------
    ConfigError
        For units without colours.
    """
    if layer.units.levels is None:
        raise ConfigError("run", f"discrete units expected, layer '{layer.name}' has {layer.units.kind} ones")
    codes = torch.arange(layer.units.levels, dtype=torch.uint8).unsqueeze(1)
    features = layer.units.features(codes, values.dtype)
    return torch.einsum("qw,swn->sqn", features, values.unflatten(0, (layer.sites, -1)))


def in_gauge(sites: Sites) -> Sites:
    """Return the same distribution in the zero-sum gauge."""
    hidden_bias = sites.hidden_bias + sites.means(sites.weight).sum(0)
    weight, bias = sites.zero_sum(sites.weight), sites.zero_sum(sites.bias)
    return Sites(sites.colours, weight, bias, hidden_bias, sites.hidden, sites.places)
