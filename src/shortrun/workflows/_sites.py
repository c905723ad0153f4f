"""The sites of a trained machine, as its data name them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shortrun.data.core.labels import code_of
from shortrun.errors import ConfigError, nearest
from shortrun.landscape import NamedSites, Sites, sites_of
from shortrun.settings.shared import WhichAge
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened, rbm_of, theta_of

OUT_OF_EQUILIBRIUM = ("ff", "rdm")


def named_sites(run: Trajectory, age: WhichAge, label: str | None, quantity: str) -> NamedSites:
    """Return the sites of the machine of a run at an age; its label is held at a class if one is given."""
    sites = sites_of(rbm_of(run, quantity), theta_of(run, age), label=class_code(run, label))
    columns, places = run.kind.alignment.columns, np.array(sites.places)
    if columns is None:
        return NamedSites(sites, places + 1, letters(run, sites), run.sites)
    return NamedSites(sites, np.array(columns.kept)[places] + 1, letters(run, sites), columns.of)


def class_code(run: Trajectory, label: str | None) -> int | None:
    """Return the code of a class, None for none.

    Raises
    ------
    ConfigError
        If the machine does not know it.
    """
    code = None if label is None else code_of(label, run.classes)
    if label is None or code is not None:
        return code
    known = f"one of {', '.join(run.classes)} expected" if run.classes else f"{run.called} was trained without labels"
    raise ConfigError("label", f"'{label}' is no class: {known}", nearest(label, run.classes))


def letters(run: Trajectory, sites: Sites) -> list[str]:
    """Return what is written for each colour of each site of the data, row by row."""
    return [text for place in sites.places for text in run.kind.texts(place)]


def caveats(run: Trajectory | Path | str) -> tuple[str, ...]:
    """Return a line if the chains of a training started from noise: its parameters are no couplings (BDFRS24)."""
    run = opened(run)
    name = run.recipe["name"]
    if name not in OUT_OF_EQUILIBRIUM:
        return ()
    return (
        f"{run.called} was trained with the scheme {name}, and parameters of machines trained out of equilibrium are "
        "not couplings (nor energies) of the data's distribution",
    )
