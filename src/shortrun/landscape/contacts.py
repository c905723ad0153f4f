"""Contacts in a structure from couplings: pairs coupled more strongly than each of their sites is on average."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.landscape.couplings import pair_strengths, pairs
from shortrun.landscape.dca import average_product_corrected
from shortrun.landscape.named_sites import NamedSites
from shortrun.landscape.sites import Sites
from shortrun.phrases import counted
from shortrun.settings import ContactsSettings
from shortrun.shown import Shown

GAP = "-"
SHARES = {"L/5": 0.2, "L/2": 0.5, "L": 1.0, "2L": 2.0}


@dataclass(frozen=True)
class Ranking:
    """How well a ranking of pairs predicts contacts; see `Contacts`."""

    precision: dict[str, float]
    area: float


@dataclass(frozen=True, eq=False, repr=False)
class Contacts(Shown):
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
    baselines : dict[str, Ranking], optional
        The same of other scores of the same pairs, which are columns of the table.
    notes : tuple[str, ...], default ()
        How the structure was mapped to the columns, and what could not be.
    """

    table: pd.DataFrame
    sites: int
    precision: dict[str, float]
    area: float
    base: float
    baselines: dict[str, Ranking] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def said(self) -> tuple[str, str]:
        """Return how many pairs there are, and where distances are known how right the ranking is."""
        first = f"Contacts: {counted(len(self.table), 'pair')} of {counted(self.sites, 'site')}"
        if not self.precision:
            return first, "  no distances"
        shares = ", ".join(f"{name} {share:.2f}" for name, share in self.precision.items())
        return first, f"  precision {shares}; by chance {self.base:.2f}; area {self.area:.3f}"

    @property
    def known(self) -> np.ndarray:
        """Whether pairs of a known distance are contacts, in order."""
        if "contact" not in self.table:
            return np.zeros(0, bool)
        return self.table["contact"].dropna().to_numpy(bool)


def contact_scores(sites: Sites, couplings: Float[Tensor, "R R"], keep: Bool[Tensor, " R"]) -> Float[Tensor, "S S"]:
    """Return average-product corrected Frobenius norms: F_ij - F_i. F_.j / F_.., and zero for i = j (theory: DNS25).

    F_ij is the norm of the q x q block of J2, F_ii = 0, and a dot denotes the sum over sites.

    Parameters
    ----------
    keep : Bool[Tensor, " R"]
        The colours to include; a gap is usually left out.

    Returns
    -------
    Float[Tensor, "S S"]
        A score for each pair of sites.

    Examples
    --------
    >>> import torch
    >>> from shortrun.landscape import contact_scores, pairs, sites_of
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 3, Ising()), Layer("hidden", 1, Ising()))))
    >>> sites = sites_of(model, torch.tensor([0.5, 0.0, 0.5, 0, 0, 0, 0]))
    >>> scores = contact_scores(sites, pairs(sites), torch.ones(6, dtype=torch.bool))
    >>> divmod(int(scores.argmax()), 3)
    (0, 2)
    """
    return average_product_corrected(pair_strengths(sites, couplings * keep * keep.unsqueeze(1)))


