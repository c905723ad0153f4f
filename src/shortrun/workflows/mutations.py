"""What mutations do to the free energy of a sequence: `mutations`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.landscape import log_weights, single_mutants
from shortrun.settings import MutationsSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._runs import check_kind, opened, rbm_of, theta_of
from shortrun.workflows._sites import class_code, named_sites


@takes(MutationsSettings)
def mutations(
    run: Trajectory | Path | str,
    wildtype: Dataset,
    sequences: Dataset | None = None,
    *,
    settings: MutationsSettings,
) -> pd.DataFrame:
    """Score every single mutant of a sequence, or a list of sequences, by their free energy.

    score = F(wild type) - F(mutant) = ln p(mutant) - ln p(wild type): higher is fitter.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    wildtype : Dataset
        One sample; or several, without a wild type, whose score is -F.
    sequences : Dataset, optional
        Samples to score relative to the wild type, instead of its single mutants.

    Returns
    -------
    pandas.DataFrame
        of single mutants mutant (as A24G, the position a column of the alignment, from 1), score, position, wildtype,
        letter; of sequences name and score

    Raises
    ------
    DataError
        For samples that are not of the kind that the machine knows, or several wild types.
    ConfigError
        For a chaotic network, continuous units, a class that is unknown.
    StoreError
        For an age that was not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> data = sr.read("digits").head(50)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = sr.fit(data, out=f"{folder}/run", hidden=8, updates=3)
    ...     table = sr.mutations(run, data.head(1))
    >>> len(table), table.columns.tolist()
    (64, ['mutant', 'score', 'position', 'wildtype', 'letter'])
    """
    run = opened(run, raw=settings.raw)
    for data in (wildtype, *(() if sequences is None else (sequences,))):
        check_kind(run, data)
    if sequences is not None and len(wildtype) != 1:
        raise DataError(f"one wild type expected to compare sequences with, got {len(wildtype)}")
    if sequences is None and len(wildtype) == 1:
        named = named_sites(run, settings.age, settings.label, "free energy")
        return single_mutants(named, wildtype.values[0])
    model, theta, label = rbm_of(run, "free energy"), theta_of(run, settings.age), class_code(run, settings.label)
    scores = log_weights(model, theta, wildtype if sequences is None else sequences, label=label)
    if sequences is None:
        return pd.DataFrame({"name": wildtype.names, "score": scores})
    return pd.DataFrame({"name": sequences.names, "score": scores - log_weights(model, theta, wildtype, label=label)})
