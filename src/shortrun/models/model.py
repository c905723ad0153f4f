"""What every model can do, and how to make one of its specification."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor

from shortrun.errors import ConfigError, nearest
from shortrun.models.chaotic import ChaoticNetwork, NetworkSpec, RateLayer
from shortrun.models.rbm import RBM
from shortrun.models.spec import Clamp, Layer, Spec
from shortrun.typing import Field, NoisePlace, State, Theta, Uniforms, Weights

AnySpec: TypeAlias = Spec | NetworkSpec
AnyLayer: TypeAlias = Layer | RateLayer
SPECS: Mapping[str, type[Spec] | type[NetworkSpec]] = {"rbm": Spec, "chaotic": NetworkSpec}


@runtime_checkable
class Model(Protocol):
    """A dynamics without its parameters: every method is a function of the flat theta, (P,)."""

    family: ClassVar[str]

    @property
    def spec(self) -> AnySpec:
        """The layers, and how they move."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """The largest numbers of features and of hidden units: what tables of chains are as wide as."""
        ...

    def blocks(self) -> dict[str, tuple[int, ...]]:
        """Return the named blocks of theta in order, with their shapes."""
        ...

    def size(self) -> int:
        """Return the number P of parameters."""
        ...

    def to_state(self, values: State, dtype: torch.dtype = torch.float32) -> State:
        """Return values of the data and codes of labels as observed layers."""
        ...

    def to_values(self, state: State) -> State:
        """Return observed layers as values of the data and codes of labels."""
        ...

    def origins(self, noise: NoisePlace, label: Tensor | None) -> Tensor | None:
        """Return from where chains of some classes (C, 1) start, (C,); None where that is the same for all."""
        ...

    def start_observed(self, i: int, u: Uniforms, origins: Tensor | None) -> Tensor:
        """Return the i-th observed layer as runs start with it."""
        ...

    def start_hidden(self, noise: NoisePlace, chains: int) -> State:
        """Return the hidden layers as runs start with them."""
        ...

    def step(self, theta: Theta, state: State, noise: NoisePlace, clamp: Clamp) -> State:
        """Return the next state: the plain reference that engines are tested against."""
        ...

    def label_distribution(self, theta: Theta, state: State) -> Tensor:
        """Return the probabilities of the classes, (C, K), given the other layers of a state in a run."""
        ...

    def statistics(self, theta: Theta, state: State, weights: Weights) -> Theta:
        """Return the weighted sum of -dE/dtheta, or of the moments that learning compares: flat, like theta."""
        ...

    def centred(self, direction: Theta, means: tuple[Tensor, ...]) -> Theta:
        """Return the direction of the model whose features are taken relative to their means over the data."""
        ...

    def initial_theta(self, noise: NoisePlace, spread: float, mean_of: Callable[[int], tuple[Field, float]]) -> Theta:
        """Return the parameters that a training begins with.

        Parameters
        ----------
        noise : NoisePlace
            Noise of the random weights; theta is on its device.
        spread : float
            Standard deviation of random weights.
        mean_of : Callable[[int], tuple[Field, float]]
            The mean features (1, F_i) of the i-th observed layer over the data, and alpha, the share of the uniform
            distribution to mix in.
        """
        ...

    def automatic_rate(self, strongest_mode: float, damped_above: float = 0.0) -> float:
        """Return the learning rate that suits data whose largest covariance eigenvalue is `strongest_mode`.

        Modes with eigenvalues of more than `damped_above` learn no faster than one of this; 0 if none is damped.
        """
        ...

    def weights(self, theta: Theta) -> Iterator[tuple[Tensor, bool]]:
        """Yield the trained weights, block by block as views, and whether they are those of the label."""
        ...

    def main_weights(self, theta: Theta) -> Tensor:
        """Return the matrix whose norm and largest singular value a training reports."""
        ...

    def weight_matrices(self, theta: Theta) -> dict[str, Tensor]:
        """Return the trained weights by name, as figures show them."""
        ...

    def receptive_fields(self, theta: Theta, sites: int, count: int) -> Tensor:
        """Return the weights of the strongest hidden units, (n, S) a value a site; no rows without hidden units."""
        ...

    def label_parts(self, theta: Theta) -> Iterator[Tensor]:
        """Yield the views of theta that belong to the label alone."""
        ...

    def project_(self, theta: Theta) -> None:
        """Fix the gauge in place: of all theta with the same distribution take one."""
        ...


FAMILIES: Mapping[type, Callable[[Any], Model]] = {Spec: RBM, NetworkSpec: ChaoticNetwork}


def model_of(spec: AnySpec) -> Model:
    """Return the model of a specification."""
    return FAMILIES[type(spec)](spec)


def spec_from_dict(form: Mapping[str, Any]) -> AnySpec:
    """Return the specification that its `to_dict` described.

    Raises
    ------
    ConfigError
        For a model of an unknown family.
    """
    family = form.get("model", "rbm")
    if family not in SPECS:
        raise ConfigError("model", f"{' or '.join(SPECS)} expected, got '{family}'", nearest(str(family), SPECS))
    return SPECS[family].from_dict(dict(form))


def named_blocks(model: Model, theta: Theta) -> dict[str, Tensor]:
    """Return the blocks of theta by name, as views."""
    shapes = model.blocks()
    parts = theta.split([math.prod(shape) for shape in shapes.values()])
    return {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
