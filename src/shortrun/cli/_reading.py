"""Reading data for a verb: what the user says of a file, remembered with the run for the verbs that follow."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortrun.cli import _options
from shortrun.cli._options import assignments
from shortrun.cli._output import amount
from shortrun.errors import FormatError

if TYPE_CHECKING:
    from shortrun.data import Alphabet, Dataset
    from shortrun.store import Trajectory

REMEMBERED = "reading"  # the key in the data's meta that run.json keeps
OF_A_RUN = (
    "threshold",
    "unknown",
    "inserts",
    "align",
    "grey",
    "frames",
    "time_bin",
    "stride",
    "missing",
    "multiallelic",
)
COLUMNS_TOLD = 30
OF_ITS_DATA = ("kept_columns", "variants")  # found when the training data were read
OF_A_FORMAT = ("keys", "label_column", "group", "ignore")  # of the training file; another file may not have them


def options(*, keys: list[str] | None = None, labels: Path | None = None, **others: Any) -> dict[str, Any]:
    """Return the reading options that the user gave, in their JSON form."""
    given = {"keys": assignments(keys, "key") or None, "labels": labels and str(labels), **others}
    return {name: value for name, value in given.items() if value is not None and value != []}


def with_reading(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of reading; it gets those that the user set as one mapping, `reading`."""
    own = [each for each in signature(verb, eval_str=True).parameters.values() if each.name != "reading"]
    shared = list(signature(_options.of_reading, eval_str=True).parameters.values())

    @wraps(verb)
    def called(**given: Any) -> None:
        reading = options(**{each.name: given.pop(each.name) for each in shared})
        verb(**given, reading=reading)

    every = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in (*own, *shared)]
    vars(called).pop("__wrapped__")
    vars(called)["__signature__"] = Signature(every)
    called.__annotations__ = {each.name: each.annotation for each in every}
    return called


def remembered(run: Trajectory) -> dict[str, Any]:
    """Return the reading options that a run was trained with, "source" and "reweight" among them."""
    return dict(run.data["meta"].get(REMEMBERED) or {"source": run.data.get("source")})


def training_data(source: str, given: Mapping[str, Any], reweight: float | None) -> Dataset:
    """Return the data to train on, with sequence weights if asked for; what was asked is kept in its meta."""
    from shortrun.data import read

    data = read(source, **given)
    if reweight is not None:
        from shortrun.data.sequences.weights import sequence_weights

        data = data.with_weights(sequence_weights(data, reweight))
    reading = {"source": source, **given} | ({} if reweight is None else {"reweight": reweight})
    return data.with_meta({"source": source} | data.meta | {REMEMBERED: reading})


def further_data(run: Trajectory, path: str, given: Mapping[str, Any]) -> Dataset:
    """Return the samples of another file, read as the run's own were as far as that file allows."""
    return read_like(run, remembered(run), run.data["meta"], path, given)


def read_like(
    kind: Trajectory | Dataset, known: Mapping[str, Any], meta: Mapping[str, Any], path: str, given: Mapping[str, Any]
) -> Dataset:
    """Return the samples of another file of a kind, whose first file was read with options `known` and left `meta`."""
    from shortrun.data import read

    first: FormatError | None = None
    for defaults in _defaults(known, meta, given):
        try:
            return read(path, **{"alphabet": _alphabet(kind), "columns": kind.columns, **defaults, **given})
        except FormatError as error:
            first = first or error
    assert first is not None
    raise first


def _defaults(known: Mapping[str, Any], meta: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the remembered options, then without those that only the training file may have had."""
    common = {name: known[name] for name in OF_A_RUN if name in known}
    common |= {name: meta[name] for name in OF_ITS_DATA if name in meta}
    own = {name: known[name] for name in OF_A_FORMAT if name in known and name not in given}
    yield common | own
    for left_out in own:
        yield common | {name: value for name, value in own.items() if name != left_out}
    if len(own) > 1:
        yield common


def _alphabet(kind: Trajectory | Dataset) -> Alphabet | str | None:
    """Return how to read for a machine; 0 and 1 are found by themselves, and grey images need to be."""
    if kind.alphabet is None:
        return "continuous" if kind.columns is None else None
    return None if kind.alphabet.name == "binary" else kind.alphabet


def part_of(run: Trajectory, path: str, given: Mapping[str, Any]) -> str | None:
    """Return the part to predict: the one asked for, else "test" where there is one that was not trained on."""
    if "part" in given or "x" in given.get("keys", {}):
        return given.get("part")
    trained = remembered(run)
    return "test" if trained.get("part") == "train" and trained["source"] == path else test_part(path)


def test_part(path: str) -> str | None:
    """Return "test" if a file is an .npz with an array `x_test`, or an HDF5 file with `test`."""
    from shortrun.data.arrays.formats import hdf5

    if path.lower().endswith(hdf5.suffixes) and Path(path).is_file():
        return "test" if hdf5.has_test(Path(path)) else None
    try:
        with zipfile.ZipFile(path) as file:
            return "test" if "x_test.npy" in file.namelist() else None
    except (OSError, zipfile.BadZipFile):
        return None  # no .npz, or reading it will say what is wrong


def summary(source: str, data: Dataset, part: str | None = None) -> str:
    """Return one line about what was read."""
    colours = f"{data.colours} colours" if data.colours else "continuous values"
    if data.columns is not None:
        colours = f"columns of up to {max(column.colours for column in data.columns)} values"
    unlabelled = int((~data.labelled).sum())
    place = f"{source} ({part} part)" if part else source
    return (
        f"read {place}: {amount(len(data), 'sample')}, {amount(data.sites, 'site')}, {colours}, "
        f"{amount(len(data.classes), 'class')}, {unlabelled:,} unlabelled"
    )


def notes(data: Dataset) -> list[str]:
    """Return what to tell a user of how data were read, and of data that will be split, a line each."""
    from shortrun.data.music.encoding import leak

    told = [*data.meta.get("notes", ()), leak(data), columns_of(data)]
    return [f"note: {line}" for line in told if line is not None]


def columns_of(data: Dataset) -> str | None:
    """Return how the columns of a table were understood; None for other data."""
    if data.columns is None:
        return None
    told = [f"{column.name} {column.summary}" for column in data.columns[:COLUMNS_TOLD]]
    return ", ".join([*told, *(["..."] if len(data.columns) > COLUMNS_TOLD else [])])


def describe(source: str, data: Dataset) -> dict[str, Any]:
    """Return what was read, for a JSON document."""
    return {
        "source": source,
        "samples": len(data),
        "sites": data.sites,
        "colours": data.colours,
        "alphabet": data.alphabet and data.alphabet.name,
        **({} if data.columns is None else {"columns": {column.name: column.summary for column in data.columns}}),
        "classes": dict(zip(data.classes, data.class_counts.tolist(), strict=True)),
        "unlabelled": int((~data.labelled).sum()),
        "groups": None if data.groups is None else len(set(data.groups.tolist())),
        "hash": data.hash,
    }
