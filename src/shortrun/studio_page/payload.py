"""What the script of the page runs: a machine as numbers in base64, and what its codes mean."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shortrun.data import Dataset, Kind
from shortrun.data.core.alphabet import BINARY
from shortrun.data.core.columns import Column
from shortrun.data.images.encoding import pixels_of
from shortrun.data.music.encoding import KEYS, TimeBin, is_music
from shortrun.dynamics import Stream
from shortrun.engine import LookupMachine, RoundedMachine, machine
from shortrun.errors import ConfigError, printable
from shortrun.models import RBM, ChaoticNetwork, Layer
from shortrun.typing import Theta
from shortrun.units import Bernoulli, Ising, Potts

SEQUENCES = ("protein", "dna", "rna")
GREYS = 256  # that the page tells apart
Form = dict[str, Any]


def machine_form(model: RBM, theta: Theta, sites: int) -> Form:
    """Return a machine at fixed parameters as the page runs it, ready for JSON.

    Where the C kernels round the weights to steps of 16 bits, the page has these whole numbers, and so the same
    machine; elsewhere it has the weights in float32. Spins are bits there, with biases changed to match.

    Parameters
    ----------
    model : RBM
        Its observed layers are binary or of several colours, its hidden units binary.
    theta : Theta
        Float32 on the CPU.
    sites : int
        S, of a sample of the data.

    Raises
    ------
    ConfigError
        For units that are neither binary nor of several colours.

    Examples
    --------
    >>> from shortrun.models import Spec
    >>> model = RBM(Spec((Layer("visible", 3, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> machine_form(model, torch.zeros(model.size()), 3)["hidden"]
    2
    """
    check_units(model)
    ready, (weight, _, _) = machine(model, theta), model.view(theta)
    if isinstance(ready, LookupMachine):
        weights, step = ready.whole_weights().numpy(), ready.step
        bias, hidden_bias = torch.cat([tables.bias for tables in ready.tables]), ready.hidden_bias
    else:
        weights, step = weight.numpy(), 1.0
        bias, hidden_bias = biases_of_bits(model, theta)
    hidden = model.spec.hidden
    return {
        "layers": [layer_form(model, i) for i in range(len(model.spec.observed))],
        "hidden": hidden.sites,
        "hiddenGain": gain_of(hidden),
        "rule": model.spec.hidden_rule,
        "label": model.spec.label,
        "origins": origins(model),
        "sites": sites,
        "type": str(weights.dtype),
        "step": step,
        "weights": packed(weights),
        "bias": packed(bias.numpy()),
        "hiddenBias": packed(hidden_bias.numpy()),
        "stream": int(Stream.GENERATE),
    }


def network_form(model: ChaoticNetwork, theta: Theta, sites: int) -> Form:
    """Return a chaotic network at fixed parameters as the page runs it: its couplings, the random ones too.

    They are the whole numbers of steps that `generate` runs with, and float32 where it does.

    Parameters
    ----------
    model : ChaoticNetwork
        Of data with the codes 0 and 1, or of grey images.
    theta : Theta
        Float32 on the CPU.
    sites : int
        S, of a sample of the data.
    """
    spec = model.spec
    ready, (_, fields) = machine(model, theta), model.view(theta)
    whole = isinstance(ready, RoundedMachine)
    if whole:
        couplings = [(each.source, each.target, each.whole.to(torch.int8), each.step) for each in ready.wholes]
    else:
        couplings = [(c.source, c.target, c.matrix, torch.ones(c.matrix.shape[1])) for c in model.couplings(theta)]
    return {
        "family": "chaotic",
        "layers": [
            {"name": layer.name, "sites": layer.sites, "holds": None, "field": packed(field.numpy())}
            for layer, field in zip(spec.layers, fields, strict=True)
        ],
        "observed": len(spec.observed),
        "hidden": sum(spec.hidden_sites),
        "label": spec.label,
        "sites": sites,
        "levels": 2 if spec.visible[0].units.codes else GREYS,
        "pace": spec.time_step,
        "whole": whole,
        "couplings": [
            {"source": source, "target": target, "matrix": packed(matrix.numpy()), "step": packed(step.numpy())}
            for source, target, matrix, step in couplings
        ],
        "stream": int(Stream.GENERATE),
    }


def check_units(model: RBM) -> None:
    """Raise ConfigError for units that the page cannot draw."""
    spec = model.spec
    for layer in spec.layers:
        binary = isinstance(layer.units, Bernoulli | Ising)
        if not (binary or (isinstance(layer.units, Potts) and layer is not spec.hidden)):
            raise ConfigError(
                "run", f"binary or Potts units expected, got {layer.units.kind} units in the layer '{layer.name}'"
            )


def gain_of(layer: Layer) -> int:
    """Return what multiplies a field before the logistic function: 2 of Ising spins, of which a bit is half."""
    return 2 if isinstance(layer.units, Ising) else 1


def biases_of_bits(model: RBM, theta: Theta) -> tuple[Tensor, Tensor]:
    """Return the biases of observed and hidden units when spins are written as 2 b - 1."""
    weight, bias, hidden_bias = model.view(theta)
    for layer, rows in zip(model.spec.observed, model.slices, strict=True):
        if gain_of(layer) == 2:
            hidden_bias = hidden_bias - weight[rows].sum(0)
    return (bias - weight.sum(1) if gain_of(model.spec.hidden) == 2 else bias), hidden_bias


def layer_form(model: RBM, index: int) -> Form:
    """Return an observed layer."""
    layer = model.spec.observed[index]
    thresholds = None if index == model.spec.label else starts(model, index)
    return {
        "name": layer.name,
        "sites": layer.sites,
        "colours": layer.units.colours if isinstance(layer.units, Potts) else 0,
        "gain": gain_of(layer),
        "holds": None if layer.holds is None else list(layer.holds),
        "start": None if thresholds is None else packed(thresholds.numpy()),
    }


def origins(model: RBM) -> str | None:
    """Return the sums (K, R) of shares by which samples of a class choose the row of the profile that they start from.

    None without profile, or classes.
    """
    if model.profile is None or model.spec.label is None:
        return None
    shares = model.profile[:, model.slices[model.spec.label]].T
    return packed(shares.double().cumsum(1).numpy())


def starts(model: RBM, index: int) -> Tensor | None:
    """Return the numbers that uniforms are compared with where samples start, (R, F); None without profile.

    They are what `Bernoulli.sample` and `Potts.sample` compute up to that comparison, so that the page starts alike.
    """
    if model.profile is None:
        return None
    layer, fields = model.spec.observed[index], model.profile[:, model.slices[index]]
    if not isinstance(layer.units, Potts):
        return torch.sigmoid(fields * gain_of(layer))
    by_site = fields.unflatten(1, (layer.sites, layer.units.colours))
    return torch.exp(by_site - by_site.amax(-1, keepdim=True)).cumsum(-1).flatten(1)


def packed(array: np.ndarray) -> str:
    """Return numbers as base64, the lowest byte first."""
    return base64.b64encode(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()).decode()


def kind_form(kind: Kind) -> Form:
    """Return what the codes of a kind of data mean, how samples are drawn, and as which files they can be written.

    Grey images have the codes 0 to 255 on the page, for shares of full scale.

    Raises
    ------
    ConfigError
        For other data without codes.

    Examples
    --------
    >>> import shortrun as sr
    >>> form = kind_form(sr.read("digits").kind)
    >>> form["view"], form["shape"], form["letters"]
    ('image', [8, 8], ['0', '1'])
    """
    grey = kind.continuous and kind.image.shape is not None and kind.image.full_scale is not None
    if kind.codes is None and not grey:
        raise ConfigError("run", "data with codes expected, these are continuous values")
    form: Form = {"view": view_of(kind), "sites": kind.sites, "names": [*map(printable, kind.site_names)]}
    form["labelColumn"] = printable(kind.label_column or "label")
    if kind.columns is not None:
        return form | {"columns": [column_form(column) for column in kind.columns]}
    letters = [f"{code / (GREYS - 1):.3g}" for code in range(GREYS)] if grey else [*map(printable, kind.texts(0))]
    form |= {"letters": letters, "grey": grey, "alphabet": kind.alphabet.name if kind.alphabet else ""}
    if is_music(kind) and kind.music is not None:
        time_bin = TimeBin.of(kind.music.time_bin)
        tempo = {printable(name): time_bin.tempo(float(usual)) for name, usual in kind.music.tempo.items()}
        music = {"frames": kind.music.frames, "keys": KEYS, "perBeat": time_bin.per_beat, "timeBin": time_bin.text}
        return form | {"music": music | {"tempo": tempo}}
    if form["view"] == "genotypes":
        form["variants"] = [printable(text).split(" ") for text in kind.genotypes.variants]
    if kind.image.shape is not None:
        form["shape"] = list(kind.image.shape)
    return form


def view_of(kind: Kind) -> str:
    """Return in which of its views the page shows samples."""
    if kind.columns is not None:
        return "table"
    if is_music(kind):
        return "music"
    if kind.image.shape is not None:
        return "image"
    if kind.alphabet is not None and kind.alphabet.name in SEQUENCES:
        return "sequence"
    if len(kind.genotypes.variants) == kind.sites:
        return "genotypes"
    return "sites" if kind.codes == BINARY else "sequence"


def column_form(column: Column) -> Form:
    """Return the column of a table: what stands for each code, and the numbers that a bin is from and to."""
    texts = [printable(str(text)) for text in column.texts[: column.colours]]
    return {"name": printable(column.name), "texts": texts, "spans": [*spans(column)]}


def spans(column: Column) -> Iterator[str]:
    """Yield for each code what a person reads: a category, the ends of a bin, or "missing"."""
    for code, text in enumerate(column.texts[: column.colours]):
        within = column.within[code] if code < len(column.within) else ()
        if code == len(column.values):
            yield "(missing)"
        elif len(within) > 1 and within[0] != within[-1]:
            yield " to ".join(map(short, column.written(np.array([within[0], within[-1]]))))
        else:
            yield printable(str(text)) or "(empty)"


def short(number: str) -> str:
    """Return a number without zeros at the end of its decimals; other texts, as dates, as they are."""
    return number.rstrip("0").rstrip(".") if re.fullmatch(r"-?\d+\.\d+", number) else number


def known_rows_form(data: Dataset, classes: Sequence[str]) -> Form:
    """Return samples that the page may show: codes a byte each, with the classes that they are of, -1 for none."""
    labels = data.recode(classes).labels if data.classes and classes else np.full(len(data), -1)
    return {
        "count": len(data),
        "values": packed(codes_of(data)),
        "labels": labels.tolist(),
    }


def codes_of(data: Dataset) -> np.ndarray:
    """Return samples as the codes that they have on the page, (N, S) uint8."""
    return pixels_of(data).reshape(len(data), -1) if data.continuous else np.asarray(data.values, np.uint8)
