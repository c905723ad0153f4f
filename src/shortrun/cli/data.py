"""`shortrun data`: look at data, convert and split them, and get named data sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _output, _progress
from shortrun.cli._options import MOST_SEED, Json
from shortrun.cli._verb import verb
from shortrun.errors import ConfigError, FormatError
from shortrun.phrases import counted, first_of
from shortrun.settings import DATA, OUTPUT, Reading, TableWriting

if TYPE_CHECKING:
    import numpy as np

    from shortrun.data import Dataset

app = typer.Typer()

SAMPLES = "A file or folder of any known format, - for stdin, or the name of a data set."
Samples = Annotated[str, typer.Argument(metavar="DATA", help=SAMPLES, show_default=False)]
Out = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Its suffix says the format; - is stdout.", rich_help_panel=OUTPUT
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Format of the output, as csv, where its suffix does not say it; of stdout, fasta or csv by default.",
        rich_help_panel=OUTPUT,
    ),
]


@app.callback()
def data() -> None:
    """Look at data, convert and split them; named data sets.

    Examples
    --------
    # What to know of data before training
    shortrun data info family.fasta
    # Set a fifth aside; relatives of 80 % identity and more stay on one side
    shortrun data split family.fasta train.fasta test.fasta --identity 0.8
    # From one format to another; .rows for data larger than memory
    shortrun data convert genotypes.vcf.gz genotypes.rows
    """


@app.command("list")
def list_(json: Json = False) -> None:
    """List the data sets that can be trained on by name."""
    from shortrun.data.recipes import ENTRIES

    if json:
        _output.emit([form(entry) for entry in ENTRIES])
    else:
        found = [(entry.name, entry.title, "here" if is_here(entry) else "") for entry in ENTRIES]
        _output.rows(("name", "title", "copy"), found)


def form(entry: Any) -> dict[str, Any]:
    """Return the JSON form of an entry."""
    hidden = ("load", "annotation")
    return {key: value for key, value in asdict(entry).items() if key not in hidden} | {"here": is_here(entry)}


def is_here(entry: Any) -> bool:
    """Return whether an entry can be read without a download."""
    return entry.load is not None or entry.local_copy() is not None


@app.command()
@verb(reading=Reading)
def info(source: Samples, reading: Reading, json: Json = False) -> None:
    """Show what to know of data before training: sizes, classes, duplicates, gaps, and what will hurt."""
    from shortrun.data import describe, read

    samples = read(source, settings=reading)
    found = {"source": samples.kind.source, **describe(samples)}
    found["warnings"] += leaks(source, reading)
    if json:
        _output.emit(found)
        return
    warnings = found.pop("warnings")
    _output.facts({name: readable(value) for name, value in found.items() if value not in (None, [], {})})
    for line in samples.notes:
        _output.say(f"note: {line}")
    for line in warnings:
        _output.say(f"warning: {line}")


def readable(value: Any) -> str:
    """Return a fact on a line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    if isinstance(value, list):
        return f"{len(value)}: {first_of(value)}"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def leaks(source: str, reading: Reading) -> list[str]:
    """Return what the training part of a file and its test part, if it has one, know of each other."""
    from shortrun.data import read
    from shortrun.data.further import may_have_test
    from shortrun.data.leaks import leak_between

    if reading.part or not may_have_test(source):
        return []
    try:
        train, test = (read(source, settings=reading.model_copy(update={"part": part})) for part in ("train", "test"))
    except (FormatError, ConfigError):
        return []  # one part only
    return [*leak_between(train, test).lines()] if train.hash != test.hash else []


@app.command()
@verb(reading=Reading, tables=TableWriting)
def get(name: Samples, reading: Reading, out: Out, to: To = None) -> None:
    """Write a named data set to a file, from a local copy or from its public address."""
    from shortrun.data.recipes import ENTRIES
    from shortrun.errors import nearest

    names = [entry.name for entry in ENTRIES]
    if name not in names:
        raise ConfigError(
            "data get", f"no data set is called '{name}', known: {', '.join(names)}", nearest(name, names)
        )
    save(name, out, reading, to)


