"""Finding what a room offers: every public module of a folder declares one value, and nothing is listed by hand."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, TypeVar

from shortrun.errors import nearest

T = TypeVar("T")


def packages(room: str, name: str) -> tuple[str, ...]:
    """Return the packages `room.<any>.name`, in alphabetical order of what is between."""
    root = importlib.import_module(room)
    inner = sorted(info.name for info in pkgutil.iter_modules(root.__path__) if info.ispkg)
    found = (f"{room}.{part}.{name}" for part in inner)
    return tuple(each for each in found if importlib.util.find_spec(each) is not None)


def modules(packages: str | Sequence[str]) -> Iterator[ModuleType]:
    """Yield the public modules of package folders in alphabetical order (`_private` and packages are skipped)."""
    found = [
        (info.name, f"{package}.{info.name}")
        for package in ((packages,) if isinstance(packages, str) else packages)
        for info in pkgutil.iter_modules(importlib.import_module(package).__path__)
        if not info.ispkg and not info.name.startswith("_")
    ]
    for _, module in sorted(found):
        yield importlib.import_module(module)


def declared(packages: str | Sequence[str], name: str, contract: type[T]) -> dict[str, T]:
    """Return what each public module of package folders declares.

    Parameters
    ----------
    packages : str or Sequence[str]
        Dotted names of the folders.
    name : str
        Variable of the module that holds the declaration, such as "SCORES".
    contract : type
        Class that the declaration must be an instance of.

    Returns
    -------
    dict
        The declarations by the dotted names of their modules, in alphabetical order of the files.

    Raises
    ------
    TypeError
        If a module declares nothing under that name, or something else.
    """
    return {module.__name__: declaration(module, name, contract) for module in modules(packages)}


def declaration(module: ModuleType, name: str, contract: type[T]) -> T:
    """Return the declaration of one module; `declared` describes the parameters."""
    found = vars(module).get(name)
    if isinstance(found, contract):
        return found
    got = f"found {found!r}" if name in vars(module) else f"found none{hint(name, vars(module))}"
    raise TypeError(f"{module.__name__}: {name} = {' or '.join(choices(contract))}(...) expected, {got}")


def choices(contract: type) -> list[str]:
    """Return the names of the subclasses of a contract, or its own if it has none."""
    return [cls.__name__ for cls in contract.__subclasses__() or [contract]]


def check_function(owner: str, name: str, function: Any, parameters: int) -> None:
    """Check that a declared value is a function that can be called with so many positional arguments.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not callable(function):
        raise TypeError(f"{owner}: {name} must be a function, found {function!r}")
    if not accepts(function, parameters):
        raise TypeError(f"{owner}: {name} must take {parameters} positional arguments, found {signature(function)}")


def accepts(function: Callable[..., Any], parameters: int) -> bool:
    """Return whether a function can be called with so many positional arguments."""
    try:
        inspect.signature(function).bind(*range(parameters))
    except TypeError:
        return False
    return True


def signature(function: Callable[..., Any]) -> str:
    """Return the name of a function and of its parameters, without types."""
    return f"{function.__name__}({', '.join(inspect.signature(function).parameters)})"


def hint(name: str, known: Any) -> str:
    """Return the known name that a missing one may stand for, in brackets."""
    close = nearest(name, [each for each in known if not each.startswith("__")])
    return f" (did you mean '{close}'?)" if close else ""
