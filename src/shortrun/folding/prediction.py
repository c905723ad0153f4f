"""From sequences to one number each: the mean pLDDT on the scale of 0 to 100."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from shortrun.errors import ConfigError, DataError

Predictor: TypeAlias = Callable[[str], Any]  # a sequence -> (residues,) pLDDT, on a scale of 0 to 1 or 0 to 100
SCALES = (1.0, 100.0)
SLACK = 1e-3  # share of the scale by which rounding may exceed it


def name_of(predictor: Predictor) -> str:
    """Return the name under which results are stored: the `name` of the predictor, else that of the function."""
    return getattr(predictor, "name", None) or getattr(predictor, "__name__", type(predictor).__name__)


def batches(sequences: Iterable[str], max_residues: int) -> Iterator[list[str]]:
    """Yield batches of sequences of similar lengths, the short ones first.

    Padded to its longest sequence, a batch has at most `max_residues` residues; a longer sequence is a batch of its
    own.

    Parameters
    ----------
    sequences : Iterable[str]
        Sequences in any order.
    max_residues : int
        Largest number of residues in a batch, with the padding.

    Raises
    ------
    ConfigError
        If `max_residues` is below 1.

    Examples
    --------
    >>> list(batches(["MKV", "A", "GS"], max_residues=4))
    [['A', 'GS'], ['MKV']]
    """
    if max_residues < 1:
        raise ConfigError("max-residues", f"at least 1 expected, got {max_residues}")
    batch: list[str] = []
    for sequence in sorted(sequences, key=lambda it: (len(it), it)):
        if batch and (len(batch) + 1) * len(sequence) > max_residues:
            yield batch
            batch = []
        batch.append(sequence)
    if batch:
        yield batch


def mean_plddt(predictor: Predictor, sequences: Sequence[str], scale: float | None = None) -> list[float]:
    """Return the mean pLDDT over the residues of each sequence, 0 to 100; nan for an empty one.

    A predictor with a method `batch` is given all sequences at once, any other one by one.

    Parameters
    ----------
    predictor : Predictor
        Function from a sequence to the pLDDT of its residues.
    sequences : Sequence[str]
        Sequences without gaps.
    scale : float, optional
        Upper end of the predictor's scale, 1 or 100; by default it is 1 for sequences without a value above 1.

    Raises
    ------
    DataError
        If the predictor does not return one value for each residue within its scale.
    ConfigError
        If the scale is another.

    Examples
    --------
    >>> mean_plddt(lambda sequence: [0.5] * len(sequence), ["MKV", ""])
    [50.0, nan]
    """
    if scale is not None and scale not in SCALES:
        raise ConfigError("scale", f"1 or 100 expected, got {scale:g}")
    wanted = [sequence for sequence in sequences if sequence]
    together = getattr(predictor, "batch", None)
    values = together(wanted) if together and wanted else map(predictor, wanted)
    found = {seq: float(to_percent(seq, plddt, scale).mean()) for seq, plddt in zip(wanted, values, strict=True)}
    return [found.get(sequence, np.nan) for sequence in sequences]


def to_percent(sequence: str, plddt: Any, scale: float | None = None) -> np.ndarray:
    """Return the (residues,) pLDDT of a sequence on the scale of 0 to 100."""
    values = np.asarray(plddt, float)
    if values.shape != (len(sequence),):
        raise DataError(f"a pLDDT for each of {len(sequence)} residues expected, the predictor gave {values.shape}")
    top = scale or (SCALES[0] if values.max() <= 1 + SLACK else SCALES[1])
    if not ((values >= -SLACK * top) & (values <= (1 + SLACK) * top)).all():
        found = f"values from {values.min():g} to {values.max():g}"
        raise DataError(f"pLDDT between 0 and {top:g} expected, the predictor gave {found}")
    return values.clip(0, top) * (100 / top)
