"""Sequences of a large FASTA file aligned to an HMM some at a time, so that memory does not grow with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from shortrun.data.core.kind import Kind
from shortrun.data.sequences.encoding import STRANGE, codes_of, gap_code
from shortrun.data.sequences.formats import fasta
from shortrun.data.sequences.hmm import AT_ONCE, HMM
from shortrun.errors import DataError

NO_MATCH = "the HMM finds nothing like itself in them"
OTHER_LETTERS = "they hold letters outside the alphabet (--unknown gap reads these as gaps)"


@dataclass(frozen=True, eq=False)
class Block:
    """Some sequences of a file.

    Parameters
    ----------
    names : list[str]
        Of all of them.
    values : ndarray
        (n, S) uint8 codes at the sites.
    kept : ndarray
        (n,) bool: which could be aligned and coded.
    lost : Counter[str]
        How many could not, by the reason.
    """

    names: list[str]
    values: np.ndarray
    kept: np.ndarray
    lost: Counter[str] = field(default_factory=Counter)


def unaligned_blocks(path: Path, kind: Kind) -> Iterator[Block]:
    """Yield the sequences of a FASTA file at the sites of a model, aligned to `kind.reading.align`, some at a time.

    Raises
    ------
    FormatError
        If the file or the HMM cannot be read.
    DataError
        If the HMM has not as many match columns as the model.
    """
    assert kind.reading.align is not None
    assert kind.alphabet is not None
    model = HMM(Path(kind.reading.align))
    columns = kind.alignment.columns
    width = kind.aligned_columns
    if width != model.model.M:
        raise DataError(f"{kind.reading.align} has {model.model.M} columns, the model was trained on {width}")
    unknown = gap_code(kind.alphabet) if kind.reading.unknown == "gap" else STRANGE
    table = np.full(256, unknown, np.uint8)
    for letter, code in codes_of(kind.alphabet).items():
        table[ord(letter)] = code
    rows = fasta.records(path, fasta.without_inserts(path, kind.reading), Counter())
    while some := list(islice(rows, AT_ONCE)):
        texts = model.matched(path, some)
        blank = "-" * width
        letters = "".join(blank if text is None else text for text in texts).encode("ascii", "replace")
        values = table[np.frombuffer(letters, np.uint8)].reshape(len(some), width)
        values = values if columns is None else values[:, list(columns.kept)]
        matched = np.array([text is not None for text in texts])
        strange = (values == STRANGE).any(1)
        counts = Counter({NO_MATCH: int((~matched).sum()), OTHER_LETTERS: int(strange.sum())})
        yield Block([row.name for row in some], np.ascontiguousarray(values), matched & ~strange, +counts)