def precision(contact: Bool[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Return the share of contacts among the first 1, 2, ..., n pairs of a ranking (positive predictive value).

    Parameters
    ----------
    contact : Bool[ndarray, " n"]
        Whether the pairs of a ranking, the highest score first, are contacts.

    Returns
    -------
    Float[ndarray, " n"]
        A share for each length of the ranking.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.landscape import precision
    >>> precision(np.array([True, False, True, False])).round(2).tolist()
    [1.0, 0.5, 0.67, 0.5]
    """
    return contact.cumsum() / np.arange(1, len(contact) + 1)


def area_under_curve(score: Float[np.ndarray, " n"], contact: Bool[np.ndarray, " n"]) -> float:
    """Return the area under the ROC curve: the probability that a contact scores above another pair (or NaN).

    Parameters
    ----------
    score : Float[ndarray, " n"]
        Scores of pairs.
    contact : Bool[ndarray, " n"]
        Whether they are contacts.

    Returns
    -------
    float
        0.5 for scores that say nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.landscape import area_under_curve
    >>> area_under_curve(np.array([3.0, 2.0, 1.0]), np.array([True, False, False]))
    1.0
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(contact, score)) if 0 < contact.sum() < len(contact) else float("nan")


def rank_contacts(
    named: NamedSites,
    distances: Float[np.ndarray, "L L"] | None,
    settings: ContactsSettings,
    baselines: Mapping[str, Float[np.ndarray, "S S"]] | None = None,
) -> Contacts:
    """Rank pairs of sites that are far enough apart by corrected coupling strengths, and compare with a structure.

    Parameters
    ----------
    named : NamedSites
        The sites of a machine.
    distances : Float[ndarray, "L L"], optional
        Between the columns of the data, NaN where unknown.
    settings : ContactsSettings
        Method, separation, threshold, and whether gaps count.
    baselines : Mapping[str, Float[ndarray, "S S"]], optional
        Other scores of pairs of the sites, by their names.

    Returns
    -------
    Contacts
        The highest score first.

    Raises
    ------
    ConfigError
        If no pair is that far apart.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from shortrun.landscape import NamedSites, rank_contacts, sites_of
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.settings import ContactsSettings
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 3, Ising()), Layer("hidden", 1, Ising()))))
    >>> sites = sites_of(model, torch.tensor([0.5, 0.0, 0.5, 0, 0, 0, 0]))
    >>> named = NamedSites(sites, np.array([1, 2, 3]), ["-", "+"] * 3, 3)
    >>> rank_contacts(named, None, ContactsSettings(separation=0, keep_gap=True)).table[["i", "j"]].iloc[0].tolist()
    [1, 3]
    """
    place = named.positions
    if not settings.separation < place[-1] - place[0]:
        raise ConfigError("separation", f"0 to {place[-1] - place[0] - 1} expected, got {settings.separation}")
    counted = torch.tensor([settings.keep_gap or letter != GAP for letter in named.letters])
    scores = contact_scores(named.sites, pairs(named.sites, settings.method), counted).numpy()
    table = _far_pairs(scores, place, settings.separation, baselines or {})
    if distances is None:
        return Contacts(table, len(scores), {}, float("nan"), float("nan"))
    return _compared(table, len(scores), distances, settings)


def _far_pairs(
    scores: np.ndarray, place: np.ndarray, separation: int, baselines: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Return the pairs that are far enough apart, the highest score first."""
    i, j = np.triu_indices(len(scores), 1)
    far = place[j] - place[i] > separation
    i, j = i[far], j[far]
    order = np.argsort(-scores[i, j], kind="stable")
    i, j = i[order], j[order]
    others = {name: each[i, j] for name, each in baselines.items()}
    return pd.DataFrame({"i": place[i], "j": place[j], "score": scores[i, j]} | others)


def _compared(table: pd.DataFrame, sites: int, distances: np.ndarray, settings: ContactsSettings) -> Contacts:
    """Return a ranking, and those of baselines, with what a structure says of them."""
    distance = distances[table["i"] - 1, table["j"] - 1]
    measured = ~np.isnan(distance)
    contact = distance[measured] < settings.threshold
    known = table.loc[measured]
    table["distance"] = distance
    table["contact"] = pd.array([bool(d < settings.threshold) if d == d else None for d in distance], dtype="boolean")
    own, *others = (ranking(known[name].to_numpy(), contact, sites) for name in known.columns[2:])
    return Contacts(
        table=table,
        sites=sites,
        precision=own.precision,
        area=own.area,
        base=float(contact.mean()) if len(contact) else float("nan"),
        baselines=dict(zip([str(name) for name in known.columns[3:]], others, strict=True)),
    )


def ranking(score: Float[np.ndarray, " n"], contact: Bool[np.ndarray, " n"], sites: int) -> Ranking:
    """Return how well scores predict which pairs are contacts, of so many sites."""
    curve = precision(contact[np.argsort(-score, kind="stable")])
    at = {name: max(1, round(share * sites)) for name, share in SHARES.items()}
    shares = {name: float(curve[n - 1]) for name, n in at.items() if n <= len(curve)}
    return Ranking(shares, area_under_curve(score, contact))
