"""Effects of mutations on the free energy of a sequence under a machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int, Integer
from torch import Tensor

from shortrun.data import Dataset
from shortrun.data.core.blocks import taken
from shortrun.landscape.named_sites import NamedSites
from shortrun.landscape.sites import Sites
from shortrun.models import RBM, filled, rows_at_once
from shortrun.typing import State, Theta, Weights

ELEMENTS = 2**23  # of the fields of mutants computed at once
ROWS_AT_ONCE = 2000  # samples


def mutation_scores(sites: Sites, wildtype: Int[Tensor, " S"]) -> Float[Tensor, " R"]:
    """Return F(wild type) - F(mutant) for every colour of every site of the data: higher is fitter, 0 is the wild type.

    The hidden fields of a mutant are those of the wild type plus the difference of two rows of weights. A label among
    the sites is summed over: F = -ln sum_l exp(-F(l)).

    Parameters
    ----------
    wildtype : Int[Tensor, " S"]
        The codes at the sites of the data.

    Returns
    -------
    Float[Tensor, " R"]
        A score for each colour of each site.

    Examples
    --------
    >>> import torch
    >>> from shortrun.landscape import mutation_scores, sites_of
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 2, Ising()), Layer("hidden", 1, Ising()))))
    >>> sites = sites_of(model, torch.tensor([0.5, -0.5, 0, 0, 0]))
    >>> mutation_scores(sites, torch.tensor([1, 0])).round(decimals=4).tolist()  # the sites are coupled to be opposite
    [-0.4338, 0.0, 0.0, -0.4338]
    """
    own, starts = sites.rows, sites.starts[: len(sites.places)]
    present = starts + wildtype
    fields = sites.hidden_bias + sites.weight[present].sum(0)
    before = present[sites.owner[:own]]
    steps = sites.weight[:own] - sites.weight[before]
    size = max(1, ELEMENTS // (fields.numel() * max(1, len(sites.weight) - own)))
    after = torch.cat([log_weight(sites, fields + part) for part in steps.split(size)])
    return sites.bias[:own] - sites.bias[before] + after - log_weight(sites, fields.unsqueeze(0))


def log_weight(sites: Sites, fields: Float[Tensor, "n H"]) -> Float[Tensor, " n"]:
    """Return sum_mu ln z(field), with a label site the log-sum-exp over its classes, weighted by their biases."""
    own = sites.rows
    if own == len(sites.weight):
        return sites.hidden.log_z(fields).sum(1)
    every = (fields.unsqueeze(1) + sites.weight[own:]).flatten(0, 1)
    by_class = sites.hidden.log_z(every).sum(1).view(len(fields), -1)
    return torch.logsumexp(by_class + sites.bias[own:], 1)


def marginal_free_energy(model: RBM, theta: Theta, state: State, *, label: int | None = None) -> Weights:
    """Return F(x) = -ln sum_{l, h} exp(-E(x, l, h)) of states, or of one class.

    Parameters
    ----------
    state : State
        The observed layers; the value of the label layer is not used.
    label : int, optional
        The class; summed over by default.

    Returns
    -------
    Weights
        A free energy for each state.

    Examples
    --------
    >>> import torch
    >>> from shortrun.landscape import marginal_free_energy
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 2, Ising()), Layer("hidden", 1, Ising()))))
    >>> state = (torch.zeros(1, 2, dtype=torch.uint8),)
    >>> round(marginal_free_energy(model, torch.zeros(model.size()), state).item() / torch.tensor(2.0).log().item(), 6)
    -1.0
    """
    if label is None:
        return model.marginal_free_energy(theta, state)
    held = (torch.full_like(x, label) if i == model.spec.label else x for i, x in enumerate(state))
    return model.free_energy(theta, tuple(held))


def single_mutants(
    named: NamedSites, wildtype: Integer[np.ndarray, " L"], numbers: Float[np.ndarray, " L"] | None = None
) -> pd.DataFrame:
    """Return the scores of all single mutants, position by position in the order of the letters.

    Parameters
    ----------
    named : NamedSites
        The sites of a machine.
    wildtype : Integer[ndarray, " L"]
        The codes of a sequence, a column of the data each.
    numbers : Float[ndarray, " L"], optional
        Number of the residue at each of them, NaN for a gap, which has no mutants; by default that of the column.

    Returns
    -------
    pandas.DataFrame
        mutant (as A24G), score, position, wildtype, letter, column (of the data, from 1)

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from shortrun.landscape import NamedSites, single_mutants, sites_of
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 1, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> named = NamedSites(sites_of(model, torch.tensor([0.0, 2.0, 0.0])), np.array([1]), ["0", "1"], 1)
    >>> single_mutants(named, np.array([1]))[["mutant", "score"]].to_dict("records")
    [{'mutant': '110', 'score': -2.0}]
    """
    sites = named.sites
    places = list(sites.places)
    codes = torch.from_numpy(wildtype[places].astype(np.int64))
    scores = mutation_scores(sites, codes).numpy()
    owner = sites.owner[: sites.rows].numpy()
    present = (sites.starts[: len(places)] + codes).numpy()
    letter, column = np.array(named.letters, dtype=object), named.positions[owner]
    number = column if numbers is None else numbers[places][owner]
    before = letter[present][owner]
    table = pd.DataFrame({"score": scores, "position": number, "wildtype": before, "letter": letter, "column": column})
    table = table.drop(index=present.tolist()).dropna(subset="position").reset_index(drop=True)
    table = table.astype({"position": np.int64})
    names = table["wildtype"] + table["position"].astype(str).astype(object) + table["letter"]
    table.insert(0, "mutant", names)
    return table


def mutated(
    wildtype: Integer[np.ndarray, " L"], changes: Sequence[Sequence[tuple[int, int]]]
) -> Integer[np.ndarray, "n L"]:
    """Return the codes of mutants, each given by (site, code) of what is changed.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.landscape import mutated
    >>> mutated(np.array([1, 2, 3]), [[], [(0, 5), (2, 4)]]).tolist()
    [[1, 2, 3], [5, 2, 4]]
    """
    rows = np.repeat(wildtype[None], len(changes), 0)
    for row, each in zip(rows, changes, strict=True):
        for site, code in each:
            row[site] = code
    return rows


def independent_scores(
    frequencies: Float[np.ndarray, "L q"],
    wildtype: Integer[np.ndarray, " L"],
    mutants: Integer[np.ndarray, "n L"],
) -> Float[np.ndarray, " n"]:
    """Return sum_i ln f_i(mutant) - ln f_i(wild type): what independent sites, with these frequencies, say.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.landscape import independent_scores
    >>> independent_scores(np.array([[0.2, 0.8]]), np.array([1]), np.array([[1], [0]])).round(3).tolist()
    [0.0, -1.386]
    """
    logs, sites = np.log(frequencies), np.arange(len(wildtype))
    return logs[sites, mutants].sum(1) - logs[sites, wildtype].sum()


def rank_correlation(score: Float[np.ndarray, " n"], measured: Float[np.ndarray, " n"]) -> tuple[float, int]:
    """Return Spearman's rank correlation of the pairs of which both are known, NaN for fewer than 3, and their number.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.landscape import rank_correlation
    >>> rank_correlation(np.array([1.0, 2.0, 9.0, np.nan]), np.array([0.1, 0.2, 0.3, 0.4]))
    (1.0, 3)
    """
    known = np.isfinite(score) & np.isfinite(measured)
    ranks = [pd.Series(values[known]).rank().to_numpy() for values in (score, measured)]
    varied = known.sum() > 2 and all(np.ptp(each) > 0 for each in ranks)
    return (float(np.corrcoef(ranks[0], ranks[1])[0, 1].round(12)) if varied else float("nan")), int(known.sum())


def log_weights(model: RBM, theta: Theta, data: Dataset, *, label: int | None = None) -> Float[np.ndarray, " N"]:
    """Return -F of every sample: the logarithm of its probability, up to a constant.

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    data : Dataset
        Samples of its kind.
    label : int, optional
        Class at which the label is held; summed over by default.

    Returns
    -------
    Float[ndarray, " N"]
        A number for each sample.

    Examples
    --------
    >>> import torch
    >>> from shortrun.data import Dataset
    >>> from shortrun.landscape import log_weights
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 2, Ising()), Layer("hidden", 1, Ising()))))
    >>> theta = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.0])  # a field of 1 on both sites
    >>> up, down = log_weights(model, theta, Dataset.from_arrays([[1, 1], [0, 0]]))
    >>> float(up - down)
    4.0
    """
    return log_weights_of(model, theta, data.values, label=label)


def log_weights_of(
    model: RBM, theta: Theta, samples: np.ndarray, *, label: int | None = None
) -> Float[np.ndarray, " N"]:
    """Return `log_weights` of (N, S) values of samples."""
    at_once, parts = rows_at_once(model, ROWS_AT_ONCE), []
    for first in range(0, len(samples), at_once):
        values = torch.from_numpy(taken(samples, np.arange(first, min(first + at_once, len(samples)))))
        state = filled(model.spec, values, torch.zeros(len(values)))  # the label is summed over, or held
        parts.append(-marginal_free_energy(model, theta.double(), state, label=label))
    return torch.cat(parts).numpy()
