"""Rate networks whose own chaos is the noise (Fournier, Urbani, arXiv 2405.10822).

tau dx/dt = -x + sum over neighbouring layers y of N_y^{-1/2} (W_xy + A_xy) tanh(y) + b_x
dA_xy = k (<f(tanh x) f(tanh y)>_data - <...>_free), db_x = k (<tanh x>_data - <...>_free), f(r) = sign(r) |r|^n

Layers form a chain: the visible one (and a label beside it), then none, one or two hidden ones. W are random, fixed and
different in the two directions of an edge; A, one for both directions, and b are trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from shortrun import units
from shortrun.errors import ConfigError
from shortrun.models.spec import HIDDEN, LABEL, VISIBLE, Clamp
from shortrun.philox import uniform_numpy
from shortrun.typing import NoisePlace, State, Theta, Uniforms, Weights
from shortrun.units import Rate

Settling = Literal["euler", "exact"]
KIND = "chaotic"
RATE = Rate()
LEARNING_RATE = 0.01
NUMBERS_AT_ONCE = 2**18  # of the random couplings: their counters are 64-bit words


@dataclass(frozen=True)
class RateLayer:
    """A row of `sites` rate units; a label is one of K units, of which one is on."""

    name: str
    sites: int
    units: Rate = RATE

    holds: ClassVar[None] = None  # every site of the data
    first: ClassVar[int] = 0

    @property
    def width(self) -> int:
        """Features of the whole layer: the rates."""
        return self.sites

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.name, "sites": self.sites, "units": units.to_dict(self.units)}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> RateLayer:
        """Return the layer that `to_dict` described."""
        found = units.from_dict(form["units"])
        assert isinstance(found, Rate)
        return cls(form["name"], form["sites"], found)


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """The layers of a chaotic network and how it moves.

    Parameters
    ----------
    layers : tuple[RateLayer, ...]
        Layers of rate units: the visible one, a label of K units if there are classes, then "hidden", "hidden_2".
    gain : float, default 1.5
        g, the variance of the fixed random couplings (before the factor 1 / N).
    seed : int, default 0
        The random couplings are made from it whenever they are needed.
    time_step : float, default 0.1
        dt / tau of an Euler step.
    settling : Settling, default "euler"
        How hidden layers follow held ones where a formula exists (one hidden layer): by the Euler map that the free
        runs use, or "exact" in continuous time (FU24 eq. 7).
    diagonal : bool, default True
        Whether a network without hidden layer couples units to themselves.
    hebbian : float, default 1.0
        n, the power of rates that couplings learn from: sign(r) |r|^n in place of r; 1 is FU24's rule.

    Raises
    ------
    ConfigError
        For layers that make no network, a negative gain, a step outside (0, 1], a power that is not positive.
    """

    layers: tuple[RateLayer, ...]
    gain: float = 1.5
    seed: int = 0
    time_step: float = 0.1
    settling: Settling = "euler"
    diagonal: bool = True
    hebbian: float = 1.0

    hidden_rule: ClassVar = "rate"  # what hidden layers pass on

    def __post_init__(self):
        names = [layer.name for layer in self.layers]
        known = [name for name in (VISIBLE, LABEL, HIDDEN, f"{HIDDEN}_2") if name in names]
        if names != known or VISIBLE not in names or (f"{HIDDEN}_2" in names and HIDDEN not in names):
            raise ConfigError(
                "layers", f"'{VISIBLE}', then '{LABEL}', '{HIDDEN}', '{HIDDEN}_2' where wanted, got {names}"
            )
        if not 0 <= self.gain < math.inf:
            raise ConfigError("chaotic.gain", f"a variance, 0 or more, expected, got {self.gain}")
        if not 0 < self.time_step <= 1:
            raise ConfigError("chaotic.dt", f"at most tau expected: dt / tau is {self.time_step}")
        if not 0 < self.hebbian < math.inf:
            raise ConfigError("chaotic.hebbian", f"a power above 0 expected, got {self.hebbian}")

    @property
    def observed(self) -> tuple[RateLayer, ...]:
        """The layers that the data determine."""
        return tuple(layer for layer in self.layers if not layer.name.startswith(HIDDEN))

    @property
    def hidden_layers(self) -> tuple[RateLayer, ...]:
        """The hidden layers."""
        return self.layers[len(self.observed) :]

    @property
    def hidden_sites(self) -> list[int]:
        """Numbers of hidden units, layer by layer."""
        return [layer.sites for layer in self.hidden_layers]

    @property
    def visible(self) -> tuple[RateLayer, ...]:
        """The observed layers but the label."""
        return self.layers[:1]

    @property
    def label(self) -> int | None:
        """Position of the label layer, None without one."""
        return next((i for i, layer in enumerate(self.layers) if layer.name == LABEL), None)

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """The pairs of layers that are coupled, the lower position first."""
        first, deeper = len(self.observed), range(len(self.observed) + 1, len(self.layers))
        if not self.hidden_layers:
            return ((0, 0),) if self.label is None else ((0, 0), (0, 1))
        return (*((i, first) for i in range(first)), *((i - 1, i) for i in deeper))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        names = ("gain", "seed", "time_step", "settling", "diagonal", "hebbian")
        options = {name: getattr(self, name) for name in names}
        return {"model": KIND, "layers": [layer.to_dict() for layer in self.layers], **options}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> NetworkSpec:
        """Return the specification that `to_dict` described."""
        options = {name: value for name, value in form.items() if name not in ("model", "layers")}
        return cls(layers=tuple(RateLayer.from_dict(layer) for layer in form["layers"]), **options)


RandomCouplings: TypeAlias = Sequence[tuple[Tensor, Tensor]]


@lru_cache(maxsize=4)
def random_couplings(spec: NetworkSpec, device: torch.device, dtype: torch.dtype) -> tuple[tuple[Tensor, Tensor], ...]:
    """Return the fixed random couplings W of each edge, (N_x, N_y): what x feels of y, and y of x.

    Independent normal numbers of mean 0 and variance g, a function of the seed.
    """

    def normal(place: int, i: int, j: int) -> Tensor:
        out = torch.empty(spec.layers[i].sites, spec.layers[j].sites, device=device, dtype=dtype)
        size = max(1, NUMBERS_AT_ONCE // out.shape[1])
        for first, part in zip(range(0, len(out), size), out.split(size), strict=True):
            uniforms = uniform_numpy(spec.seed, 0, place, first, len(part), out.shape[1])
            part.copy_(torch.special.ndtri(uniforms))
        return out.mul_(spec.gain**0.5)

    return tuple((normal(2 * e, i, j), normal(2 * e + 1, i, j)) for e, (i, j) in enumerate(spec.edges))


class Coupling(NamedTuple):
    """What one layer feels of another, ready for products: (N_source, N_target), divided by sqrt(N_source)."""

    source: int
    target: int
    matrix: Tensor


@dataclass(frozen=True)
class ChaoticNetwork:
    """A chaotic network without its trained parameters: every method is a function of theta.

    theta is flat, (P,): the symmetric couplings A of each edge (N_x, N_y) by rows, then the field b of each layer. A
    state is one tensor of potentials a layer, hidden ones last; held layers have those whose rates are the data.
    """

    spec: NetworkSpec

    family: ClassVar = KIND

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the blocks of theta: edges, then fields."""
        layers = self.spec.layers
        edges = (f"coupling_{layers[i].name}_{layers[j].name}" for i, j in self.spec.edges)
        return (*edges, *(f"field_{layer.name}" for layer in layers))

    def blocks(self) -> dict[str, tuple[int, ...]]:
        """Return the named blocks of theta in order, with their shapes."""
        sites = [layer.sites for layer in self.spec.layers]
        shapes = [(sites[i], sites[j]) for i, j in self.spec.edges] + [(n,) for n in sites]
        return dict(zip(self.names, shapes, strict=True))

    def size(self) -> int:
        """Return the number P of parameters."""
        return sum(math.prod(shape) for shape in self.blocks().values())

    @property
    def shape(self) -> tuple[int, int]:
        """The largest numbers of units on either side of an edge."""
        return max(self.spec.layers[0].sites, 1), max(layer.sites for layer in self.spec.layers)

    def view(self, theta: Theta) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return the trained couplings of each edge and the fields of each layer, as views."""
        shapes = list(self.blocks().values())
        parts = theta.split([math.prod(shape) for shape in shapes])
        views = tuple(part.view(shape) for part, shape in zip(parts, shapes, strict=True))
        return views[: len(self.spec.edges)], views[len(self.spec.edges) :]

    def to_state(self, values: State, dtype: torch.dtype = torch.float32) -> State:
        """Return values of the data and codes of labels as observed layers: potentials."""
        return tuple(
            self._label_to_potentials(layer, x, dtype) if layer.name == LABEL else layer.units.to_potentials(x, dtype)
            for layer, x in zip(self.spec.observed, values, strict=False)
        )

    def _label_to_potentials(self, layer: RateLayer, codes: Tensor, dtype: torch.dtype) -> Tensor:
        one_hot = torch.nn.functional.one_hot(codes.squeeze(1).long(), layer.sites)
        return Rate(0.0, 1.0).to_potentials(one_hot, dtype)

    def to_values(self, state: State) -> State:
        """Return observed layers, potentials, as values of the data and codes of labels."""
        return tuple(
            x.argmax(1, keepdim=True).to(torch.uint8) if layer.name == LABEL else layer.units.to_values(x)
            for layer, x in zip(self.spec.observed, state, strict=False)
        )

    def label_distribution(self, theta: Theta, state: State) -> Tensor:
        """Return the probabilities of the classes, (C, K), given the potentials x of the label: softmax(2 x).

        A unit that is +1 with probability (1 + tanh x) / 2, else -1, has the odds exp(2 x); this is the distribution of
        K such units given that exactly one is +1.
        """
        assert self.spec.label is not None, "the network has no label layer"
        return torch.softmax(2 * state[self.spec.label], 1)

    def origins(self, noise: NoisePlace, label: Tensor | None) -> Tensor | None:
        """Return None: all chains start alike, whatever their class."""
        return None

    def start_observed(self, i: int, u: Uniforms, origins: Tensor | None) -> Tensor:
        """Return the i-th observed layer as runs start with it."""
        return self.spec.observed[i].units.start(u)

    def start_hidden(self, noise: NoisePlace, chains: int) -> State:
        """Return the hidden layers as runs start with them: potentials drawn from N(0, 1)."""
        at_zero, first = noise.at(0), len(self.spec.observed)
        hidden = enumerate(self.spec.hidden_layers, first)
        return tuple(layer.units.start(at_zero.uniform(i, chains, layer.sites)) for i, layer in hidden)

    def initial_theta(self, noise: NoisePlace, spread: float, mean_of: Callable[[int], tuple[Tensor, float]]) -> Theta:
        """Return zeros: the random couplings break the symmetry (FU24)."""
        return torch.zeros(self.size(), device=noise.device)

    def automatic_rate(self, strongest_mode: float, damped_above: float = 0.0) -> float:
        """Return 0.01, whatever the data are (FU24)."""
        return LEARNING_RATE

    def couplings(self, theta: Theta, random: RandomCouplings | None = None) -> tuple[Coupling, ...]:
        """Return (W + A) / sqrt(N) of each direction of each edge; W are those of the seed unless others are given."""
        trained, _ = self.view(theta)
        random = random or random_couplings(self.spec, theta.device, theta.dtype)
        found = []
        for (i, j), a, (w, back) in zip(self.spec.edges, trained, random, strict=True):
            if i == j:  # one matrix: what unit f feels of unit g, transposed so that rates multiply it from the left
                matrix = (w + a).T / math.sqrt(len(a))
                found.append(Coupling(i, i, matrix if self.spec.diagonal else matrix - torch.diag(matrix.diagonal())))
            else:
                found.append(Coupling(j, i, (w + a).T / math.sqrt(a.shape[1])))
                found.append(Coupling(i, j, (back + a) / math.sqrt(a.shape[0])))
        return tuple(found)

    def step(self, theta: Theta, state: State, noise: NoisePlace, clamp: Clamp) -> State:
        """One Euler step of all layers that are not held, from the rates of all before it (FU24 eq. 2, 4, 8).

        The plain reference that the engine is tested against. Nothing in it is random: `noise` is not used.
        """
        return self.euler_step(self.couplings(theta), self.view(theta)[1], state, clamp)

    def euler_step(self, couplings: Sequence[Coupling], fields: Sequence[Tensor], state: State, clamp: Clamp) -> State:
        """The same with couplings and fields of any origin."""
        rates = [torch.tanh(x) for x in state]
        return tuple(
            x if layer.name in clamp.layers else self._moved(i, x, rates, couplings, fields, clamp)
            for i, (layer, x) in enumerate(zip(self.spec.layers, state, strict=True))
        )

    def _moved(
        self,
        i: int,
        x: Tensor,
        rates: Sequence[Tensor],
        couplings: Sequence[Coupling],
        fields: Sequence[Tensor],
        clamp: Clamp,
    ) -> Tensor:
        field = fields[i] + sum(rates[c.source] @ c.matrix for c in couplings if c.target == i)
        new = x + self.spec.time_step * (field - x)
        fixed = clamp.sites.get(self.spec.layers[i].name)
        return new if fixed is None else torch.where(fixed, x, new)

    def statistics(self, theta: Theta, state: State, weights: Weights) -> Theta:
        """Return the weighted means of products of rates over edges, and of rates: flat, like theta (FU24 eq. 3).

        Products are those of f(r) = sign(r) |r|^n, n the Hebbian power. As f(r) f(s) = sign(r s) |r s|^n, this is also
        that power of the product. Whatever n is, data and free runs agree in these moments where learning rests.
        """
        return self.moments([torch.tanh(x) for x in state], weights)

    def moments(self, rates: Sequence[Tensor], weights: Weights) -> Theta:
        """Return the same of rates of any origin."""
        moments = rates[0].new_empty(self.size())
        products, means = self.view(moments)
        learned = [self.powered(rate) for rate in rates]
        for (i, j), out in zip(self.spec.edges, products, strict=True):
            torch.mm((learned[i] * weights.unsqueeze(1)).T, learned[j], out=out)
        for rate, out in zip(rates, means, strict=True):
            torch.mv(rate.T, weights, out=out)
        return moments

    def powered(self, rates: Tensor) -> Tensor:
        """Return sign(r) |r|^n, what couplings learn from."""
        power = self.spec.hebbian
        return rates if power == 1 else rates.abs().pow_(power).copysign_(rates)

    def centred(self, direction: Theta, means: Sequence[Tensor]) -> Theta:
        """Return the direction from products of rates less their means over the data, m.

        dA' = dA - m_x dy^T - dx m_y^T, db_x' = dx - sum over neighbours y of N_y^{-1/2} dA'_xy m_y: the fields take up
        what couplings to centred rates leave out, as in the centred RBM (theory 2.3).
        """
        result = direction.clone()
        products, fields = self.view(result)
        shifts = [field.clone() for field in fields]
        for (i, j), product in zip(self.spec.edges, products, strict=True):
            product.addr_(means[i], shifts[j], alpha=-1).addr_(shifts[i], means[j], alpha=-1)
            fields[i].addmv_(product, means[j], alpha=-1 / math.sqrt(product.shape[1]))
            if i != j:
                fields[j].addmv_(product.T, means[i], alpha=-1 / math.sqrt(product.shape[0]))
        return result

    def weights(self, theta: Theta) -> Iterator[tuple[Tensor, bool]]:
        """Yield the trained couplings of each edge as views, and whether they are those of the label."""
        for (i, j), block in zip(self.spec.edges, self.view(theta)[0], strict=True):
            yield block, self.spec.label in (i, j)

    def main_weights(self, theta: Theta) -> Tensor:
        """Return A of the first edge, the visible layer and its neighbour: a training reports its size."""
        return self.view(theta)[0][0]

    def weight_matrices(self, theta: Theta) -> dict[str, Tensor]:
        """Return each A, by the layers that it couples."""
        names = [layer.name for layer in self.spec.layers]
        edges = zip(self.spec.edges, self.view(theta)[0], strict=True)
        return {f"A: {names[i]} and {names[j]}": block for (i, j), block in edges}

    def receptive_fields(self, theta: Theta, sites: int, count: int) -> Tensor:
        """Return W + A, what visible units feel of a hidden one, of those with the largest norm of A (FU24 fig. 4)."""
        edge = next((e for e, (i, j) in enumerate(self.spec.edges) if i == 0 and j > 0), None)
        if not self.spec.hidden_layers or edge is None:
            return theta.new_empty(0, sites)
        trained = self.view(theta)[0][edge]
        fixed = random_couplings(self.spec, theta.device, theta.dtype)[edge][0]
        strongest = torch.argsort(trained.square().sum(0), descending=True, stable=True)[:count]
        return (fixed + trained)[:, strongest].T

    def label_parts(self, theta: Theta) -> Iterator[Tensor]:
        """Yield the views of theta that belong to the label alone."""
        yield from (block for block, of_label in self.weights(theta) if of_label)
        if self.spec.label is not None:
            yield self.view(theta)[1][self.spec.label]

    def project_(self, theta: Theta) -> None:
        """Leave theta as it is: no two of them are the same network."""
