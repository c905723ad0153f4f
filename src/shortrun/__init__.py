"""Fast and functional generators of labelled structured data.

>>> import shortrun as sr
>>> data = sr.read("digits")
>>> data.sites, len(data.classes)
(64, 10)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from shortrun.data import Alphabet, Dataset, Predictions, read, split, write
    from shortrun.errors import ConfigError, DataError, FormatError, ShortrunError, StoreError
    from shortrun.learning import Run, Scheme, cd, ff, pcd, rdm
    from shortrun.models import RBM, Layer, Spec
    from shortrun.scores import Score
    from shortrun.settings import Config
    from shortrun.store import Trajectory
    from shortrun.units import Bernoulli, Gaussian, Ising, Potts
    from shortrun.workflows import (
        curves,
        evaluate,
        first_transition,
        fit,
        generate,
        learning_flow,
        lyapunov,
        mixing,
        phases,
        predict,
        score,
        stream,
    )

# Names are imported when they are first used, so that `shortrun --help` does not wait for torch.
_ROOMS = {
    "shortrun.settings": ("Config",),
    "shortrun.data": ("Alphabet", "Dataset", "Predictions", "read", "split", "write"),
    "shortrun.errors": ("ConfigError", "DataError", "FormatError", "ShortrunError", "StoreError"),
    "shortrun.learning": ("Run", "Scheme", "cd", "ff", "pcd", "rdm"),
    "shortrun.models": ("RBM", "Layer", "Spec"),
    "shortrun.scores": ("Score",),
    "shortrun.store": ("Trajectory",),
    "shortrun.units": ("Bernoulli", "Gaussian", "Ising", "Potts"),
    "shortrun.workflows": (
        "curves",
        "evaluate",
        "first_transition",
        "fit",
        "generate",
        "learning_flow",
        "lyapunov",
        "mixing",
        "phases",
        "predict",
        "score",
        "stream",
    ),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [  # noqa: RUF022 - in the order of the rooms
    "Alphabet", "Bernoulli", "Config", "ConfigError", "DataError", "Dataset", "FormatError", "Gaussian", "Ising",
    "Layer", "Potts", "Predictions", "RBM", "Run", "Scheme", "Score", "ShortrunError", "Spec", "StoreError",
    "Trajectory", "__version__", "cd", "curves", "evaluate", "ff", "first_transition", "fit", "generate",
    "learning_flow", "lyapunov", "mixing", "pcd", "phases", "predict", "rdm", "read", "score", "split", "stream",
    "write",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'shortrun' has no attribute '{name}'")
    return getattr(importlib.import_module(_ROOM_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
