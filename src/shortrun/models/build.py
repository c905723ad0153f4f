"""From a data set to the machine that can learn it, and from its rows to states."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from shortrun.config import ModelSettings
from shortrun.data.blocks import is_mapped, taken
from shortrun.data.dataset import Dataset
from shortrun.errors import ConfigError, DataError
from shortrun.models.rbm import RBM
from shortrun.models.spec import HIDDEN, LABEL, VISIBLE, Layer, Spec
from shortrun.units import Bernoulli, Gaussian, Ising, Potts, Units

ELEMENTS = 2**25  # of the largest table that is made outside of an update


def spec_of(data: Dataset, settings: ModelSettings) -> Spec:
    """Return the layers for a data set: one visible layer, a label layer where there are classes, the hidden layer.

    Raises
    ------
    ConfigError : if the units cannot hold the values of the data
    DataError : if there is only one class
    """
    layers = [Layer(VISIBLE, data.sites, visible_units(data, settings.units))]
    if data.classes:
        if len(data.classes) == 1:
            raise DataError(f"labels: at least two classes expected, got only '{data.classes[0]}'")
        layers.append(Layer(LABEL, 1, Potts(len(data.classes))))
    hidden = {"bernoulli": Bernoulli, "ising": Ising, "gaussian": Gaussian}[settings.hidden_units]()
    return Spec((*layers, Layer(HIDDEN, settings.hidden, hidden)), settings.hidden_rule)


def visible_units(data: Dataset, name: str) -> Units:
    """Return the units of that name for these values; "auto" takes what fits them."""
    colours = data.colours
    if colours is None:
        if name not in ("auto", "gaussian"):
            raise ConfigError("model.units", f"the data are continuous, which '{name}' units cannot hold: use gaussian")
        return Gaussian()
    if name == "auto":
        name = "bernoulli" if colours == 2 else "potts"
    if name in ("bernoulli", "ising") and colours != 2:
        raise ConfigError("model.units", f"'{name}' units have 2 values, the data have {colours}: use potts")
    if name == "gaussian":
        raise ConfigError("model.units", "gaussian units need continuous data, these are codes")
    return {"bernoulli": Bernoulli(), "ising": Ising(), "potts": Potts(colours)}[name]


class Stored:
    """Values (M, S) that stay in their file: a memory map of which rows are read when they are asked for."""

    def __init__(self, values: np.ndarray, device: torch.device):
        self.values, self.device = values, device

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Tensor) -> Tensor:
        return torch.from_numpy(taken(self.values, rows.cpu().numpy())).to(self.device)


def state_of(data: Dataset, device: torch.device) -> tuple[Tensor | Stored, ...]:
    """Return the observed layers filled with the samples; an unknown label gets the arbitrary code 0.

    Values that are a memory map stay in their file.
    """
    values = data.values
    visible = Stored(values, device) if is_mapped(values) else torch.from_numpy(values).to(device)
    if not data.classes:
        return (visible,)
    return visible, torch.from_numpy(data.labels.clip(min=0)).to(torch.uint8).unsqueeze(1).to(device)


def rows_at_once(model: RBM, most: int) -> int:
    """Return how many rows, up to `most`, to compute at a time: a float32 table of them takes at most 128 MB."""
    return max(1, min(most, ELEMENTS // max(model.shape)))
