"""Reading data for a verb: what the user says of a file, remembered with the run for the verbs that follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shortrun.phrases import counted

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.store import Trajectory

COLUMNS_TOLD = 30


def further_data(run: Trajectory, path: str, given: Mapping[str, Any]) -> Dataset:
    """Return the samples of another file, read as the run's own were as far as that file allows."""
    from shortrun.data import read

    return read(path, like=run, **given)


def part_of(run: Trajectory, path: str, given: Mapping[str, Any]) -> str | None:
    """Return the part to predict: the one asked for, else "test" where there is one that was not trained on."""
    from shortrun.data import further

    return further.part_of(run.kind, path, given)


def summary(source: str, data: Dataset, part: str | None = None) -> str:
    """Return one line about what was read."""
    colours = f"{data.colours} colours" if data.colours else "continuous values"
    if data.columns is not None:
        colours = f"columns of up to {max(column.colours for column in data.columns)} values"
    unlabelled = int((~data.labelled).sum())
    place = f"{source} ({part} part)" if part else source
    return (
        f"read {place}: {counted(len(data), 'sample')}, {data.kind.extent}, {colours}, "
        f"{counted(len(data.classes), 'class')}, {unlabelled:,} unlabelled"
    )


def notes(data: Dataset) -> list[str]:
    """Return what to tell a user of how data were read, and of data that will be split, a line each."""
    from shortrun.data.music.encoding import leak

    told = [*data.notes, leak(data), columns_of(data)]
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
        "notes": list(data.notes),
        "hash": data.hash,
    }
