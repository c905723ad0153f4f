"""What every model can do, and how to make one of its specification."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models.chaotic import KIND, ChaoticNetwork, NetworkSpec
from shortrun.models.rbm import RBM
from shortrun.models.spec import Spec
from shortrun.typing import Theta

Model: TypeAlias = RBM | ChaoticNetwork
AnySpec: TypeAlias = Spec | NetworkSpec


def model_of(spec: AnySpec) -> Model:
    """Return the model of a specification."""
    return ChaoticNetwork(spec) if isinstance(spec, NetworkSpec) else RBM(spec)


def spec_from_dict(form: Mapping[str, Any]) -> AnySpec:
    """Return the specification that its `to_dict` described.

    Raises
    ------
    ConfigError
        For a model of another kind.
    """
    kind = form.get("model", "rbm")
    if kind not in ("rbm", KIND):
        raise ConfigError("model", f"rbm or {KIND} expected, got '{kind}'")
    return NetworkSpec.from_dict(form) if kind == KIND else Spec.from_dict(dict(form))


def named_blocks(model: Model, theta: Theta) -> dict[str, Tensor]:
    """Return the blocks of theta by name, as views."""
    shapes = model.blocks()
    parts = theta.split([math.prod(shape) for shape in shapes.values()])
    return {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
