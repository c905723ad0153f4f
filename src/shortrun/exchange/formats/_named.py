"""Arrays and texts by name, which .npz and .safetensors hold alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from shortrun import jsons
from shortrun.errors import FormatError, nearest
from shortrun.exchange.machine import POTTS, UNIT_TYPES, Arrays, Machine
from shortrun.store.ages import LARGEST

NAMES = {  # of the arrays, the first is written, all are read
    "weight": ("weight", "weight_matrix", "W"),
    "bias": ("bias", "visible_bias", "vbias"),
    "hidden_bias": ("hidden_bias", "hbias"),
    "label_weight": ("label_weight", "label_matrix", "D"),
    "label_bias": ("label_bias", "lbias"),
}
TEXTS = ("units", "hidden_units", "hidden_rule", "alphabet", "classes", "scheme", "steps", "age")
RULES, SCHEMES = ("sample", "mean"), ("ff", "pcd", "cd", "rdm")


def named(machine: Machine) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the arrays of the last age of a machine by name, and what else is known of it as texts."""
    age = machine.ages[-1]
    arrays = {name: each for name, each in machine.at(age)._asdict().items() if each is not None}
    known = {"units": machine.units, "hidden_units": machine.hidden_units, "hidden_rule": machine.hidden_rule}
    known |= {"age": str(age), "alphabet": machine.letters, "scheme": machine.scheme}
    known |= {"steps": None if machine.steps is None else str(machine.steps)}
    known |= {"classes": jsons.dumps(list(machine.classes)) if machine.classes else None}
    return arrays, {name: text for name, text in known.items() if text is not None}


def are_there(keys: Mapping[str, object] | list[str]) -> bool:
    """Return whether names are those of a machine."""
    return all(any(name in keys for name in NAMES[role]) for role in ("weight", "bias", "hidden_bias"))


def keys_of(path: Path, keys: list[str]) -> dict[str, str]:
    """Return role -> name of the arrays of a file.

    Raises
    ------
    FormatError
        If one that every machine has is not there; names the nearest.
    """
    found = {role: next((name for name in names if name in keys), None) for role, names in NAMES.items()}
    for role in ("weight", "bias", "hidden_bias"):
        if found[role] is None:
            close = nearest(role, keys)
            hint = f" (did you mean '{close}'?)" if close else ""
            raise FormatError(path, None, f"no array '{role}'{hint}; {', '.join(NAMES[role])} are known")
    return {role: name for role, name in found.items() if name is not None}


def machine_of(path: Path, arrays: Arrays, texts: Mapping[str, str]) -> Machine:
    """Return the machine of arrays and texts.

    Raises
    ------
    FormatError
        If a text is none of those that are known.
    """
    default = POTTS if np.ndim(arrays.weight) == 3 else "bernoulli"
    return Machine(
        (number(path, texts, "age", LARGEST) or 0,),
        lambda _: arrays,
        units=one_of(path, texts, "units", (*UNIT_TYPES, POTTS)) or default,
        hidden_units=one_of(path, texts, "hidden_units", (*UNIT_TYPES,)) or "bernoulli",
        hidden_rule="mean" if one_of(path, texts, "hidden_rule", RULES) == "mean" else "sample",
        letters=texts.get("alphabet"),
        classes=classes_in(path, texts.get("classes")),
        scheme=one_of(path, texts, "scheme", SCHEMES),
        steps=number(path, texts, "steps", 2**24 - 1),
    )


def one_of(path: Path, texts: Mapping[str, str], name: str, known: tuple[str, ...]) -> str | None:
    """Return a text that must be one of some, None where it is not there."""
    if name in texts and texts[name] not in known:
        raise FormatError(path, None, f"'{name}': one of {', '.join(known)} expected, found '{texts[name][:50]}'")
    return texts.get(name)


def number(path: Path, texts: Mapping[str, str], name: str, most: int) -> int | None:
    """Return a whole number up to `most`, None where it is not there."""
    if name not in texts:
        return None
    text = texts[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 15 and int(text) <= most):
        raise FormatError(path, None, f"'{name}': a whole number up to {most:,} expected, found '{text[:50]}'")
    return int(text)


def classes_in(path: Path, text: str | None) -> tuple[str, ...]:
    """Return the names of classes of a JSON list of them; none where there is none.

    Raises
    ------
    FormatError
        If it is no list of texts.
    """
    if text is None:
        return ()
    try:
        found = jsons.loads(text)
    except (RecursionError, ValueError):
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str | int) for name in found):
        raise FormatError(path, None, "names of classes: a JSON list of texts expected")
    return tuple(map(str, found))
