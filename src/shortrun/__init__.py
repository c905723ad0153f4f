"""Fast and functional generators of labelled structured data.

>>> import shortrun as sr
>>> data = sr.read("digits")
>>> data.sites, len(data.classes)
(64, 10)
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Names are imported when they are first used, so that `shortrun --help` does not wait for torch. Their types are in
# __init__.pyi, which `make docs` writes.
_ROOMS = {
    "shortrun.settings": ("Config",),
    "shortrun.data": (
        "Alphabet",
        "Dataset",
        "Predictions",
        "convert",
        "from_anndata",
        "from_numpy",
        "from_pandas",
        "read",
        "split",
        "write",
    ),
    "shortrun.errors": ("ConfigError", "DataError", "FormatError", "ShortrunError", "StoreError"),
    "shortrun.learning": ("Run", "Scheme", "cd", "ff", "pcd", "rdm"),
    "shortrun.models": ("RBM", "Layer", "Spec"),
    "shortrun.scores": ("Score",),
    "shortrun.store": ("Trajectory",),
    "shortrun.tree_page": ("write_tree",),
    "shortrun.units": ("Bernoulli", "Gaussian", "Ising", "Potts"),
    "shortrun.workflows": (
        "animate",
        "contacts",
        "couplings",
        "curves",
        "evaluate",
        "export_model",
        "first_transition",
        "fit",
        "fixed_points",
        "fold",
        "frames",
        "from_parameters",
        "generate",
        "import_model",
        "learning_flow",
        "likelihood",
        "likelihood_by_age",
        "lyapunov",
        "mixing",
        "mutations",
        "phases",
        "predict",
        "predictions",
        "reconstruct",
        "score",
        "stream",
        "studio",
        "tree",
        "tune",
    ),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted([*_ROOM_OF, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'shortrun' has no attribute '{name}'")
    return getattr(importlib.import_module(_ROOM_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
