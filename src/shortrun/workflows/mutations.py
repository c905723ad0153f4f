"""What mutations do to the free energy of a sequence: `mutations`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from shortrun.data import Dataset
from shortrun.data.core.blocks import taken
from shortrun.errors import DataError
from shortrun.landscape import marginal_free_energy, mutation_scores
from shortrun.models import filled, rows_at_once
from shortrun.store import Trajectory
from shortrun.workflows._runs import check_kind, opened, rbm_of, theta_of
from shortrun.workflows._sites import class_code, letters, positions, sites_at

ROWS_AT_ONCE = 2000


def mutations(
    run: Trajectory | Path | str,
    wildtype: Dataset,
    sequences: Dataset | None = None,
    *,
    age: int | None = None,
    label: str | None = None,
) -> pd.DataFrame:
    """Score every single mutant of a sequence, or a list of sequences, by their free energy.

    score = F(wild type) - F(mutant) = ln p(mutant) - ln p(wild type): higher is fitter. The label is summed over.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    wildtype : Dataset
        One sample; or several, without a wild type, whose score is -F.
    sequences : Dataset, optional
        Samples to score relative to the wild type, in place of its single mutants.
    age : int, optional
        Of the training; the last by default.
    label : str, optional
        A class that the label is held at.

    Returns
    -------
    pandas.DataFrame
        of single mutants mutant (as A24G, the position a column of the alignment, from 1), score, position, wildtype,
        letter; of sequences name and score

    Raises
    ------
    DataError
        For samples that are not of the kind that the machine knows, several wild types, none.
    ConfigError
        For a chaotic network, continuous units, a class that is unknown.
    """
    run = opened(run)
    for data in (wildtype, *(() if sequences is None else (sequences,))):
        check_kind(run, data)
    if sequences is not None and len(wildtype) != 1:
        raise DataError(f"one wild type expected to compare sequences with, got {len(wildtype)}")
    if sequences is not None:
        reference = log_weights(run, wildtype, age, label)[0]
        return pd.DataFrame({"name": sequences.names, "score": log_weights(run, sequences, age, label) - reference})
    if len(wildtype) != 1:
        return pd.DataFrame({"name": wildtype.names, "score": log_weights(run, wildtype, age, label)})
    return single_mutants(run, wildtype.values[0], age, label)


def single_mutants(run: Trajectory, wildtype: np.ndarray, age: int | None, label: str | None) -> pd.DataFrame:
    """Return the table of all single mutants, position by position in the order of the letters."""
    sites = sites_at(run, age, label, "free energy")
    codes = torch.from_numpy(wildtype[list(sites.places)].astype(np.int64))
    scores = mutation_scores(sites, codes).numpy()
    owner = sites.owner[: sites.rows].numpy()
    present = (sites.starts[: len(sites.places)] + codes).numpy()
    letter, position = np.array(letters(run, sites), dtype=object), positions(run, sites)[owner]
    before = letter[present][owner]
    table = pd.DataFrame({"score": scores, "position": position, "wildtype": before, "letter": letter})
    table.insert(0, "mutant", before + position.astype(str).astype(object) + letter)
    return table.drop(index=present.tolist()).reset_index(drop=True)


def log_weights(run: Trajectory, data: Dataset, age: int | None, label: str | None) -> np.ndarray:
    """Return -F of every sample, ln of its probability but for a constant."""
    model, theta = rbm_of(run, "free energy"), theta_of(run, age).double()
    code, at_once = class_code(run, label), rows_at_once(model, ROWS_AT_ONCE)
    parts = []
    for first in range(0, len(data), at_once):
        values = torch.from_numpy(taken(data.values, np.arange(first, min(first + at_once, len(data)))))
        state = filled(run.spec, values, torch.zeros(len(values)))  # the label is summed over, or held
        parts.append(-marginal_free_energy(model, theta, state, label=code))
    return torch.cat(parts).numpy()
