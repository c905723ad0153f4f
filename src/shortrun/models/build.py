"""From a data set to the machine that can learn it, and from its rows to states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from shortrun.data.core.alphabet import MAX_COLOURS
from shortrun.data.core.blocks import is_mapped, taken
from shortrun.data.core.columns import Column
from shortrun.data.core.dataset import Dataset
from shortrun.errors import ConfigError, DataError
from shortrun.models.chaotic import NetworkSpec, RateLayer
from shortrun.models.model import AnySpec, Model
from shortrun.models.rbm import RBM
from shortrun.models.spec import HIDDEN, LABEL, VISIBLE, Layer, Spec
from shortrun.settings import Config
from shortrun.settings.training import ModelSettings
from shortrun.typing import State
from shortrun.units import Bernoulli, Gaussian, Ising, Potts, Rate, Units

FEW, MANY = 256, 512  # hidden units of small and of large data
LARGE = 5000, 1000  # samples or sites from which on data are large
ELEMENTS = 2**24  # of the largest table that is made outside of an update


def spec_of(data: Dataset, settings: ModelSettings) -> Spec:
    """Return the layers for a data set: visible, a label where there are classes, hidden.

    There is one visible layer, or one for each number of colours where the columns of a table differ.

    Raises
    ------
    ConfigError
        If the units cannot hold the values of the data.
    DataError
        If there is only one class, or more than 255, or no column with two values.
    """
    layers = visible_layers(data, settings.units)
    if data.classes:
        if len(data.classes) == 1:
            raise DataError(f"labels: at least two classes expected, got only '{data.classes[0]}'")
        if len(data.classes) > MAX_COLOURS:
            told = f"labels: at most {MAX_COLOURS} classes expected, got {len(data.classes):,}"
            raise DataError(f"{told} ('{data.classes[0]}', '{data.classes[1]}', ...): another column may hold them")
        layers.append(Layer(LABEL, 1, Potts(len(data.classes))))
    hidden = {"bernoulli": Bernoulli, "ising": Ising, "gaussian": Gaussian}[settings.hidden_units]()
    start = settings.start if data.classes else "uniform"
    large = len(data) >= LARGE[0] or data.sites >= LARGE[1]
    units = (MANY if large else FEW) if settings.hidden == "auto" else settings.hidden
    return Spec((*layers, Layer(HIDDEN, units, hidden)), settings.hidden_rule, start)


def network_of(data: Dataset, config: Config) -> NetworkSpec:
    """Return the layers of a chaotic network for a data set: visible, a label if asked for, hidden ones.

    Raises
    ------
    ConfigError
        For settings that make no network.
    DataError
        For data that rates cannot stand for.
    """
    options, hidden = config.chaotic, config.model.layers
    layers = [RateLayer(VISIBLE, data.sites, rate_units(data))]
    if options.classes:
        if len(data.classes) < 2:
            raise DataError("classes: a network that is to know labels needs at least two classes")
        if not data.labelled.all():
            raise DataError("classes: a chaotic network cannot learn from samples without a label; leave them out")
        layers.append(RateLayer(LABEL, len(data.classes), Rate(0.0, 1.0)))
    if len(hidden) > 2:
        raise ConfigError("model.layers", f"at most two hidden layers expected, got {len(hidden)}")
    if options.hebbian != 1 and config.optimiser.centred:
        raise ConfigError("chaotic.hebbian", "centring knows products of rates alone, not powers of them: choose one")
    layers += [RateLayer(HIDDEN if i == 0 else f"{HIDDEN}_2", n) for i, n in enumerate(hidden)]
    return NetworkSpec(
        layers=tuple(layers),
        gain=options.gain,
        seed=config.training.seed,
        time_step=options.dt / options.tau,
        settling=options.settling,
        diagonal=options.diagonal,
        hebbian=options.hebbian,
    )


def rate_units(data: Dataset) -> Rate:
    """Return rate units for the values: shares of full scale and codes 0, 1 from 0 to 1, other numbers from -1 to 1.

    Raises
    ------
    DataError
        If there are more than two codes, or numbers outside.
    """
    if not data.continuous:
        if data.colours != 2:
            raise DataError("a chaotic network learns grey values or two codes; these sites have more (or differ)")
        return Rate(0.0, 1.0, codes=True)
    low = -1.0 if data.kind.image.full_scale is None else 0.0
    smallest, largest = float(data.values.min()), float(data.values.max())
    if not low <= smallest <= largest <= 1:
        raise DataError(f"values from {low:g} to 1 expected by a chaotic network, got {smallest:g} to {largest:g}")
    return Rate(low, 1.0)


def visible_layers(data: Dataset, units: str) -> list[Layer]:
    """Return the layers for the values: "visible", or "visible_2", "visible_3", ... for columns of 2, 3, ... values."""
    if data.columns is None:
        return [Layer(VISIBLE, data.sites, visible_units(data.colours, units))]
    sites_of = by_colours(data.columns)
    if not sites_of:
        raise DataError("every column holds a single value: there is nothing to learn")
    # Units of two values cannot be asked of columns that have more: those are Potts whatever the others are.
    named = {q: "potts" if q > 2 and units in ("bernoulli", "ising") else units for q in sites_of}
    return [Layer(f"{VISIBLE}_{q}", len(s), visible_units(q, named[q]), s) for q, s in sites_of.items()]


def by_colours(columns: Sequence[Column]) -> dict[int, tuple[int, ...]]:
    """Return number of colours -> the sites that have it; columns of a single value are left out."""
    found = sorted({column.colours for column in columns} - {0, 1})
    return {q: tuple(i for i, column in enumerate(columns) if column.colours == q) for q in found}


def visible_units(colours: int | None, name: str) -> Units:
    """Return the units of that name for values of so many colours (None: continuous); "auto" takes what fits them."""
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
    """Values (M, S) that stay in their file: a memory map of which rows are read when they are asked for.

    Parameters
    ----------
    values : ndarray
        The memory map.
    device : torch.device
        Where rows go.
    sites : tuple[int, ...], optional
        Which of the columns are looked at; None for all.
    """

    def __init__(self, values: np.ndarray, device: torch.device, sites: tuple[int, ...] | None = None):
        self.values, self.device, self.sites = values, device, sites

    def __len__(self) -> int:
        return len(self.values)

    def of_sites(self, sites: slice) -> Stored:
        """Return some of the columns that are looked at."""
        if self.sites is None:
            return Stored(self.values[:, sites], self.device)
        return Stored(self.values, self.device, self.sites[sites])

    def __getitem__(self, rows: Tensor) -> Tensor:
        return part_of(torch.from_numpy(taken(self.values, rows.cpu().numpy())), self.sites).to(self.device)


def state_of(data: Dataset, device: torch.device) -> tuple[Tensor | Stored, ...]:
    """Return the observed layers filled with the samples; an unknown label gets the arbitrary code 0.

    Values that are a memory map stay in their file.
    """
    values = data.values
    holds = [None] if data.columns is None else [*by_colours(data.columns).values()]
    if is_mapped(values):
        visible = tuple(Stored(values, device, sites) for sites in holds)
    else:
        visible = tuple(part_of(torch.from_numpy(values), sites).to(device) for sites in holds)
    if not data.classes:
        return visible
    return *visible, torch.from_numpy(data.labels.clip(min=0)).to(torch.uint8).unsqueeze(1).to(device)


def part_of(values: Tensor, sites: tuple[int, ...] | None) -> Tensor:
    """Return the (N, S') values at some of the sites, or all of them as they are."""
    return values if sites is None else values[..., list(sites)]


def parts_of(spec: AnySpec, values: Tensor) -> State:
    """Return the visible layers of (N, S) values."""
    return tuple(part_of(values, layer.holds) for layer in spec.visible)


def filled(spec: AnySpec, values: Tensor, labels: Tensor) -> State:
    """Return the observed layers of (N, S) values and (N,) class codes; an unknown one, -1, gets the code 0."""
    visible = parts_of(spec, values)
    return visible if spec.label is None else (*visible, labels.clamp(min=0).to(torch.uint8).unsqueeze(1))


def whole_of(spec: AnySpec, state: State, sites: int) -> Tensor:
    """Return the (N, S) values that the visible layers of a state make; sites that no layer holds are 0."""
    parts = [x for i, x in enumerate(state[: len(spec.observed)]) if i != spec.label]
    if spec.visible[0].holds is None:
        return parts[0]
    values = parts[0].new_zeros(len(parts[0]), sites)
    for layer, part in zip(spec.visible, parts, strict=True):
        values[:, list(layer.holds or ())] = part
    return values


def rows_at_once(model: Model, most: int, elements: int = ELEMENTS) -> int:
    """Return how many rows, up to `most`, to compute at a time: a float32 table of them takes at most 64 MB."""
    whole = model.undivided() if isinstance(model, RBM) else model  # processes take the same rows
    return max(1, min(most, elements // max(whole.shape)))
