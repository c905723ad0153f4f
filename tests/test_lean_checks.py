"""Types and shapes of what the tests call are checked, by the lean hook too."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float, TypeCheckError
from torch import Tensor

from lean_checks import has_shape, value_of
from shortrun.errors import nearest
from shortrun.units import Bernoulli


def test_types_are_checked_without_a_shape():
    assert nearest("nme", ["name"]) == "name"
    with pytest.raises(BeartypeCallHintViolation, match="name"):
        nearest(3, ["name"])


def test_shapes_are_checked_where_they_are_annotated():
    field = torch.zeros(2, 3)
    assert Bernoulli().sample(field, torch.zeros(2, 3)).shape == (2, 3)
    with pytest.raises(TypeCheckError):
        Bernoulli().sample(field, torch.zeros(5, 3))


def test_a_shape_is_found_wherever_it_is():
    assert has_shape(int, dict[str, tuple[Float[Tensor, "C F"], ...]] | None)
    assert not has_shape(int, tuple[Tensor, ...], None)


def test_annotations_are_read_and_unknown_names_are_anything():
    assert value_of("list[int]", {}) == list[int]
    assert value_of("Missing | None", {}) is Any
    assert nearest.__annotations__["name"] == "str"
