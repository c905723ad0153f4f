"""The restricted Boltzmann machine: any observed layers on one side, one hidden layer on the other.

E(x, h) = - sum_f a_f x_f - sum_mu b_mu h_mu - sum_{f mu} x_f W_{f mu} h_mu + base energies,

where x are the features of all observed layers side by side (a Potts site has one feature a colour, a label is one
more Potts site), as in FF23 eq. 1-2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.models.spec import STREAMED, Clamp, Layer, Spec
from shortrun.models.sums import Adds, exact_sum, sums_of_rows
from shortrun.typing import Field, NoisePlace, State, Theta, Uniforms, Weights

ROWS_AT_ONCE = 2**24  # elements of the largest intermediate of `label_log_probabilities`
STRONGEST_MODE = 2.0  # rate times the largest covariance eigenvalue: measured in docs/design_notes.md
DAMPED_MODE = 0.6  # the same where stronger modes are damped to this one: there are many of them then
LARGEST_RATE = 0.3  # without damping
HIDDEN_UNITS = 1024  # up to here the number of hidden units did not matter


class Parameters(NamedTuple):
    """Views into a flat theta."""

    weight: Float[Tensor, "F H"]
    bias: Float[Tensor, " F"]
    hidden_bias: Float[Tensor, " H"]


@dataclass(frozen=True)
class RBM:
    """A restricted Boltzmann machine without its parameters: every method is a function of theta.

    theta is flat, (P,) with P = F H + F + H: weights (F, H) by rows, biases of the observed features (F),
    hidden biases (H).

    Parameters
    ----------
    spec : Spec
        Its layers.
    profile : Tensor, optional
        (R, F) fields of independent sites that samples of a class start from (`Spec.start` "profile"); in the columns
        of the label, which share of each class starts from them.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models.spec import Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 3, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> model.size(), model.free_energy(torch.zeros(model.size()), (torch.tensor([[0.0, 1.0, 1.0]]),))
    (11, tensor([-1.3863]))
    """

    spec: Spec
    profile: Tensor | None = field(default=None, compare=False, repr=False)

    family: ClassVar = "rbm"

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """The features of each observed layer, as slices of 0..F."""
        ends = [0]
        for layer in self.spec.observed:
            ends.append(ends[-1] + layer.width)
        return tuple(slice(a, b) for a, b in pairwise(ends))

    @property
    def shape(self) -> tuple[int, int]:
        """(F, H)."""
        return self.slices[-1].stop, self.spec.hidden.width

    def blocks(self) -> dict[str, tuple[int, ...]]:
        """Return the named blocks of theta in order, with their shapes."""
        features, hidden = self.shape
        return {"weight": (features, hidden), "bias": (features,), "hidden_bias": (hidden,)}

    def size(self) -> int:
        """Return the number P of parameters."""
        features, hidden = self.shape
        return features * hidden + features + hidden

    def view(self, theta: Theta) -> Parameters:
        """Return the blocks of theta as views, so that writing to them writes theta."""
        features, hidden = self.shape
        weight, bias, hidden_bias = theta.split([features * hidden, features, hidden])
        return Parameters(weight.view(features, hidden), bias, hidden_bias)

    def features(self, state: State, dtype: torch.dtype = torch.float32) -> Field:
        """Return the features of all observed layers side by side, (C, F)."""
        parts = [layer.units.features(x, dtype) for layer, x in zip(self.spec.observed, state, strict=False)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)

    def to_state(self, values: State, dtype: torch.dtype = torch.float32) -> State:
        """Return values of the data as observed layers: the values themselves."""
        return values

    def to_values(self, state: State) -> State:
        """Return observed layers as values of the data: the layers themselves."""
        return state

    def origins(self, noise: NoisePlace, label: Tensor | None) -> Tensor | None:
        """Return from which row of the profile samples of some classes (C, 1) start; None where noise is uniform."""
        if self.profile is None or label is None:
            return None
        shares = self._shares.to(noise.device).index_select(0, label[:, 0].long())
        u = noise.uniform(len(self.spec.observed), len(label), 1)  # the place of the hidden layer, which begins at zero
        return torch.searchsorted(shares, u.double() * shares[:, -1:], right=True)[:, 0]

    @cached_property
    def _shares(self) -> Tensor:
        """The shares of a class in the rows of the profile up to each, (K, R)."""
        assert self.profile is not None
        return self.profile[:, self.slices[self._label()]].T.double().cumsum(1)

    def start_observed(self, i: int, u: Uniforms, origins: Tensor | None) -> Tensor:
        """Return the i-th observed layer as runs start with it, from rows of the profile or uniform noise."""
        units = self.spec.observed[i].units
        if self.profile is None or origins is None or i == self.spec.label:
            return units.start(u)
        return units.sample(self.profile[:, self.slices[i]].to(u.device).index_select(0, origins), u)

    def start_hidden(self, noise: NoisePlace, chains: int) -> State:
        """Return the hidden layer at zero: every sweep begins by drawing it."""
        return (torch.zeros(chains, self.spec.hidden.sites, dtype=torch.uint8, device=noise.device),)

    def initial_theta(self, noise: NoisePlace, spread: float, mean_of: Callable[[int], tuple[Field, float]]) -> Theta:
        """Return small random weights, biases that give observed layers their means, and hidden biases 0.

        Row f of the weights, normal numbers of standard deviation `spread`, is chain f of the noise. The means of each
        site are mixed with those of the uniform distribution, so that no colour starts with probability zero:
        f = (1 - alpha) <x> + alpha <x>_uniform.
        """
        theta = torch.zeros(self.size(), device=noise.device)
        weight, bias, _ = self.view(theta)
        size = max(1, STREAMED // weight.shape[1])
        for rows, place in zip(self.slices, self.places(), strict=True):
            parts = weight[rows].split(size)
            for first, part in zip(range(place.start, place.stop, size), parts, strict=True):
                normal = torch.special.ndtri(noise.from_chain(first).uniform(0, *part.shape))
                part.copy_(normal.mul_(spread))
        for i, (layer, rows) in enumerate(zip(self.spec.observed, self.slices, strict=True)):
            mean, alpha = mean_of(i)
            uniform = layer.units.mean(torch.zeros_like(mean))
            bias[rows] = layer.units.field_of_mean((1 - alpha) * mean + alpha * uniform)[0]
        self.project_(theta)
        return theta

    def automatic_rate(self, strongest_mode: float, damped_above: float = 0.0) -> float:
        """Return min(0.3, 2 / lambda_1) min(1, 1024 / H), lambda_1 the largest eigenvalue of the visible covariance.

        Where modes stronger than c are damped, 0.6 / c takes the place of 0.3.
        In the linear regime the mode alpha of the data grows by rate * lambda_alpha / 4 an update (theory 2.7), so a
        rate that suits one data set overshoots on another whose strongest mode is stronger. Beyond the linear regime
        the H hidden units move together, and a step changes the distribution in proportion to rate * H.
        """
        largest = DAMPED_MODE / damped_above if damped_above else LARGEST_RATE
        by_data = min(largest, STRONGEST_MODE / max(strongest_mode, 1e-6))
        return by_data * min(1.0, HIDDEN_UNITS / self.spec.hidden.sites)

    def hidden_field(self, theta: Theta, state: State) -> Field:
        """Return b + x W, (C, H): the field that the observed layers put on the hidden one."""
        weight, _, hidden_bias = self.view(theta)
        return torch.addmm(hidden_bias, self.features(state, theta.dtype), weight)

    def step(self, theta: Theta, state: State, noise: NoisePlace, clamp: Clamp) -> State:
        """One block-Gibbs sweep: h given the observed layers, then each layer that is not clamped given h.

        The plain reference that faster engines are tested against. Under the "mean" rule the hidden mean stands in
        for the draw.
        """
        hidden, chains = self.spec.hidden, len(state[0])
        field = self.hidden_field(theta, state)
        if self.spec.hidden_rule == "mean":
            passed = moved = hidden.units.mean(field)
        else:
            uniforms = noise.uniform(len(self.spec.observed), chains, hidden.sites)
            moved = hidden.units.sample(field, uniforms)
            passed = hidden.units.features(moved, theta.dtype)
        observed = (self._observe(theta, i, x, passed, noise, clamp) for i, x in enumerate(state[:-1]))
        return (*observed, moved)

    def _observe(self, theta: Theta, i: int, old: Tensor, passed: Field, noise: NoisePlace, clamp: Clamp) -> Tensor:
        layer = self.spec.observed[i]
        if layer.name in clamp.layers:
            return old
        weight, bias, _ = self.view(theta)
        field = torch.addmm(bias[self.slices[i]], passed, weight[self.slices[i]].T)
        new = layer.units.sample(field, noise.uniform(i, len(old), layer.sites))
        return torch.where(clamp.sites[layer.name], old, new) if layer.name in clamp.sites else new

    def statistics(self, theta: Theta, state: State, weights: Weights) -> Theta:
        """Return the weighted mean of -dE/dtheta, with E[h | x] in place of h: flat, like theta.

        Parameters
        ----------
        weights : Weights
            (C,) of any sign; they are used as they are, so a mean needs weights that sum to 1.

        Source: FF23 eq. 4; the pair is (x, E[h | x]) for the clamped and the free runs alike.
        """
        features = self.features(state, theta.dtype)
        weight, _, hidden_bias = self.view(theta)
        mean = self.spec.hidden.units.mean(torch.addmm(hidden_bias, features, weight))
        moments = torch.empty_like(theta)
        out = self.view(moments)
        weighted = mean.mul_(weights.unsqueeze(1))
        torch.mm(features.T, weighted, out=out.weight)
        torch.mv(features.T, weights, out=out.bias)
        torch.sum(weighted, 0, out=out.hidden_bias)
        return moments

    def free_energy(self, theta: Theta, state: State) -> Weights:
        """Return F(x) = -ln sum_h exp(-E(x, h)), (C,), over all observed layers (theory: FF23; natural units kT)."""
        _, bias, _ = self.view(theta)
        base = sum(la.units.base_energy(x) for la, x in zip(self.spec.observed, state, strict=False))
        visible = self.features(state, theta.dtype) @ bias
        return base - visible - self.spec.hidden.units.log_z(self.hidden_field(theta, state)).sum(1)

    def marginal_free_energy(self, theta: Theta, state: State) -> Weights:
        """Return -ln sum_l exp(-F(x, l)), (C,), the label summed over exactly; F(x) where there is none.

        F(x, l) + ln p(l | x) is the same for every label l, so that whatever stands in the label layer will do.
        """
        energy = self.free_energy(theta, state)
        if self.spec.label is None:
            return energy
        posterior = self.label_log_probabilities(theta, state)
        return energy + posterior.gather(1, state[self.spec.label].long())[:, 0]

    def label_log_probabilities(self, theta: Theta, state: State) -> Float[Tensor, "C K"]:
        """Return the exact ln p(label | other observed layers), (C, K).

        ln p(l | v) = c_l + sum_mu ln z_mu(b + v W + D_l) - ln(normalisation); cost C x K x H. The label in `state` is
        not used. It is the infinite-time limit of the label chain that the papers run.
        """
        label = self._label()
        of_label = self.view(theta).weight[self.slices[label]]
        features = self.spec.observed[label].units.features(state[label], theta.dtype)
        return self.label_posterior(theta, self.hidden_field(theta, state) - features @ of_label)

    def label_posterior(self, theta: Theta, others: Field) -> Float[Tensor, "C K"]:
        """Return the same from the fields (C, H) that all layers but the label put on the hidden one."""
        weight, bias, _ = self.view(theta)
        rows = self.slices[self._label()]
        at_once = max(1, ROWS_AT_ONCE // weight[rows].numel())
        scores = [
            self.spec.hidden.units.log_z((part.unsqueeze(1) + weight[rows]).flatten(0, 1)).sum(1).view(len(part), -1)
            for part in others.split(at_once)
        ]
        return torch.log_softmax(bias[rows] + torch.cat(scores), 1)

    def label_distribution(self, theta: Theta, state: State) -> Float[Tensor, "C K"]:
        """Return p(label | h), (C, K), given what the hidden layer of a state passes on."""
        hidden = self.spec.hidden.units
        passed = state[-1] if self.spec.hidden_rule == "mean" else hidden.features(state[-1], theta.dtype)
        return torch.softmax(self.label_field(theta, passed), 1)

    def label_field(self, theta: Theta, passed: Float[Tensor, "C H"]) -> Float[Tensor, "C K"]:
        """Return c + h D, (C, K): the field of the label given what the hidden layer passes on."""
        weight, bias, _ = self.view(theta)
        rows = self.slices[self._label()]
        return torch.addmm(bias[rows], passed, weight[rows].T)

    def centred(self, direction: Theta, means: tuple[Tensor, ...]) -> Theta:
        """Return the gradient of the centred machine, written in the parameters of the plain one.

        With x0 = <x>_data and h0 = <h>_data of the minibatch, over all observed layers and the label alike:
        dW' = dW - x0 dh^T - dx h0^T,   da' = dx - dW' h0,   db' = dh - dW'^T x0.
        The updated distribution does not change when a binary site is recoded 0 <-> 1 (theory 2.3 to 2.6; the label
        term in db' is the one that published codes leave out).
        """
        result = direction.clone()
        out, (observed, hidden) = self.view(result), means
        out.weight.addr_(observed, out.hidden_bias, alpha=-1).addr_(out.bias, hidden, alpha=-1)
        out.bias.addmv_(out.weight, hidden, alpha=-1)
        out.hidden_bias.addmv_(out.weight.T, observed, alpha=-1)
        return result

    def weights(self, theta: Theta) -> Iterator[tuple[Tensor, bool]]:
        """Yield the weights of each observed layer as views, and whether they are those of the label."""
        weight = self.view(theta).weight
        for i, rows in enumerate(self.slices):
            yield weight[rows], i == self.spec.label

    def main_weights(self, theta: Theta) -> Tensor:
        """Return all weights (F, H), those of the label included: a training reports their size."""
        return self.view(theta).weight

    def weight_matrices(self, theta: Theta) -> dict[str, Tensor]:
        """Return W, the weights of all visible features, and D, those of the label where there is one."""
        weight = self.view(theta).weight
        visible = [part for part, of_label in self.weights(theta) if not of_label]
        found = {"W": torch.cat(visible)}
        return found if self.spec.label is None else found | {"D": weight[self.slices[self.spec.label]]}

    def receptive_fields(self, theta: Theta, sites: int, count: int) -> Float[Tensor, "n S"]:
        """Return the weights of the hidden units with the largest norm, strongest first, a value a site.

        The weight of sites of one feature; of Potts sites the norm over colours around their mean. Sites that no layer
        holds get 0.
        """
        strength = self.weight_matrices(theta)["W"].square().sum(0)
        strongest = torch.argsort(strength, descending=True, stable=True)[:count]
        fields, weight = torch.zeros(len(strongest), sites), self.view(theta).weight
        for i, (layer, rows) in enumerate(zip(self.spec.observed, self.slices, strict=True)):
            if i != self.spec.label:
                holds = slice(None) if layer.holds is None else list(layer.holds)
                fields[:, holds] = by_site(layer, weight[rows][:, strongest]).T
        return fields

    def label_parts(self, theta: Theta) -> Iterator[Tensor]:
        """Yield the views of theta that belong to the label alone."""
        if self.spec.label is not None:
            rows = self.slices[self.spec.label]
            yield from (self.view(theta).weight[rows], self.view(theta).bias[rows])

    def project_(self, theta: Theta) -> None:
        """Bring every Potts layer to the zero-sum gauge in place; every probability stays as it is.

        W_i^c -> W_i^c - A_i, b -> b + sum_i A_i, a_i^c -> a_i^c - g_i with A, g the means over colours. The hidden
        bias takes up what the weights lose: without it the model would change.
        """
        weight, bias, hidden_bias = self.view(theta)
        for i, (layer, rows) in enumerate(zip(self.spec.observed, self.slices, strict=True)):
            if layer.units.width > 1:
                by_colour = weight[rows].unflatten(0, (layer.sites, layer.units.width))
                mean = by_colour.mean(1)
                by_colour -= mean.unsqueeze(1)
                hidden_bias += self.sum_of_sites(i, mean)
                fields = bias[rows].unflatten(0, (layer.sites, layer.units.width))
                fields -= fields.mean(1, keepdim=True)

    # ------------------------------------------------------------------------------------------ sums over sites

    def undivided(self) -> RBM:
        """Return the machine of all processes that share the sites: itself, if it is not a part of one."""
        return self

    def adds(self, i: int) -> Adds | None:
        """Return who else has sites of the i-th observed layer; None where all of them are here."""
        return None

    def places(self) -> tuple[slice, ...]:
        """Return where the features of each observed layer are in the undivided machine."""
        return self.slices

    def sum_of_sites(self, i: int, rows: Tensor) -> Tensor:
        """Return the sum of the rows of (n, ...), at most one a site of the i-th observed layer, over all processes."""
        return self.sums_of_sites(i, rows)[0]

    def sums_of_sites(self, i: int, *tables: Tensor) -> list[Tensor]:
        """Return those of several tables of one shape."""
        return sums_of_rows(tables, self.undivided().spec.observed[i].sites, self.adds(i))

    def sum_of_chunks(
        self, i: int, product: Callable[[slice], Tensor], like: Tensor, sizes: Callable[[slice], Sequence[float]]
    ) -> Tensor:
        """Return the sum of what `product` makes of each chunk of the features of the i-th observed layer.

        Parameters
        ----------
        i : int
            The layer.
        product : Callable[[slice], Tensor]
            Gets the features, as numbers of this machine. A product of matrices has the same bits for the same chunk;
            of all features at once it would depend on how many there are.
        like : Tensor
            Of the shape and type of the result.
        sizes : Callable[[slice], Sequence[float]]
            Gets all features of the layer, and says which size no number of each factor exceeds.
        """
        group = self.adds(i)
        if not like.is_cpu:
            return product(self.slices[i])
        factors = [size if math.isfinite(size) else math.inf for size in sizes(self.slices[i])]
        largest = math.prod(factors if group is None else group.largest(factors))
        layer = self.undivided().spec.observed[i]
        terms, count = sites_of_chunk(layer) * layer.units.width, -(-layer.sites // sites_of_chunk(layer))
        return exact_sum(map(product, self.chunks(i)), like, terms * largest, count, group)

    def chunks(self, i: int) -> list[slice]:
        """Return the features of the i-th observed layer some sites at a time, alike in whatever part."""
        rows, layer = self.slices[i], self.spec.observed[i]
        size = sites_of_chunk(layer) * layer.units.width
        return [slice(first, min(first + size, rows.stop)) for first in range(rows.start, rows.stop, size)]

    def _label(self) -> int:
        assert self.spec.label is not None, "the model has no label layer"
        return self.spec.label


def sites_of_chunk(layer: Layer) -> int:
    """Return how many sites of a layer stay in one process: whole blocks of the noise and of the kernels' sums."""
    return 320 if layer.units.width == 1 else 192 if layer.units.width <= 3 else 64


def by_site(layer: Layer, weight: Float[Tensor, "F H"]) -> Float[Tensor, "s H"]:
    """Return a value a site and hidden unit: the weight, or the norm over colours around their mean."""
    if layer.units.width == 1:
        return weight
    by_colour = weight.unflatten(0, (layer.sites, layer.units.width))
    return (by_colour - by_colour.mean(1, keepdim=True)).norm(dim=1)
