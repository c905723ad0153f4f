"""Couplings as tables, arrays and pictures: the strongest first, under the names of the data."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.files import atomic_file
from shortrun.landscape.couplings import fields, pair_strengths, pairs, strengths, triples
from shortrun.landscape.named_sites import NamedSites
from shortrun.landscape.sites import Sites
from shortrun.landscape.transform import Method
from shortrun.phrases import counted
from shortrun.settings import CouplingsSettings
from shortrun.settings.landscape import Triple
from shortrun.shown import Shown, brief

TRIPLES = 2**25  # elements of J3 that are looked at, 256 MB
ROWS = 1000  # triples that are listed by default


@dataclass(frozen=True, eq=False, repr=False)
class Couplings(Shown):
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

    def said(self) -> tuple[str, str]:
        """Return what they are between, and where the strongest is."""
        what, sites = ("field", "pair", "triple")[self.order - 1], len(self.arrays["positions"])
        first = f"Couplings of order {self.order}: {counted(len(self.table), what)} of {counted(sites, 'site')}"
        if not len(self.table):
            return first, "  none is listed"
        strongest = ", ".join(f"{name} {brief(value)}" for name, value in self.table.iloc[0].items())
        return first, f"  strongest: {strongest}"

    def save(self, path: Path | str) -> None:
        """Write the arrays as .npz."""
        with atomic_file(path) as file:
            np.savez_compressed(file, allow_pickle=False, **self.arrays)


def couplings_of(named: NamedSites, settings: CouplingsSettings) -> Couplings:
    """Return the effective fields, couplings of pairs or of triples of named sites.

    Parameters
    ----------
    named : NamedSites
        The sites of a machine.
    settings : CouplingsSettings
        Order, method, and which couplings to list.

    Returns
    -------
    Couplings
        The strongest first.

    Raises
    ------
    ConfigError
        For triples with another order than 3, or of sites that do not exist.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from shortrun.landscape import NamedSites, couplings_of, sites_of
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.settings import CouplingsSettings
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 2, Ising()), Layer("hidden", 1, Ising()))))
    >>> sites = sites_of(model, torch.tensor([0.5, -0.5, 0, 0, 0]))
    >>> named = NamedSites(sites, np.array([1, 2]), ["-", "+", "-", "+"], 2)
    >>> couplings_of(named, CouplingsSettings()).table.round(4).to_dict("records")
    [{'i': 1, 'j': 2, 'coupling': -0.2169}]
    """
    if settings.triples and settings.order != 3:
        raise ConfigError("triples", f"these are couplings of order 3, not {settings.order}")
    return (_of_fields, _of_pairs, _of_triples)[settings.order - 1](named, settings)


def _of_fields(named: NamedSites, settings: CouplingsSettings) -> Couplings:
    """Return fields as a table."""
    values = fields(named.sites, settings.method)
    site = named.positions[named.sites.owner[: named.sites.rows].numpy()]
    if named.two_valued:
        table = pd.DataFrame({"site": named.positions, "field": values[1::2].numpy()})
    else:
        table = pd.DataFrame({"site": site, "colour": named.letters, "field": values.numpy()})
    table = table.sort_values("field", key=abs, ascending=False, kind="stable").head(settings.top or len(table))
    colours = named.sites.colours[: len(named.positions)]
    picture = torch.full((len(colours), int(colours.max())), float("nan"), dtype=values.dtype)
    picture[torch.arange(picture.shape[1]) < colours.unsqueeze(1)] = values
    return Couplings(1, table.reset_index(drop=True), named.arrays(fields=values), picture.numpy(), named.two_valued)


def _of_pairs(named: NamedSites, settings: CouplingsSettings) -> Couplings:
    """Return couplings of pairs as a table, the strongest first."""
    sites, two = named.sites, named.two_valued
    values = pairs(sites, settings.method)
    picture = values[1::2, 1::2] if two else pair_strengths(sites, values)
    i, j = torch.triu_indices(len(picture), len(picture), 1)
    order = picture[i, j].abs().argsort(descending=True, stable=True)[: settings.top]
    i, j = i[order], j[order]
    if two:
        columns = {"i": named.positions[i.numpy()], "j": named.positions[j.numpy()], "coupling": picture[i, j].numpy()}
        table = pd.DataFrame(columns)
    else:
        each = zip(i.tolist(), j.tolist(), strict=True)
        table = pd.DataFrame([named.row((a, b), values[sites.of(a), sites.of(b)]) for a, b in each])
    return Couplings(2, table, named.arrays(pairs=values), picture.numpy(), two)


def _places(named: NamedSites, chosen: tuple[Triple, ...]) -> list[Triple]:
    """Return triples of columns as triples of sites, each in order.

    Raises
    ------
    ConfigError
        If a column is no site, or a triple holds one twice.
    """
    place = {int(position): site for site, position in enumerate(named.positions)}
    for triple in chosen:
        if missing := [str(it) for it in triple if it not in place]:
            raise ConfigError("triples", f"no site {missing[0]}, sites are {min(place)} to {max(place)}")
        if len(set(triple)) != 3:
            raise ConfigError("triples", f"three different sites expected, got {'-'.join(map(str, triple))}")
    return sorted({(a, b, c) for a, b, c in (sorted(place[it] for it in triple) for triple in chosen)})


def _of_triples(named: NamedSites, settings: CouplingsSettings) -> Couplings:
    """Return couplings of triples as a table, the strongest first."""
    chosen, method = _places(named, settings.triples), settings.method
    top = ROWS if settings.top is None and not chosen else settings.top
    count = len(named.positions)
    every = count * (count - 1) // 2
    with_pairs = sorted({(i, j) for i, j, _ in chosen}) or strongest_pairs(named.sites, method)
    found: dict[tuple[int, ...], tuple[float, Tensor]] = {}
    for i, j, block in triples(named.sites, with_pairs, method):
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
