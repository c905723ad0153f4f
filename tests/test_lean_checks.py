"""Types and shapes of what the tests call are checked, by the lean hook too."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import torch
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float, TypeCheckError
from torch import Tensor

import lean_checks
from lean_checks import has_shape, kind, lean, value_of
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
        often(lambda: Bernoulli().sample(field, torch.zeros(5, 3)))


def often(call):
    """Call a function as often as one of its calls is looked at: other tests may have made the first many."""
    for _ in range(lean_checks.EVERY):
        with contextlib.suppress(RuntimeError):
            call()


def test_a_shape_is_found_wherever_it_is():
    assert has_shape(int, dict[str, tuple[Float[Tensor, "C F"], ...]] | None)
    assert not has_shape(int, tuple[Tensor, ...], None)


def test_annotations_are_read_and_unknown_names_are_anything():
    assert value_of("list[int]", {}) == list[int]
    assert value_of("Missing | None", {}) is Any
    assert nearest.__annotations__["name"] == "str"


@lean(typechecker=beartype)
def doubled(x: Float[Tensor, " n"], how: str | list[int] = "right") -> Float[Tensor, " n"]:
    results = {"right": 2 * x, "long": torch.cat([x, x]), "whole": x.long()}
    return results[how] if isinstance(how, str) else results[("long", "right")[how[0] == 0]]


def test_a_kind_that_passed_does_not_excuse_another():
    for _ in range(2):
        assert doubled(torch.ones(3)).shape == (3,)
        for wrong in (torch.ones(3, 1), torch.ones(3, dtype=torch.long), [1.0, 1.0, 1.0]):
            with pytest.raises(TypeCheckError, match="doubled"):
                doubled(wrong)
        with pytest.raises(TypeCheckError):
            doubled(torch.ones(3), ["1"])


def test_one_wrong_item_of_a_list_is_found():
    """Each check looks at one of the two: that sixteen miss it has a probability of 2^-16."""
    with pytest.raises(TypeCheckError):
        [doubled(torch.ones(3), [0, "1"]) for _ in range(20)]


def test_items_of_one_kind_are_no_alternatives():
    x, y = torch.ones(3), torch.ones(2)
    assert [lean_checks.alternatives(it) for it in (x, [x, x], [x, y], [[x, y], 3, None])] == [1, 1, 2, 6]


def test_of_many_calls_every_tenth_is_looked_at():
    @lean(typechecker=beartype)
    def same(x: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
        return x

    for _ in range(lean_checks.OFTEN):
        same(torch.ones(3))
    found = 0
    for _ in range(5 * lean_checks.EVERY):
        try:
            same(torch.ones(3, 1))
        except TypeCheckError:
            found += 1
    assert found == 5


def test_functions_that_calls_of_another_one_make_are_checked_one_by_one():
    def adder(n):
        @lean(typechecker=beartype)
        def added(x: int) -> int:
            return x + n

        return added

    assert [adder(n)(1) for n in (1, 2, 3)] == [2, 3, 4]
    for n, x in ((1, "1"), (2, 1.5), (0.5, 1)):
        with pytest.raises(BeartypeCallHintViolation, match="added"):
            adder(n)(x)


def test_a_handler_of_a_signal_waits_for_no_checker():
    """A signal that comes while a checker is made is handled within: what the handler calls is checked later."""
    depths, found = [], []

    def checker(function):
        depths.append(len(found) + 1)
        found.append(function)
        assert handler("x") == "x"
        assert shaped("x") == "x"
        found.pop()
        return beartype(function)

    @lean(typechecker=checker)
    def handler(x: int) -> int:
        return x

    @lean(typechecker=checker)
    def shaped(x: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
        return x

    assert lean(lambda: 3, typechecker=checker)() == 3
    for each in (handler, shaped):
        with pytest.raises((BeartypeCallHintViolation, TypeCheckError)):
            each("x")
    assert set(depths) == {1}


@pytest.mark.parametrize("how", ["long", "whole"])
def test_a_wrong_result_is_found_by_every_call(how):
    for _ in range(2):
        with pytest.raises(TypeCheckError, match="return value"):
            doubled(torch.ones(3), how)


def test_a_result_is_checked_though_the_arguments_passed():
    """Lists of one number are of one kind, whatever the number."""
    for n, right in ((0, True), (1, False), (0, True), (1, False)):
        if right:
            assert doubled(torch.ones(3), [n]).shape == (3,)
        else:
            with pytest.raises(TypeCheckError, match="return value"):
                doubled(torch.ones(3), [n])


def test_a_kind_is_what_checks_depend_on():
    x = torch.ones(2, 3)
    assert kind((x, {"a": [1, None]})) == kind((x + 1, {"a": [2, None]}))
    for other in (x.T, x.double(), x.numpy(), (x,), [x], None, "x", "y", True, int, float):
        assert kind(other) != kind(x)
    assert kind("x") != kind("y")
    assert kind([1]) != kind([1.0])
    assert kind(int) != kind(float) != kind(1.0)
    for untold in ({1}, range(3), list(range(lean_checks.MANY + 1)), (1, [{2}])):
        with pytest.raises(lean_checks.UntoldError):
            kind(untold)