@app.command()
@verb(reading=Reading, tables=TableWriting)
def convert(
    source: Samples,
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="Its suffix says the format; - is stdout.",
            show_default=False,
            rich_help_panel=OUTPUT,
        ),
    ],
    reading: Reading,
    to: To = None,
) -> None:
    """Read data in one format and write them in another."""
    save(source, out, reading, to)


@app.command()
@verb(reading=Reading, tables=TableWriting)
def split(
    source: Samples,
    train: Annotated[
        Path,
        typer.Argument(metavar="TRAIN", help="File for the rest.", show_default=False, rich_help_panel=OUTPUT),
    ],
    test: Annotated[
        Path,
        typer.Argument(metavar="TEST", help="File for what is held out.", show_default=False, rich_help_panel=OUTPUT),
    ],
    reading: Reading,
    fraction: Annotated[float, typer.Option(metavar="SHARE", help="Share held out.", rich_help_panel=DATA)] = 0.2,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the choice.", rich_help_panel=DATA)] = 0,
    identity: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Samples that agree at this share of the sites stay together; persons by alleles shared.",
            rich_help_panel=DATA,
        ),
    ] = None,
) -> None:
    """Write a share of the samples to a file of its own: classes in proportion, groups kept together."""
    from shortrun.data import read
    from shortrun.data.converting import place_for
    from shortrun.data.core.disk import made_in
    from shortrun.data.core.splits import check_shares

    check_shares(fraction, identity, flag="--")
    place, _ = place_for(train), place_for(test)
    with made_in(place, _progress.Counts()):
        samples = read(source, settings=reading)
        parts = samples.split(fraction, seed=seed, identity=identity)
    for line in parts[0].notes:
        _output.say(f"note: {line}", aside=True)
    if samples.groups is not None and identity is None:
        _output.say(f"note: {grouped(samples.groups)}", aside=True)
    for part, path in zip(parts, (train, test), strict=True):
        written(part, path)
    for line in remaining(*parts, identity):
        _output.say(line, aside=True)


def grouped(groups: np.ndarray) -> str:
    """Return how many groups stay together."""
    many = counted(len({*groups.tolist()} - {""}), "group")
    return f"{many} (persons, pieces or of --group) of {counted(len(groups), 'sample')} stay together"


def remaining(train: Dataset, test: Dataset, identity: float | None) -> Iterator[str]:
    """Yield what the two sides of a split still have in common."""
    from shortrun.data.genotypes.related import largest_share
    from shortrun.data.genotypes.variants import is_genotypes
    from shortrun.data.leaks import NEAR, leak_between

    found = leak_between(train, test, identity=identity or NEAR)
    yield from (f"warning: {line}" for line in found.lines("held-out", "remaining"))
    if is_genotypes(train):
        share, compared, persons = largest_share(train, test)
        looked = "" if compared == persons else f", of {compared:,} of {persons:,} held-out ones looked at"
        yield f"largest share of alleles of two persons across the sides{looked}: {share:.1%}"
    elif found.largest == found.largest:
        looked = "" if found.compared == found.samples else f" of {found.compared:,} samples looked at"
        yield f"largest identity across the sides{looked}: {found.largest:.1%}, without the {found.copies:,} copies"


def save(source: str, out: Path, reading: Reading, to: str | None) -> None:
    """Read data and write them to a file, whose format is looked at first."""
    from shortrun.data import convert

    samples = convert(source, out, to=to, settings=reading, told=_progress.Counts())
    for line in samples.notes:
        _output.say(f"note: {line}", aside=True)
    said(samples, out)


def written(samples: Dataset, path: Path) -> None:
    """Write samples to a file and say so."""
    from shortrun.data import write

    write(path, samples)
    said(samples, path)


def said(samples: Dataset, path: Path) -> None:
    """Say what was written."""
    if str(path) != _output.STDOUT:
        _output.say(f"{path}: {counted(len(samples), 'sample')} of {samples.kind.extent}")
