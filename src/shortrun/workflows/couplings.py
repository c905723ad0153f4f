"""The law of a trained machine as fields and couplings of its sites: `couplings`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.landscape import Method, Sites, fields, pair_strengths, pairs, strengths
from shortrun.landscape import triples as triples_of
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened
from shortrun.workflows._sites import check_method, letters, positions, sites_at

ORDERS = (1, 2, 3)
TRIPLES = 2**25  # elements of J3 that are looked at, 256 MB
ROWS = 1000  # triples that are listed by default

Triples = Sequence[tuple[int, int, int]]


@dataclass(frozen=True, eq=False)
class Couplings:
    """Effective couplings of one order.

    Parameters
    ----------
    order : int
        1 fields, 2 pairs, 3 triples.
    table : pd.DataFrame
        Strongest first. Order 1: site, field, and colour where sites have more than two. Order 2 and 3: i, j (, k) from
        1, coupling; where sites have more than two colours strength (the Frobenius norm over colours) too, and coupling
        is the element of the largest modulus, of the colours colour_i, colour_j (, colour_k). Of sites with two values,
        it is J in the convention s = +-1.
    arrays : dict[str, ndarray]
        As `numpy.savez` takes them: colours (S,), positions (S,), letters (R,), R the colours of all sites, and
        "fields" (R,), or "pairs" (R, R), or of the triples in the table "triples" (n, 3) and their elements "values".
    picture : ndarray or None
        (S, q) fields or (S, S) couplings of two values, or strengths; None for triples.
    two_valued : bool
        Whether all sites have two values.
    pairs_looked_at : tuple[int, int], optional
        Of order 3, in how many pairs of sites a third was looked for, and of how many.
    """

    order: int
    table: pd.DataFrame
    arrays: dict[str, np.ndarray]
    picture: np.ndarray | None
    two_valued: bool
    pairs_looked_at: tuple[int, int] | None = None


def couplings(
    run: Trajectory | Path | str,
    order: int = 2,
    *,
    age: int | None = None,
    label: str | None = None,
    method: str = "exact",
    top: int | None = None,
    triples: Triples = (),
) -> Couplings:
    """Return the effective fields, couplings of pairs or of triples of a machine (theory: DFNS24, DNS25).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    order : int, default 2
        1, 2 or 3.
    age : int, optional
        Of the training; the last by default.
    label : str, optional
        A class that the label is held at; by default it is one more site, averaged over uniformly.
    method : str, default "exact"
        "exact", or "gaussian" for the published approximation.
    top : int, optional
        How many rows to list, the strongest; all by default, of triples 1,000.
    triples : Triples, default ()
        Of order 3, the triples of sites (from 1) to look at; by default all where they are not too many, else those
        with one of the strongest pairs.

    Raises
    ------
    ConfigError
        For a chaotic network, continuous units, an unknown class, method or order, no such sites.
    """
    run = opened(run)
    if order not in ORDERS:
        raise ConfigError("order", f"1, 2 or 3 expected, got {order}")
    if triples and order != 3:
        raise ConfigError("triples", f"these are couplings of order 3, not {order}")
    known = check_method(method)
    sites = sites_at(run, age, label, "couplings")
    named = Named(sites, positions(run, sites), letters(run, sites))
    if order == 1:
        return of_fields(named, fields(sites, known), top)
    if order == 2:
        return of_pairs(named, pairs(sites, known), top)
    return of_triples(named, chosen_of(named, triples), known, ROWS if top is None and not triples else top)


@dataclass(frozen=True, eq=False)
class Named:
    """Sites with the columns and letters of the data."""

    sites: Sites
    positions: np.ndarray
    letters: list[str]

    @property
    def two_valued(self) -> bool:
        """Whether all sites of the data have two values."""
        return bool((self.sites.colours[: len(self.positions)] == 2).all())

    def arrays(self, **values: Tensor) -> dict[str, np.ndarray]:
        """Return what goes into a file of arrays."""
        colours = self.sites.colours[: len(self.positions)].numpy()
        about = {"colours": colours, "positions": self.positions, "letters": np.array(self.letters)}
        return about | {name: value.numpy() for name, value in values.items()}

    def largest(self, of: Sequence[int], block: Tensor) -> tuple[float, list[str]]:
        """Return the element of the largest modulus of the block of some sites, and its letters."""
        place = np.unravel_index(int(block.abs().argmax()), block.shape)
        starts = [int(self.sites.starts[site]) for site in of]
        return float(block[place]), [self.letters[start + c] for start, c in zip(starts, place, strict=True)]

    def row(self, of: Sequence[int], block: Tensor) -> dict[str, Any]:
        """Return the row of some sites in a table."""
        row: dict[str, Any] = {key: int(self.positions[site]) for key, site in zip("ijk", of, strict=False)}
        if self.two_valued:
            return row | {"coupling": float(block.flatten()[-1])}
        value, colours = self.largest(of, block)
        named = {f"colour_{key}": colour for key, colour in zip("ijk", colours, strict=False)}
        return row | {"strength": float(block.norm())} | named | {"coupling": value}


def of_fields(named: Named, values: Tensor, top: int | None) -> Couplings:
    """Return fields as a table."""
    site = named.positions[named.sites.owner[: named.sites.rows].numpy()]
    if named.two_valued:
        table = pd.DataFrame({"site": named.positions, "field": values[1::2].numpy()})
    else:
        table = pd.DataFrame({"site": site, "colour": named.letters, "field": values.numpy()})
    table = table.sort_values("field", key=abs, ascending=False, kind="stable").head(top or len(table))
    colours = named.sites.colours[: len(named.positions)]
    picture = torch.full((len(colours), int(colours.max())), float("nan"), dtype=values.dtype)
    picture[torch.arange(picture.shape[1]) < colours.unsqueeze(1)] = values
    return Couplings(1, table.reset_index(drop=True), named.arrays(fields=values), picture.numpy(), named.two_valued)


def of_pairs(named: Named, values: Tensor, top: int | None) -> Couplings:
    """Return couplings of pairs as a table, the strongest first."""
    sites, two = named.sites, named.two_valued
    picture = values[1::2, 1::2] if two else pair_strengths(sites, values)
    i, j = torch.triu_indices(len(picture), len(picture), 1)
    order = picture[i, j].abs().argsort(descending=True, stable=True)[:top]
    i, j = i[order], j[order]
    if two:
        columns = {"i": named.positions[i.numpy()], "j": named.positions[j.numpy()], "coupling": picture[i, j].numpy()}
        table = pd.DataFrame(columns)
    else:
        each = zip(i.tolist(), j.tolist(), strict=True)
        table = pd.DataFrame([named.row((a, b), values[sites.of(a), sites.of(b)]) for a, b in each])
    return Couplings(2, table, named.arrays(pairs=values), picture.numpy(), two)


def chosen_of(named: Named, triples: Triples) -> list[tuple[int, int, int]]:
    """Return triples of columns as triples of sites, each in order.

    Raises
    ------
    ConfigError
        If a column is no site, or a triple holds one twice.
    """
    place = {int(position): site for site, position in enumerate(named.positions)}
    for triple in triples:
        if missing := [str(it) for it in triple if it not in place]:
            raise ConfigError("triples", f"no site {missing[0]}, sites are {min(place)} to {max(place)}")
        if len(set(triple)) != 3:
            raise ConfigError("triples", f"three different sites expected, got {'-'.join(map(str, triple))}")
    return sorted({(a, b, c) for a, b, c in (sorted(place[it] for it in triple) for triple in triples)})


def of_triples(named: Named, chosen: list[tuple[int, int, int]], method: Method, top: int | None) -> Couplings:
    """Return couplings of triples as a table, the strongest first."""
    count = len(named.positions)
    every = count * (count - 1) // 2
    with_pairs = sorted({(i, j) for i, j, _ in chosen}) or strongest_pairs(named.sites, method)
    found: dict[tuple[int, ...], tuple[float, Tensor]] = {}
    for i, j, block in triples_of(named.sites, with_pairs, method):
        norms = strengths(named.sites, block).square().sum((0, 1)).sqrt().tolist()
        wanted = {k for a, b, k in chosen if (a, b) == (i, j)} if chosen else set(range(count)) - {i, j}
        for k in wanted:
            of, order = zip(*sorted(((i, 0), (j, 1), (k, 2))), strict=True)
            found.setdefault(of, (norms[k], block[..., named.sites.of(k)].permute(order)))
    ranked = sorted(found, key=lambda of: -found[of][0])[:top]
    table = pd.DataFrame([named.row(of, found[of][1]) for of in ranked])
    values = torch.cat([found[of][1].flatten() for of in ranked]) if ranked else torch.empty(0)
    arrays = named.arrays(values=values) | {"triples": named.positions[np.array(ranked, int).reshape(-1, 3)]}
    return Couplings(3, table, arrays, None, named.two_valued, (len(with_pairs), every))


def strongest_pairs(sites: Sites, method: Method) -> list[tuple[int, int]]:
    """Return all pairs of sites if that makes few enough triples, else the strongest."""
    count = len(sites.places)
    cost = sites.colours[:count].outer(sites.colours[:count]) * sites.rows
    if int(cost.triu(1).sum()) <= TRIPLES:
        return [*combinations(range(count), 2)]
    norms = pair_strengths(sites, pairs(sites, method))
    i, j = torch.triu_indices(count, count, 1)
    order = norms[i, j].argsort(descending=True)
    affordable = order[cost[i, j][order].cumsum(0) <= TRIPLES]
    return [*zip(i[affordable].tolist(), j[affordable].tolist(), strict=True)]
