"""Reading data for a verb: what the user says of a file, remembered with the run for the verbs that follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shortrun.phrases import counted

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.store import Trajectory


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
    values = "" if data.columns is not None else f"{values_in(data)}, "
    unlabelled = int((~data.labelled).sum())
    place = f"{source} ({part} part)" if part else source
    return (
        f"read {place}: {counted(len(data), 'sample')}, {data.kind.extent}, "
        f"{values}{counted(len(data.classes), 'class')}, {unlabelled:,} unlabelled"
    )


def values_in(data: Dataset) -> str:
    """Return what a site can hold: letters of sequences, else values."""
    if data.alphabet is None:
        return "continuous values"
    return counted(len(data.alphabet), "letter" if data.alphabet.name in ("protein", "rna", "dna") else "value")


def notes(data: Dataset) -> list[str]:
    """Return what to tell a user of how data were read, and of data that will be split, a line each."""
    from shortrun.data.description import values_of
    from shortrun.data.music.encoding import leak

    told = [*data.notes, leak(data), None if data.columns is None else values_of(data)]
    return [f"note: {line}" for line in told if line is not None]


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
