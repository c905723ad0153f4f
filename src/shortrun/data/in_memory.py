"""Data that a program holds: frames of pandas, polars and Arrow, arrays, AnnData."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import HasKind, Kind, TableKind, kind_of
from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.request import Request
from shortrun.data.core.values import binarise, plain_array
from shortrun.data.further import readings_like
from shortrun.data.sequences.filters import filtered
from shortrun.data.sequences.gaps import selected
from shortrun.data.sequences.weights import sequence_weights
from shortrun.data.tables.arrays import as_table, with_spread
from shortrun.data.tables.encoding import dataset_of
from shortrun.data.tables.in_memory import is_frame, table_of
from shortrun.data.uses import ANNOTATED, ARRAY, FRAME, check_content, check_memory
from shortrun.errors import ConfigError, DataError
from shortrun.phrases import counted, described
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
    check_memory(options, FRAME, "a data frame")
    return finished(dataset_of(table_of(frame), options), options, settings)


def finished(data: Dataset, options: Request, settings: Reading) -> Dataset:
    """Return samples on the columns, and of the similarity and the weights, that options ask for."""
    data = filtered(selected(data, options), settings)
    check_content(options, data)
    if settings.reweight is not None:
        data = data.with_weights(sequence_weights(data, settings.reweight))
    return data.with_kind(reading=settings)


@takes(Reading)
def from_numpy(values: Any, labels: Any = None, *, like: Kind | HasKind | None = None, settings: Reading) -> Dataset:
    """Take an array of samples x sites (or images), and labels.

    Numbers 0 and 1 are binary sites, other floats stay as they are, other integers need an alphabet or a threshold.
    With `bins`, or names of columns (site_1, ...) in `numeric` or `categorical`, or missing values, it is a table.
    What NumPy masks is missing, as NaN is.

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
    options = Request.made(settings, None if like is None else kind_of(like))
    check_memory(options, ARRAY, "an array")
    data = of_array(plain_array(values), None, options)
    return finished(data if labels is None else data.with_labels(labels), options, settings)


def of_array(values: np.ndarray, names: Sequence[str] | None, options: Request) -> Dataset:
    """Return the samples of an array, whose sites have these names if they have any."""
    data = as_table(values, options, names)
    if data is not None:
        return data
    values = values if options.threshold is None else binarise(values, options.threshold)
    data = with_spread(Dataset.from_arrays(values, alphabet=options.alphabet))
    if names is None or [*names] == data.kind.site_names:
        return data
    return data.with_kind(table=TableKind(names=tuple(names)))


@takes(Reading)
def from_anndata(
    annotated: Any, *, layer: str | None = None, like: Kind | HasKind | None = None, settings: Reading
) -> Dataset:
    """Take the matrix of an `anndata.AnnData`, with labels from a column of `obs`, "label" if there is one.

    Options are those of `from_numpy`, such as `threshold` or `bins`. Sites go by their names in `var`, in any order.

    Parameters
    ----------
    annotated : anndata.AnnData
        Samples x sites; a sparse matrix is made dense.
    layer : str, optional
        Layer in place of X. A run does not remember it: read further data with it too, before they are given to a verb.
    like : Kind or Dataset or Trajectory, optional
        Data, or a run, whose sites it has: they are found by their names, others are left out.

    Returns
    -------
    Dataset
        The samples, with the names in `obs` and `var`.

    Raises
    ------
    DataError
        If it is no such object, lacks a site of `like`, or two sites have one name.
    ConfigError
        If it has no such column or layer.

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
    for option in ("label_column", "group"):
        if (column := getattr(settings, option)) is not None and column not in annotated.obs:
            raise ConfigError(option, f"no column '{column}' in obs, only {', '.join(annotated.obs.columns)}")
    kind = None if like is None else kind_of(like)
    sites, notes = sites_by_name(annotated.var_names.astype(str).tolist(), kind)
    values = annotated.X if layer is None else annotated.layers[layer]
    values = plain_array(values.toarray() if hasattr(values, "toarray") else values)
    if [*sites.values()] != [*range(values.shape[1])]:
        values = values[:, [*sites.values()]]
    alphabet = annotated.uns.get("alphabet")
    options = Request.made(settings, kind).but(label_column=None, group=None)  # which are columns of `obs`
    check_memory(options, ANNOTATED, "AnnData")
    if alphabet is not None and options.alphabet is None:
        options = options.but(alphabet=str(alphabet))
    data = of_array(values, [*sites], options).with_notes(*notes)
    column = settings.label_column or ("label" if "label" in annotated.obs else None)
    if column is not None:
        data = data.with_labels(annotated.obs[column].astype(object).to_numpy())
    if settings.group is not None:
        data = data.with_groups(annotated.obs[settings.group])
    if layer is not None:
        data = data.with_notes(
            f"layer '{layer}' in place of X, which further data are read from unless it is named too"
        )
    return finished(data.with_names(annotated.obs_names.to_numpy(str)), options, settings)


def sites_by_name(names: Sequence[str], like: Kind | None) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return name -> place of the sites that other data have, in their order, and what to know of the others.

    All sites, where those of the other data have no names.

    Raises
    ------
    DataError
        If a name occurs twice, or a site is missing; names the nearest.
    """
    place = {name: site for site, name in enumerate(names)}
    if len(place) < len(names):
        twice = next(name for site, name in enumerate(names) if place[name] != site)
        raise DataError(f"'{twice}' occurs twice among var_names: names that differ expected (var_names_make_unique)")
    if like is None or not (like.is_named or place.keys() >= {*like.site_names}):
        return place, ()
    missing = [name for name in like.site_names if name not in place]
    if missing:
        more = f"; {len(missing):,} of {like.sites:,} are missing" if len(missing) > 1 else ""
        raise DataError(f"no '{missing[0]}' among var_names{did_you_mean(missing[0], names)}{more}")
    found = {name: place[name] for name in like.site_names}
    ordered = sorted(found.values())
    moved = sum(here != there for here, there in zip(found.values(), ordered, strict=True))
    further = [name for name in names if name not in found]
    notes = [f"{counted(moved, 'site')} in another order than learned, found by their names"] if moved else []
    if further:
        notes.append(f"{counted(len(further), 'site')} left out, as '{further[0]}', of which nothing was learned")
    return found, tuple(notes)


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
    if like is not None and not isinstance(it, Kind):
        settings = reading_like(it, kind_of(like), settings)
    if is_frame(it):
        return from_pandas(it, like=like, settings=settings)
    if is_annotated(it):
        return from_anndata(it, like=like, settings=settings)
    if isinstance(it, np.ndarray | list | tuple):
        return from_numpy(it, like=like, settings=settings)
    raise DataError(
        f"the path of a file, the name of a data set, a data frame or an array expected, got {described(it)}"
    )


def reading_like(it: Any, kind: Kind, given: Reading) -> Reading:
    """Return the options to read something like other data with; a column of classes or groups may be missing."""
    found = next(readings_like(kind, given))
    about = it.obs if is_annotated(it) else it
    names = [str(name) for name in getattr(about, "column_names", None) or getattr(about, "columns", ())]
    gone = {
        key: None
        for key in ("label_column", "group")
        if key not in given.model_fields_set and getattr(found, key) not in (None, *names)
    }
    return found.model_copy(update=gone)


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
