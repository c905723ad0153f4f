"""What files of codes keep of a table, and Parquet of its bins: what its columns mean, and their cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun import jsons
from shortrun.data.core.columns import Column
from shortrun.data.core.kind import TableKind
from shortrun.data.core.originals import Original
from shortrun.data.core.texts import Texts
from shortrun.errors import DataError

if TYPE_CHECKING:
    from shortrun.data.core.dataset import Dataset

FORM = "table_json"  # what the columns mean
TEXTS, CELLS = "table_texts", "table_cells"  # the different cells of each column as they were, and which are where
DAMAGED = "the description of its columns is damaged"


def to_json(dataset: Dataset) -> str:
    """Return what the columns of a table mean, and where they were in their file."""
    columns = [column.to_dict() for column in dataset.columns or ()]
    return jsons.dumps({"columns": columns, "header": dataset.kind.table.header or None})


def from_json(form: str) -> tuple[tuple[Column, ...], TableKind]:
    """Return the columns that `to_json` described, and where they were in their file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        told = jsons.loads(form)
        layout = tuple((str(role), str(name), str(kind)) for role, name, kind in told["header"] or ())
        return tuple(map(Column.from_dict, told["columns"])), TableKind(header=layout)
    except (KeyError, TypeError, ValueError):
        raise DataError(DAMAGED) from None


def arrays_of_cells(dataset: Dataset) -> dict[str, np.ndarray]:
    """Return the cells that a table had in its file as two arrays; none where they are not known."""
    original = dataset.original
    if original is None or not original.sites:
        return {}
    texts = [[*column.different] for column in original.columns]
    form = jsons.dumps({"sites": original.sites, "learned": original.learned, "texts": texts})
    cells = np.stack([column.codes for column in original.columns], axis=1)
    return {TEXTS: np.frombuffer(form.encode(), np.uint8), CELLS: cells}


def cells_in(found: Mapping[str, Any], samples: int) -> Original | None:
    """Return the cells that `arrays_of_cells` made arrays of; None where there are none.

    Raises
    ------
    DataError
        If these are not what they are, or of another number of samples.
    """
    if TEXTS not in found or CELLS not in found:
        return None
    try:
        told, codes = jsons.loads(bytes(found[TEXTS])), np.asarray(found[CELLS])
        texts = [tuple(map(str, column)) for column in told["texts"]]
        sites = tuple(int(site) for site in told["sites"])
        sizes = np.array([len(column) for column in texts])
        fits = codes.shape == (samples, len(texts)) and codes.dtype.kind in "iu" and {*sites} <= {*range(len(texts))}
        if not fits or (codes < 0).any() or (codes >= sizes).any():
            raise DataError(DAMAGED)
        columns = (Texts(column, codes[:, i].astype(np.int32)) for i, column in enumerate(texts))
        return Original(tuple(column.select(slice(None)) for column in columns), sites, bool(told["learned"]))
    except (KeyError, TypeError, ValueError):
        raise DataError(DAMAGED) from None
