"""Checks of types and shapes while the tests run, without jaxtyping's cost where no shape is annotated.

jaxtyping's import hook binds the arguments of every call of every function, to compare shapes; a training of a small
machine takes three times as long under it. A function without a shape in its signature needs its types checked only:
here beartype does that alone, with the same annotations. A function with shapes is checked in full by its first call
with arguments of some types, shapes and dtypes; these decide the outcome, so that later calls only compare them, and
a result of another kind is checked in full again. A function that was called hundreds of times, in the loop of a
training, is then looked at in every tenth call. Of a list, beartype checks one item at random: where items differ,
as many calls are checked as miss a wrong item once in 3,000 times. A function within another one is made by each call
of that one: its checker, which takes longer to make than most of what it checks, is made once.
"""

from __future__ import annotations

import inspect
import itertools
import sys
import threading
import typing
from collections import Counter
from collections.abc import Callable, Collection, Hashable
from functools import cache, partial, wraps
from types import CodeType, FunctionType
from typing import Any, get_args

import jaxtyping
import numpy as np
import torch
from jaxtyping import AbstractArray, _decorator

full = _decorator.jaxtyped
LOOKS = 8  # an item: exp(-8) = 1 / 3,000
OFTEN, EVERY = 300, 10  # calls of a function that are all looked at; of the later ones, one in so many
KNOWN: dict[CodeType, dict[str, Any]] = {}  # what the annotations of a code stand for, where they are texts
CHECKERS: dict[CodeType, Callable] = {}
WORK = threading.local()  # of a thread: the typechecker that makes a checker at this moment
ITS_FUNCTION = "__beartype_func"  # the parameter that tells a checker of beartype which function it calls
MANY = 32  # items of a container: with more, to tell their kinds takes longer than to check them


def lean(function: Any = None, *, typechecker: Callable) -> Any:
    """Decorate as `jaxtyping.jaxtyped` does, a function without shapes by its typechecker only."""
    if function is None:
        return partial(lean, typechecker=typechecker)
    if not inspect.isfunction(function):
        return full(function, typechecker=typechecker)
    typechecker = undisturbed(typechecker)
    known = KNOWN.get(function.__code__)
    if known is None:
        known = {name: value_of(each, function.__globals__) for name, each in function.__annotations__.items()}
        if all(isinstance(each, str) for each in function.__annotations__.values()):
            KNOWN[function.__code__] = known
    return (
        remembering(function, known, typechecker)
        if has_shape(*known.values())
        else checked(function, known, typechecker)
    )


@cache
def undisturbed(typechecker: Callable) -> Callable:
    """Return a typechecker that notes when it is at work.

    It holds a lock then: a function that the handler of a signal calls meanwhile is not checked, if its checker is
    still to be made, or it would wait for ever.
    """

    def alone(function):
        WORK.checker = typechecker
        try:
            return typechecker(function)
        finally:
            del WORK.checker

    return alone


def value_of(annotation: Any, namespace: dict[str, Any]) -> Any:
    """Return what an annotation stands for; anything where its names are not known yet, as in jaxtyping."""
    try:
        return eval(annotation, namespace) if isinstance(annotation, str) else annotation
    except Exception:
        return Any


def has_shape(*annotations: Any) -> bool:
    return any(
        (inspect.isclass(each) and issubclass(each, AbstractArray)) or has_shape(*get_args(each))
        for each in annotations
    )


def checked(function: Callable, known: dict[str, Any], typechecker: Callable) -> Callable:
    """Return a function whose types are checked, with its annotations as they were written.

    The checker is made by the first call: most of the functions of the package are not called in a process. From then
    on the function has its code: a call within each call would take a tenth of the time of a training.
    """

    def make():
        if hasattr(WORK, "checker"):
            return function
        checker = CHECKERS.get(function.__code__)
        if checker is None:
            written, function.__annotations__ = function.__annotations__, known
            checker = typechecker(function)
            function.__annotations__ = written
        kept = checker.__kwdefaults__ or {}
        if ITS_FUNCTION in kept:
            kept = kept | {ITS_FUNCTION: function}
            if function.__code__ in KNOWN:
                CHECKERS[function.__code__] = checker
        if checker.__code__.co_freevars:  # a function without types, which is as it was
            found.__kwdefaults__ = {"__make": lambda: checker}
            return checker
        found.__code__, found.__defaults__, found.__kwdefaults__ = checker.__code__, checker.__defaults__, kept
        return found

    found = wraps(function)(FunctionType(first_call.__code__, function.__globals__))
    found.__kwdefaults__ = {"__make": make}
    return found


