"""Checks of types and shapes while the tests run, without jaxtyping's cost where no shape is annotated.

jaxtyping's import hook binds the arguments of every call of every function, to compare shapes; a training of a small
machine takes three times as long under it. A function without a shape in its signature needs its types checked only:
here beartype does that alone, with the same annotations.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import jaxtyping
from jaxtyping import AbstractArray, _decorator

full = _decorator.jaxtyped


def lean(function: Any = None, *, typechecker: Callable) -> Any:
    """Decorate as `jaxtyping.jaxtyped` does, a function without shapes by its typechecker only."""
    if function is None:
        return partial(lean, typechecker=typechecker)
    if not inspect.isfunction(function):
        return full(function, typechecker=typechecker)
    known = {name: value_of(each, function.__globals__) for name, each in function.__annotations__.items()}
    return (
        full(function, typechecker=typechecker) if has_shape(*known.values()) else checked(function, known, typechecker)
    )


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
    """Return a function whose types are checked, with its annotations as they were written."""
    written, function.__annotations__ = function.__annotations__, known
    found = typechecker(function)
    function.__annotations__ = found.__annotations__ = written
    return found


def install() -> None:
    """Use it for all modules that are imported from now on."""
    jaxtyping.jaxtyped = _decorator.jaxtyped = lean
