"""An RBM as arrays, which is what files of all programs hold, and what it is in our terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch

from shortrun.data.core.alphabet import KNOWN
from shortrun.errors import ConfigError, DataError
from shortrun.models import HIDDEN, LABEL, RBM, VISIBLE, Layer, Spec
from shortrun.models.spec import HiddenRule
from shortrun.phrases import counted
from shortrun.typing import Theta
from shortrun.units import Bernoulli, Gaussian, Ising, Potts

NEVER = 20.0  # below the most probable value of its site: what never occurs, one in 5e8
POTTS = "potts"  # units of visible layers with colours
UNIT_TYPES = {"bernoulli": Bernoulli, "ising": Ising, "gaussian": Gaussian}


class Arrays(NamedTuple):
    """The parameters of a machine: E = - a x - b h - x W h, and - d l - l D h of a label.

    Parameters
    ----------
    weight : ndarray
        (S, H) W, or (S, q, H) where sites have q colours.
    bias : ndarray
        (S,) a, or (S, q).
    hidden_bias : ndarray
        (H,) b.
    label_weight : ndarray, optional
        (K, H) D.
    label_bias : ndarray, optional
        (K,) d.
    """

    weight: np.ndarray
    bias: np.ndarray
    hidden_bias: np.ndarray
    label_weight: np.ndarray | None = None
    label_bias: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Machine:
    """An RBM at one or several ages, and what a file says of it besides.

    Parameters
    ----------
    ages : tuple[int, ...]
        In increasing order.
    at : Callable[[int], Arrays]
        Returns the parameters at one of them.
    units, hidden_units : str, default "bernoulli"
        Types of the units: "bernoulli", "ising", "gaussian"; visible ones also "potts".
    letters : str, optional
        What the codes of a site stand for, in their order.
    classes : tuple[str, ...], default ()
        Names of the classes.
    scheme : str, optional
        How it was trained.
    steps : int, optional
        Sweeps of a chain in an update.
    hidden_rule : HiddenRule, default "sample"
        What hidden units passed on then.
    notes : tuple[str, ...], default ()
        What is to be said about reading it, a line each.
    """

    ages: tuple[int, ...]
    at: Callable[[int], Arrays]
    units: str = "bernoulli"
    hidden_units: str = "bernoulli"
    letters: str | None = None
    classes: tuple[str, ...] = ()
    scheme: str | None = None
    steps: int | None = None
    hidden_rule: HiddenRule = "sample"
    notes: tuple[str, ...] = field(default=())

    def noted(self, *notes: str) -> Machine:
        """Return the same with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def usable(arrays: Arrays) -> tuple[Arrays, int]:
    """Return arrays as finite float32 of shapes that agree, and how many biases were -inf or +inf.

    A bias of -inf says that a value never occurs. It becomes 20 less than the largest bias of its site, less than any
    frequency above 2e-9 has; of units of two values, -20, and +inf becomes 20.

    Raises
    ------
    DataError
        If shapes do not agree, or another number is not finite; says which.
    """
    named = {name: plain(name, each) for name, each in arrays._asdict().items() if each is not None}
    check_shapes(named)
    clipped = 0
    for name in ("bias", "label_bias"):
        if name in named:
            named[name], count = within_reach(named[name], name == "label_bias")
            clipped += count
    for name, each in named.items():
        if not np.isfinite(each).all():
            raise DataError(f"{name}: finite numbers expected, {int((~np.isfinite(each)).sum()):,} are not")
    return Arrays(**named), clipped


def plain(name: str, values: np.ndarray) -> np.ndarray:
    """Return numbers as float32.

    Raises
    ------
    DataError
        If they are no real numbers, or too large.
    """
    values = np.asarray(values)
    if values.dtype.kind not in "fiub":
        raise DataError(f"{name}: real numbers expected, found {values.dtype}")
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(values, np.float32)
    if (np.isinf(found) & np.isfinite(values)).any():
        raise DataError(f"{name}: numbers beyond the range of float32")
    return found


def check_shapes(named: dict[str, np.ndarray]) -> None:
    """Check that the shapes of arrays make a machine.

    Raises
    ------
    DataError
        Names the first array that does not fit.
    """
    weight = named["weight"]
    if weight.ndim not in (2, 3) or 0 in weight.shape:
        raise DataError(f"weight: (sites, hidden) or (sites, colours, hidden) expected, found {weight.shape}")
    if weight.ndim == 3 and not 2 <= weight.shape[1] <= 255:
        raise DataError(f"weight: 2 to 255 colours expected, found {weight.shape[1]} in {weight.shape}")
    hidden, classes = weight.shape[-1], len(np.atleast_1d(named.get("label_bias", ())))
    expected = {"bias": weight.shape[:-1], "hidden_bias": (hidden,)}
    if ("label_weight" in named) != ("label_bias" in named):
        raise DataError("label_weight and label_bias go together, found one of them")
    if "label_bias" in named:
        if not 2 <= classes <= 255:
            raise DataError(f"label_bias: 2 to 255 classes expected, found {classes}")
        expected |= {"label_bias": (classes,), "label_weight": (classes, hidden)}
    for name, shape in expected.items():
        if name not in named or named[name].shape != shape:
            found = named[name].shape if name in named else "none"
            raise DataError(f"{name}: shape {shape} expected beside a weight of {weight.shape}, found {found}")


