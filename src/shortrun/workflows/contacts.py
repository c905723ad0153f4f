"""Contacts of residues from the couplings of a trained machine: `contacts`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from shortrun.data.tables.delimited import Delimited, read_delimited
from shortrun.errors import ConfigError
from shortrun.landscape import SEPARATION, THRESHOLD, area_under_curve, contact_scores, pairs, precision
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened
from shortrun.workflows._sites import check_method, columns, letters, positions, sites_at

GAP = "-"
SHARES = {"L/5": 0.2, "L/2": 0.5, "L": 1.0, "2L": 2.0}


@dataclass(frozen=True, eq=False)
class Contacts:
    """Pairs of sites by how likely they are in contact.

    Parameters
    ----------
    table : pd.DataFrame
        i, j (columns of the alignment, from 1), score, and where distances are known distance and contact; the highest
        score first, only pairs that are far enough apart along the chain.
    sites : int
        L.
    precision : dict[str, float]
        Share of contacts among the first L/5, L/2, L and 2L pairs of a known distance; empty without distances.
    area : float
        Under the ROC curve of those pairs; NaN without.
    base : float
        Share of contacts among all of them; NaN without.
    """

    table: pd.DataFrame
    sites: int
    precision: dict[str, float]
    area: float
    base: float

    @property
    def known(self) -> np.ndarray:
        """Whether pairs of a known distance are contacts, in order."""
        if "contact" not in self.table:
            return np.zeros(0, bool)
        return self.table["contact"].dropna().to_numpy(bool)


def contacts(
    run: Trajectory | Path | str,
    distances: Path | str | None = None,
    *,
    age: int | None = None,
    label: str | None = None,
    method: str = "exact",
    separation: int = SEPARATION,
    threshold: float = THRESHOLD,
    keep_gap: bool = False,
) -> Contacts:
    """Rank pairs of sites by corrected coupling strengths, and compare with a structure (theory: DNS25).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    distances : Path or str, optional
        CSV or TSV with columns i, j (from 1) and a third one of distances.
    age, label, method : int or str, optional
        As for `couplings`.
    separation : int, default SEPARATION
        Only pairs with |i - j| above it.
    threshold : float, default THRESHOLD
        Distances below it are contacts.
    keep_gap : bool, default False
        Whether the gap is one of the colours that count.

    Raises
    ------
    ConfigError
        As for `couplings`; for no pair that far apart, or a threshold that is no distance.
    FormatError
        For a file that is no table of distances; names the line.
    """
    run, known = opened(run), check_method(method)
    if not threshold > 0:
        raise ConfigError("threshold", f"a distance expected, got {threshold}")
    sites = sites_at(run, age, label, "couplings")
    place = positions(run, sites)
    if separation < 0 or not separation < place[-1] - place[0]:
        raise ConfigError("separation", f"0 to {place[-1] - place[0] - 1} expected, got {separation}")
    structure = None if distances is None else read_distances(Path(distances), columns(run))
    counted = torch.tensor([keep_gap or letter != GAP for letter in letters(run, sites)])
    scores = contact_scores(sites, pairs(sites, known), counted).numpy()
    return ranked(scores, place, separation, threshold, structure)


def ranked(
    scores: np.ndarray, place: np.ndarray, separation: int, threshold: float, structure: np.ndarray | None
) -> Contacts:
    """Return the pairs far enough apart by score, with what a structure says of them."""
    i, j = np.triu_indices(len(scores), 1)
    far = place[j] - place[i] > separation
    i, j = i[far], j[far]
    order = np.argsort(-scores[i, j], kind="stable")
    i, j = i[order], j[order]
    table = pd.DataFrame({"i": place[i], "j": place[j], "score": scores[i, j]})
    if structure is None:
        return Contacts(table, len(scores), {}, float("nan"), float("nan"))
    distance = structure[place[i] - 1, place[j] - 1]
    measured = ~np.isnan(distance)
    contact = distance[measured] < threshold
    table["distance"] = distance
    table["contact"] = pd.array([bool(d < threshold) if d == d else None for d in distance], dtype="boolean")
    curve = precision(contact)
    at = {name: max(1, round(share * len(scores))) for name, share in SHARES.items()}
    return Contacts(
        table=table,
        sites=len(scores),
        precision={name: float(curve[n - 1]) for name, n in at.items() if n <= len(curve)},
        area=area_under_curve(table["score"].to_numpy()[measured], contact),
        base=float(contact.mean()) if len(contact) else float("nan"),
    )


def read_distances(path: Path, count: int) -> np.ndarray:
    """Return the symmetric (L, L) distances of a file, NaN where it has none; the smallest of what it has twice.

    Raises
    ------
    FormatError
        For columns that are missing, sites that are none of 1..L, distances that are none.
    """
    table = read_delimited(path)
    first, second, third = table.require("i"), table.require("j"), distance_column(table)
    found = np.full((count, count), np.inf)
    for row in range(len(table.rows)):
        a, b = (site_in(table, row, column, count) for column in (first, second))
        value = distance_in(table, row, third)
        found[a, b] = found[b, a] = min(found[a, b], value)
    return np.where(np.isinf(found), np.nan, found)


def distance_column(table: Delimited) -> int:
    """Return the column of distances: "distance", else the only one whose name holds that word."""
    if (exact := table.find("distance")) is not None:
        return exact
    named = [index for index, name in enumerate(table.header) if "dist" in name.casefold()]
    return named[0] if len(named) == 1 else table.require("distance")


def site_in(table: Delimited, row: int, column: int, count: int) -> int:
    """Return the site, from 0, that a cell names."""
    text = table.rows[row][column].strip()
    if not (text.isdecimal() and 1 <= int(text) <= count):
        raise table.refused(row, column, f"a column of the alignment, 1 to {count}, expected, got '{text}'")
    return int(text) - 1


def distance_in(table: Delimited, row: int, column: int) -> float:
    """Return the distance in a cell."""
    text = table.rows[row][column].strip()
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise table.refused(row, column, f"a distance expected, got '{text}'")
    return value
