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
    label = model.spec.label or 0
    classes, features = model.spec.observed[label].width, model.shape[0]
    if found is None or found.dim() != 2 or found.shape[1] != features or found.dtype != torch.float32:
        shape = "none" if found is None else f"{tuple(found.shape)} of {found.dtype}"
        told = f"{FIELDS} of {features:,} columns of float32 expected by run.json, found {shape}"
        raise StoreError(folder / NAME, told)
    if not found.isfinite().all():
        raise StoreError(folder / NAME, f"is damaged: {FIELDS} that are not finite")
    shares = found[:, model.slices[label]]
    if len(found) == classes and not shares.any():  # of earlier versions: a row a class, and no word of it
        shares.fill_diagonal_(1)
    if (shares < 0).any() or not (shares.sum(0) > 0).all():
        raise StoreError(folder / NAME, "is damaged: a share of some row for each class expected")
    return RBM(spec, found)