def within_reach(bias: np.ndarray, of_label: bool) -> tuple[np.ndarray, int]:
    """Return biases without infinities, and how many there were; of colours +inf stays, which makes no sense."""
    if bias.ndim == 1 and not of_label:
        endless = np.isinf(bias)
        return np.where(endless, np.sign(bias) * np.float32(NEVER), bias), int(endless.sum())
    never = np.isneginf(bias)
    largest = np.where(never, np.float32(-np.inf), bias).max(-1, keepdims=True)
    return np.where(never, largest - np.float32(NEVER), bias), int(never.sum())


def recoded(arrays: Arrays, letters: str, order: str) -> Arrays:
    """Return the machine whose codes are the letters in another order."""
    if letters == order or arrays.weight.ndim == 2:
        return arrays
    places = [letters.index(letter) for letter in order]
    return arrays._replace(weight=arrays.weight[:, places], bias=arrays.bias[:, places])


def usual_order(letters: str) -> str:
    """Return letters in the order that files of their alphabet are read with; custom ones stay as they are."""
    same = (known.letters for known in KNOWN.values() if set(known.letters) == set(letters))
    return next(same, letters)


def model_of(machine: Machine, arrays: Arrays) -> RBM:
    """Return the machine in our terms.

    Raises
    ------
    ConfigError
        If its units do not go with the arrays.
    """
    potts = arrays.weight.ndim == 3
    if potts != (machine.units == POTTS):
        raise ConfigError("units", f"'{machine.units}' does not go with a weight of shape {arrays.weight.shape}")
    sites, hidden = arrays.weight.shape[0], arrays.weight.shape[-1]
    layers = [Layer(VISIBLE, sites, Potts(arrays.weight.shape[1]) if potts else UNIT_TYPES[machine.units]())]
    if arrays.label_bias is not None:
        layers.append(Layer(LABEL, 1, Potts(len(arrays.label_bias))))
    layers.append(Layer(HIDDEN, hidden, UNIT_TYPES[machine.hidden_units]()))
    return RBM(Spec(tuple(layers), machine.hidden_rule))


def theta_of(arrays: Arrays) -> Theta:
    """Return the parameters flat, as `RBM.view` sees them."""
    rows, biases = [arrays.weight.reshape(-1, arrays.weight.shape[-1])], [arrays.bias.reshape(-1)]
    if arrays.label_weight is not None and arrays.label_bias is not None:
        rows.append(arrays.label_weight)
        biases.append(arrays.label_bias)
    parts = [np.concatenate(rows).reshape(-1), *biases, arrays.hidden_bias]
    return torch.from_numpy(np.concatenate(parts).astype(np.float32))


def arrays_of(model: RBM, theta: Theta) -> Arrays:
    """Return the parameters of a machine with one visible layer as arrays.

    Raises
    ------
    ConfigError
        If it has several: columns with different numbers of values.
    """
    spec = model.spec
    layer, *more = spec.visible
    if more or layer.holds is not None:
        raise ConfigError("run", "one visible layer expected: no format holds columns with different numbers of values")
    weight, bias, hidden_bias = (part.numpy() for part in model.view(theta))
    visible = model.slices[spec.observed.index(layer)]
    shape = (layer.sites, layer.units.width) if layer.units.width > 1 else (layer.sites,)
    found = Arrays(weight[visible].reshape(*shape, -1), bias[visible].reshape(shape), hidden_bias)
    if spec.label is None:
        return found
    rows = model.slices[spec.label]
    return found._replace(label_weight=weight[rows], label_bias=bias[rows])


def held(arrays: Arrays, code: int) -> Arrays:
    """Return the machine of the samples of one class, without a label: its weights become part of the hidden bias."""
    assert arrays.label_weight is not None
    return Arrays(arrays.weight, arrays.bias, arrays.hidden_bias + arrays.label_weight[code])


def in_binary(arrays: Arrays, units: str, hidden_units: str) -> Arrays:
    """Return the same distribution with units 0 and 1 in place of -1 and +1; free energies differ by a constant.

    With s = 2x - 1 and t = 2h - 1, of s a + t b + s W t: a' = 2a - 2 W 1, b' = 2b - 2 1 W, W' = 4 W.
    """
    weight, bias, hidden_bias, label_weight, label_bias = arrays
    if hidden_units == "ising":  # t = 2h - 1
        weight, bias, hidden_bias = 2 * weight, bias - weight.sum(-1), 2 * hidden_bias
        if label_weight is not None and label_bias is not None:
            label_weight, label_bias = 2 * label_weight, label_bias - label_weight.sum(-1)
    if units == "ising":
        weight, bias, hidden_bias = 2 * weight, 2 * bias, hidden_bias - weight.sum(0)
    return Arrays(weight, bias, hidden_bias, label_weight, label_bias)


def default_classes(arrays: Arrays) -> tuple[str, ...]:
    """Return names of classes that a file does not name: 0, 1, ..."""
    return tuple(map(str, range(0 if arrays.label_bias is None else len(arrays.label_bias))))


def check_classes(classes: Sequence[str], arrays: Arrays) -> None:
    """Check that there is a name for each class.

    Raises
    ------
    ConfigError
        If there is not.
    """
    count = 0 if arrays.label_bias is None else len(arrays.label_bias)
    if len(classes) != count or len(set(classes)) != count:
        what = f"{counted(count, 'different name')} expected, one a class" if count else "the machine has no label"
        raise ConfigError("labels", f"{what}; got {counted(len(classes), 'name')}")
