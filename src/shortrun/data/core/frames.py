"""A data set as other libraries hold it: one-hot arrays, pandas, AnnData."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.data.core.columns import NULLABLE, Column
from shortrun.data.core.draws import row_words, uniforms
from shortrun.data.core.words import truth
from shortrun.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.data.core.dataset import Dataset


def one_hot(data: Dataset) -> np.ndarray:
    """Return (N, F) float32: a column for each colour of each site; two-valued and continuous sites as they are."""
    colours = data.kind.colours_by_site
    if colours is None:
        return data.values.astype(np.float32)
    parts = [
        values[:, None].astype(np.float32) if q == 2 else (values[:, None] == np.arange(q)).astype(np.float32)
        for values, q in zip(data.values.T, colours, strict=True)
    ]
    return np.concatenate(parts, 1)


def described(data: Dataset) -> dict[str, Any]:
    """Return what is known of each sample: label and group where there are any, and its weight."""
    import pandas as pd

    columns: dict[str, Any] = {}
    if data.classes:
        columns["label"] = pd.Categorical.from_codes(data.labels, list(data.classes))
    if data.groups is not None:
        columns["group"] = data.groups
    return columns | {"weight": data.weights}


def to_pandas(data: Dataset) -> pd.DataFrame:
    """Return names as index, label and group, and a column for each site: categories, letters, numbers.

    Label and group are called as in their file where a site has that name.
    """
    import pandas as pd

    frame = pd.DataFrame(
        dict(zip(data.kind.site_names, values_of(data), strict=True)), index=pd.Index(data.names, name="name")
    )
    about = pd.DataFrame(described(data), index=frame.index).drop(columns="weight")
    taken = {role: name for role, name, _ in data.kind.table.header if role in about and role in frame}
    return pd.concat([about.rename(columns=taken), frame], axis=1)


def values_of(data: Dataset) -> list[Any]:
    """Return the values of each site as a user would write them."""
    import pandas as pd

    if data.columns is not None:
        return [cells(column, texts, data.values[:, i]) for i, (column, texts) in enumerate(written(data))]
    if data.alphabet is None or data.alphabet.letters == "01":
        return list(data.in_units.T)
    return [pd.Categorical.from_codes(codes.astype(np.int16), list(data.alphabet.letters)) for codes in data.values.T]


def written(data: Dataset) -> Iterator[tuple[Column, np.ndarray]]:
    """Yield the columns of a table with their (N,) cells as texts: as they were in the file, else drawn for codes."""
    words = row_words(data) if data.original is None else np.zeros(0, np.uint64)
    for site, column in enumerate(data.columns or ()):
        if data.original is not None:
            yield column, data.original.columns[data.original.sites[site]].cells
        else:
            yield column, column.decode(data.values[:, site], uniforms(words, site))


def cells(column: Column, texts: np.ndarray, codes: np.ndarray) -> Any:
    """Return the cells of a column of a table: numbers as numbers, dates as dates, true and false as such."""
    import pandas as pd

    gaps = codes == len(column.values)
    if column.date is not None:
        return pd.to_datetime(pd.Series(np.where(gaps, "", texts)), format=column.date).to_numpy()
    if column.is_whole:
        whole = pd.array([pd.NA if gap else int(text) for text, gap in zip(texts, gaps, strict=True)], "Int64")
        return whole if column.type == NULLABLE or gaps.any() or column.missing else whole.to_numpy(np.int64)
    if column.type == "boolean":
        truths = pd.array([pd.NA if gap else truth(text) for text, gap in zip(texts, gaps, strict=True)], "boolean")
        return truths if gaps.any() or column.missing else truths.to_numpy(bool)
    if column.type == "float":
        return np.where(gaps, "nan", texts).astype(float)
    known = codes < len(column.values)
    return pd.Categorical.from_codes(np.where(known, codes.astype(np.int16), -1), list(column.values))


def to_anndata(data: Dataset) -> Any:
    """Return the values as X, what is known of samples in obs, of sites in var, and the alphabet in uns."""
    import pandas as pd

    try:
        import anndata
    except ImportError:
        raise MissingExtraError("anndata", "io") from None
    obs = pd.DataFrame(described(data), index=pd.Index(data.names.astype(str), name="name"))
    var = pd.DataFrame(index=pd.Index(data.kind.site_names, name="site"))
    letters = {} if data.alphabet is None else {"alphabet": data.alphabet.letters}
    return anndata.AnnData(X=np.asarray(data.values), obs=obs, var=var, uns=letters)