def first_call(*args, __make, **named):
    __tracebackhide__ = True
    return __make()(*args, **named)


class UntoldError(Exception):
    """What kind a value is cannot be told in short."""


def kind(value: Any) -> Hashable:
    """Return all that checks depend on: types, also of items, shapes and dtypes, and what a literal may name."""
    its = type(value)
    told_by = way(its)
    if told_by == "type":
        return its
    if told_by == "shape":
        return its, value.dtype, value.shape
    if told_by == "value":
        return its, value
    if told_by == "nothing" or len(value) > MANY:
        raise UntoldError
    return its, *map(kind, value.items() if its is dict else value)


@cache
def way(its: type) -> str:
    """Return what tells the kind of values of a type."""
    if issubclass(its, (torch.Tensor, np.ndarray)):
        return "shape"
    if its in (str, bool, type):
        return "value"
    if issubclass(its, tuple) or its is list or its is dict:
        return "items"
    return "nothing" if issubclass(its, Collection) and its is not bytes else "type"


def kind_or_none(value: Any) -> Hashable:
    try:
        return kind(value)
    except UntoldError:
        return None


def alternatives(value: Any) -> int:
    """Return among how many items of different kinds a check looks at one."""
    if way(type(value)) != "items":
        return 1
    items = list(value.items() if isinstance(value, dict) else value)
    inside = max(map(alternatives, items), default=1)
    return inside * len(items) if len(set(map(kind, items))) > 1 else inside


def remembering(function: Callable, known: dict[str, Any], typechecker: Callable) -> Callable:
    """Return a function whose types and shapes are checked, once for each kind of arguments and of result."""
    strict = cache(lambda: full(function, typechecker=typechecker))  # made by the first call
    passed, looks, calls = {}, Counter(), itertools.count(1)

    def remember(given, made, *values):
        if given is None or made is None:
            return
        looks[given, made] += 1
        among = max(map(alternatives, values))
        if among == 1 or looks[given, made] >= LOOKS * among:
            passed.setdefault(given, set()).add(made)

    @wraps(function)
    def compared(*args, **named):
        __tracebackhide__ = True
        number = next(calls)
        if number > OFTEN and number % EVERY:
            return function(*args, **named)
        if hasattr(WORK, "checker"):
            return function(*args, **named)
        given = kind_or_none((args, named))
        if given not in passed:
            result = strict()(*args, **named)
            remember(given, kind_or_none(result), *args, *named.values(), result)
            return result
        result = function(*args, **named)
        made = kind_or_none(result)
        if made not in passed[given]:
            full(returning(result, function, known), typechecker=typechecker)(*args, **named)
            remember(given, made, result)
        return result

    return compared


def returning(result: Any, function: Callable, known: dict[str, Any]) -> Callable:
    """Return a function with the annotations of another one, that has this result."""
    signature = inspect.signature(function)
    parameters = [each.replace(annotation=known.get(name, Any)) for name, each in signature.parameters.items()]

    @wraps(function)
    def told(*_, **__):
        return result

    told.__signature__ = signature.replace(parameters=parameters, return_annotation=known.get("return", Any))
    return told


def install() -> None:
    """Use it for all modules that are imported from now on."""
    jaxtyping.jaxtyped = _decorator.jaxtyped = lean
    if sys.version_info < (3, 12):  # later ones keep the names of a protocol, which every check asks for
        typing._get_protocol_attrs = cache(typing._get_protocol_attrs)  # pyright: ignore[reportAttributeAccessIssue]
