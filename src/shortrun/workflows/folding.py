"""Whether generated proteins fold: `fold`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from shortrun import folding
from shortrun.cells import cell
from shortrun.data import Dataset
from shortrun.data.core.dataset import UNKNOWN
from shortrun.folding import ESMFold, Folded, Predictor, Results
from shortrun.folding.prediction import name_of
from shortrun.folding.results import DIGITS, frame
from shortrun.settings import takes
from shortrun.settings.scoring import FoldSettings

Progress = Callable[[int, int], None]


@takes(FoldSettings)
def fold(
    generated: Dataset,
    out: Path | str,
    *,
    real: Dataset | None = None,
    predictor: Predictor | None = None,
    scale: float | None = None,
    progress: Progress | None = None,
    settings: FoldSettings,
) -> pd.DataFrame:
    """Predict the mean pLDDT of protein sequences, gaps removed, as FF23 fig. 4; `folding.compare` reads the result.

    Parameters
    ----------
    generated : Dataset
        Aligned protein samples.
    out : Path or str
        CSV file that results are added to as they come; those already there are not computed again, nor is a sequence
        that occurs twice.
    real : Dataset, optional
        Others to compare with.
    predictor : Predictor, optional
        A function of a sequence that returns the pLDDT of its residues, 0 to 1 or 0 to 100; `ESMFold` by default. One
        with a method `batch` gets several sequences of similar lengths at once.
    scale : float, optional
        Where the predictor's scale ends, 1 or 100; detected by default.
    progress : Progress, optional
        Called after each batch with (sequences folded, sequences to fold in this call).

    Returns
    -------
    pandas.DataFrame
        name, label, source ("real", "generated"), length, plddt (0 to 100, nan for samples of gaps alone), model and
        sequence, a row a sample: the real ones first

    Raises
    ------
    DataError
        If the samples are no proteins, the file was made with another predictor, or the predictor's values are none of
        pLDDT.
    FormatError, StoreError
        If the file is something else or cannot be written.

    Examples
    --------
    A function in place of ESMFold, whose weights are gigabytes:

    >>> import tempfile
    >>> import shortrun as sr
    >>> made = sr.Dataset.from_arrays([[1, 2, 0]], alphabet="protein")
    >>> table = sr.fold(made, tempfile.mkdtemp() + "/folded.csv", predictor=lambda sequence: [0.8] * len(sequence))
    >>> table["plddt"].tolist()
    [80.0]
    """
    predictor = predictor or ESMFold(settings=settings)
    results = Results(out, name_of(predictor))
    asked = [*rows_of(real, "real", results.model), *rows_of(generated, "generated", results.model)]
    known = {row.sequence: row.plddt for row in results.rows} | {"": float("nan")}
    missing = [*absent(asked, results.rows)]
    results.add(filled([row for row in missing if row.sequence in known], known))
    waiting = {row.sequence for row in missing} - set(known)
    done = 0
    for batch in folding.batches(waiting, settings.max_residues):
        means = folding.mean_plddt(predictor, batch, scale)
        fresh = {sequence: round(mean, DIGITS) for sequence, mean in zip(batch, means, strict=True)}
        results.add(filled([row for row in missing if row.sequence in fresh], fresh))
        known |= fresh
        done += len(batch)
        if progress is not None:
            progress(done, len(waiting))
    return frame(filled(asked, known))


def rows_of(data: Dataset | None, source: str, model: str) -> Iterator[Folded]:
    """Yield a row for each sample, its pLDDT still unknown."""
    if data is None:
        return
    labels = ["" if code == UNKNOWN else data.classes[code] for code in data.labels]
    for name, label, sequence in zip(data.names.tolist(), labels, folding.sequences_of(data), strict=True):
        yield Folded(cell(name), cell(label), source, len(sequence), float("nan"), model, sequence)


def absent(asked: Sequence[Folded], there: Sequence[Folded]) -> Iterator[Folded]:
    """Yield the rows that are not there yet: samples of one name, source and sequence as often as they occur."""
    left = Counter((row.name, row.source, row.sequence) for row in there)
    for row in asked:
        key = (row.name, row.source, row.sequence)
        if left[key]:
            left[key] -= 1
        else:
            yield row


def filled(rows: Sequence[Folded], known: dict[str, float]) -> list[Folded]:
    """Return rows with the pLDDT of their sequences."""
    return [row._replace(plddt=known[row.sequence]) for row in rows]
