"""profile.safetensors: what samples of each class start from, where that is no uniform noise."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from shortrun.errors import StoreError
from shortrun.models import RBM, AnySpec, Model, Spec, model_of
from shortrun.store import tensors

NAME, FIELDS = "profile.safetensors", "fields"


def write(folder: Path, model: Model) -> None:
    """Keep the profile of a model that has one.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    if isinstance(model, RBM) and model.profile is not None:
        tensors.write(folder / NAME, {FIELDS: model.profile}, {})


def read_model(folder: Path, spec: AnySpec) -> Model:
    """Return the model of a run, with its profile.

    Raises
    ------
    StoreError
        If the profile is missing, damaged, or of another machine.
    """
    model = model_of(spec)
    if not (isinstance(model, RBM) and isinstance(spec, Spec) and spec.start == "profile"):
        return model
    named, metadata = tensors.read(folder / NAME)
    tensors.check_metadata(folder / NAME, metadata)
    found: Tensor | None = named.get(FIELDS)
    expected = (model.spec.observed[model.spec.label or 0].width, model.shape[0])
    if found is None or tuple(found.shape) != expected or found.dtype != torch.float32:
        shape = "none" if found is None else f"{tuple(found.shape)} of {found.dtype}"
        raise StoreError(folder / NAME, f"{FIELDS} of shape {expected} of float32 expected by run.json, found {shape}")
    if not found.isfinite().all():
        raise StoreError(folder / NAME, f"is damaged: {FIELDS} that are not finite")
    return RBM(spec, found)
