"""From sequences to one number each: the mean pLDDT on the scale of 0 to 100."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from shortrun.errors import ConfigError, DataError

Predictor: TypeAlias = Callable[[str], Any]  # a sequence -> (residues,) pLDDT, on a scale of 0 to 1 or 0 to 100
SCALES = (1.0, 100.0)
SLACK = 1e-3  # that roundings may exceed a scale by, as its share


def name_of(predictor: Predictor) -> str:
    """Return the name that results are kept under: the predictor's `name`, else that of the function."""
    return getattr(predictor, "name", None) or getattr(predictor, "__name__", type(predictor).__name__)


def batches(sequences: Iterable[str], max_residues: int) -> Iterator[list[str]]:
    """Yield sequences of similar lengths, the short ones first.

    Padded to the longest of them, those of a batch have at most `max_residues` residues; a longer sequence is alone.

    Raises
    ------
    ConfigError
        If `max_residues` is below 1.
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

    A predictor with a method `batch` gets all sequences at once, any other one by one.

    Parameters
    ----------
    scale : float, optional
        The end of the predictor's scale, 1 or 100; by default a sequence none of whose values exceeds 1 is on the scale
        of 0 to 1.

    Raises
    ------
    DataError
        If the predictor returns anything but a value a residue within its scale.
    ConfigError
        For another scale.
    """
    if scale is not None and scale not in SCALES:
        raise ConfigError("scale", f"1 or 100 expected, got {scale:g}")
    wanted = [sequence for sequence in sequences if sequence]
    together = getattr(predictor, "batch", None)
    values = together(wanted) if together and wanted else map(predictor, wanted)
    found = {seq: float(on_hundred(seq, plddt, scale).mean()) for seq, plddt in zip(wanted, values, strict=True)}
    return [found.get(sequence, np.nan) for sequence in sequences]


def on_hundred(sequence: str, plddt: Any, scale: float | None = None) -> np.ndarray:
    """Return the (residues,) pLDDT of a sequence on the scale of 0 to 100."""
    values = np.asarray(plddt, float)
    if values.shape != (len(sequence),):
        raise DataError(f"a pLDDT for each of {len(sequence)} residues expected, the predictor gave {values.shape}")
    top = scale or (SCALES[0] if values.max() <= 1 + SLACK else SCALES[1])
    if not ((values >= -SLACK * top) & (values <= (1 + SLACK) * top)).all():
        told = f"values from {values.min():g} to {values.max():g}"
        raise DataError(f"pLDDT between 0 and {top:g} expected, the predictor gave {told}")
    return values.clip(0, top) * (100 / top)
