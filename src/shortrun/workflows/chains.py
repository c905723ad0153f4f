"""Chains of a run for xarray and ArviZ: `Trajectory.to_xarray`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.errors import MissingExtraError
from shortrun.settings import takes
from shortrun.settings.sampling import AnimateSettings
from shortrun.store import Trajectory
from shortrun.workflows.frames import frames

if TYPE_CHECKING:
    import xarray  # pyright: ignore[reportMissingImports] - an extra


@takes(AnimateSettings)
def to_xarray(run: Trajectory, times: Sequence[int] | None = None, *, settings: AnimateSettings) -> xarray.Dataset:
    """Run chains from noise and return what they passed through; see `Trajectory.to_xarray`."""
    try:
        from xarray import Dataset  # pyright: ignore[reportMissingImports] - an extra
    except ImportError:
        raise MissingExtraError("xarray", "xarray") from None
    found = frames(run, times=times, settings=settings)
    first = next(iter(found.values()))
    values = np.stack([part.values for part in found.values()], 1)
    dimensions: dict[str, Any] = {"chain": np.arange(len(first)), "draw": [*found]}
    dimensions["site"] = [*first.kind.site_names]
    if run.classes:
        dimensions["label"] = ("chain", np.array(run.classes)[first.labels])
    about = {"scheme": run.recipe["name"], "k": run.recipe["steps"], "seed": settings.seed, "run": run.called}
    if first.alphabet is not None:
        about["alphabet"] = first.alphabet.letters
    return Dataset({"values": (("chain", "draw", "site"), values)}, dimensions, about)
