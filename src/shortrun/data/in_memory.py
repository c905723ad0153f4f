"""Data that a program holds: frames of pandas, polars and Arrow, arrays, AnnData."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import HasKind, Kind, kind_of
from shortrun.data.core.request import Request
from shortrun.data.core.values import binarise
from shortrun.data.further import readings_like
from shortrun.data.sequences.filters import filtered
from shortrun.data.sequences.gaps import selected
from shortrun.data.sequences.weights import sequence_weights
from shortrun.data.tables.arrays import as_table, with_spread
from shortrun.data.tables.encoding import dataset_of
from shortrun.data.tables.in_memory import is_frame, table_of
from shortrun.errors import ConfigError, DataError
from shortrun.settings import Reading, takes
from shortrun.settings.keywords import converts


@converts("Kind | HasKind | None")
def checked_kind(name: str, it: Any, _: Mapping[str, Any]) -> Any:
    """Return what has a kind, if that is what was given."""
    if it is None or isinstance(it, Kind | HasKind):
        return it
    raise ConfigError(name, f"a data set, or a run as sr.Trajectory opens it, expected, got {described(it)}")


@takes(Reading)
def from_pandas(frame: Any, *, like: Kind | HasKind | None = None, settings: Reading) -> Dataset:
    """Take a data frame as `read` takes a table; frames of polars and Arrow tables too.

    An index other than 0, 1, 2, ... names the samples.

    Parameters
    ----------
    frame : Any
        The frame.
    like : Kind or Dataset or Trajectory, optional
        Data, or a run, whose columns it has.

    Returns
    -------
    Dataset
        The samples.

    Raises
    ------
    DataError
        If it is no frame, or a cell cannot be used; says where.

    Examples
    --------
    >>> import pandas as pd
    >>> import shortrun as sr
    >>> frame = pd.DataFrame({"age": [30, 41, 52, 30], "eats": ["fish", "meat", "fish", "fish"], "ill": [0, 1, 1, 0]})
    >>> data = sr.from_pandas(frame, label_column="ill")
    >>> data.kind.site_names, data.classes, data.class_counts.tolist()
    (['age', 'eats'], ('0', '1'), [2, 2])
    """
    if not is_frame(frame):
        raise DataError(f"a data frame expected, got {described(frame)}")
    kind = None if like is None else kind_of(like)
    options = Request.made(settings, kind)
    data = filtered(selected(dataset_of(table_of(frame), options), options), settings)
    if settings.reweight is not None:
        data = data.with_weights(sequence_weights(data, settings.reweight))
    return data.with_kind(reading=settings)


@takes(Reading)
def from_numpy(values: Any, labels: Any = None, *, like: Kind | HasKind | None = None, settings: Reading) -> Dataset:
    """Take an array of samples x sites (or images), and labels.

    Numbers 0 and 1 are binary sites, other floats stay as they are, other integers need an alphabet or a threshold.
    With `bins`, or names of columns (site_1, ...) in `numeric` or `categorical`, or missing values, it is a table.

    Parameters
    ----------
    values : Any
        (N, S) or (N, h, w) numbers, or cells of a table.
    labels : Any, optional
        (N,) numbers or texts; missing ones are '', NA, None, NaN, or -1.
    like : Kind or Dataset or Trajectory, optional
        Data, or a run, whose sites it has.

    Returns
    -------
    Dataset
        The samples.

    Raises
    ------
    DataError
        If the arrays do not make a data set.

    Examples
    --------
    >>> import numpy as np
    >>> import shortrun as sr
    >>> data = sr.from_numpy(np.array([[0, 1], [1, 1], [0, 0]]), ["a", "b", ""])
    >>> len(data), data.sites, data.classes, data.labelled.tolist()
    (3, 2, ('a', 'b'), [True, True, False])
    """
    array, options = np.asarray(values), Request.made(settings, None if like is None else kind_of(like))
    data = as_table(array, options)
    if data is None:
        array = array if settings.threshold is None else binarise(array, settings.threshold)
        data = with_spread(Dataset.from_arrays(array, alphabet=settings.alphabet))
    data = data if labels is None else data.with_labels(labels)
    return data.with_kind(reading=settings)


def from_anndata(
    annotated: Any, *, label_column: str | None = None, layer: str | None = None, **options: Any
) -> Dataset:
    """Take the matrix of an `anndata.AnnData`, with labels from a column of `obs`.

    Parameters
    ----------
    annotated : anndata.AnnData
        Samples x sites; a sparse matrix is made dense.
    label_column : str, optional
        Column of `obs` that holds the classes; "label" if there is one.
    layer : str, optional
        Layer in place of X.
    options : Any
        Further options of `from_numpy`, such as `threshold` or `bins`.

    Returns
    -------
    Dataset
        The samples, with the names in `obs` and `var`.

    Raises
    ------
    DataError
        If it is no such object, or has no such column or layer.

    Examples
    --------
    >>> import shortrun as sr
    >>> digits = sr.read("digits").head(20)
    >>> same = sr.from_anndata(digits.to_anndata())
    >>> (same.values == digits.values).all(), same.classes == digits.classes
    (np.True_, True)
    """
    if not is_annotated(annotated):
        raise DataError(f"an AnnData expected, got {described(annotated)}")
    if layer is not None and layer not in annotated.layers:
        raise ConfigError("layer", f"no layer '{layer}', there are: {', '.join(annotated.layers) or 'none'}")
    if label_column is not None and label_column not in annotated.obs:
        raise ConfigError("label_column", f"no column '{label_column}' in obs, only {', '.join(annotated.obs.columns)}")
    values = annotated.X if layer is None else annotated.layers[layer]
    values = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
    column = label_column or ("label" if "label" in annotated.obs else None)
    alphabet = annotated.uns.get("alphabet")
    given = options if alphabet is None else {"alphabet": str(alphabet), **options}
    labels = None if column is None else annotated.obs[column].astype(object).to_numpy()
    data = from_numpy(values, labels, **given)
    return data.with_names(annotated.obs_names.to_numpy(str))


def is_annotated(it: Any) -> bool:
    """Return whether something is an AnnData."""
    return any(
        (each.__module__.partition(".")[0], each.__name__) == ("anndata", "AnnData") for each in type(it).__mro__
    )


def in_memory(it: Any, like: Kind | HasKind | None, settings: Reading) -> Dataset:
    """Return the samples that a program holds, whatever holds them.

    Raises
    ------
    DataError
        If it is none of what is known.
    """
    if like is not None:
        settings = reading_like(it, kind_of(like), settings)
    if is_frame(it):
        return from_pandas(it, like=like, settings=settings)
    if is_annotated(it):
        given = {name: value for name, value in settings.given.items() if name != "label_column"}
        return from_anndata(it, label_column=settings.label_column, like=like, **given)
    if isinstance(it, np.ndarray | list | tuple):
        return from_numpy(it, like=like, settings=settings)
    raise DataError(
        f"the path of a file, the name of a data set, a data frame or an array expected, got {described(it)}"
    )


def reading_like(it: Any, kind: Kind, given: Reading) -> Reading:
    """Return the options to read something like other data with; a column of classes or groups may be missing."""
    found = next(readings_like(kind, given))
    names = [str(name) for name in getattr(it, "column_names", None) or getattr(it, "columns", ())]
    gone = {
        key: None
        for key in ("label_column", "group")
        if key not in given.model_fields_set and getattr(found, key) not in (None, *names)
    }
    return found.model_copy(update=gone)


def described(it: Any) -> str:
    """Return what something is, in a few words."""
    return "nothing (None)" if it is None else f"{'an' if type(it).__name__[0] in 'AEIOU' else 'a'} {type(it).__name__}"


def as_dataset(it: Any, labels: Any = None, label_column: str | None = None) -> Dataset:
    """Return samples as a data set, if they are none yet.

    Parameters
    ----------
    it : Any
        A data set, a frame, an array or an AnnData.
    labels : Any, optional
        (N,) classes.
    label_column : str, optional
        Column that holds them.

    Raises
    ------
    DataError
        If it is none of these.
    ConfigError
        If labels are given twice, or a column of what has none.
    """
    if labels is not None and label_column is not None:
        raise ConfigError("label_column", "not together with labels")
    if isinstance(it, Dataset):
        if label_column is not None:
            raise ConfigError("label_column", "is for data frames: give it where the data are read, as sr.read(...)")
        return it if labels is None else it.with_labels(labels)
    data = in_memory(it, None, Reading.of(**({} if label_column is None else {"label_column": label_column})))
    return data if labels is None else data.with_labels(labels)
