"""`shortrun predict`: the class probabilities of every sample of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading
from shortrun.cli._verb import Given, verb
from shortrun.errors import FormatError
from shortrun.settings import OUTPUT, PredictSettings, Reading

if TYPE_CHECKING:
    from shortrun.data import Predictions

    Add = Callable[[Predictions, bool], object]

DIGITS = "%.6g"
SEPARATORS = {".csv": ",", ".tsv": "\t"}


@verb(reading=Reading, settings=PredictSettings)
def predict(
    run: _options.RunFolder,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Samples to predict, or the name of a data set.")],
    settings: PredictSettings,
    reading: Given,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="CSV or TSV to write.", rich_help_panel=OUTPUT),
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Predict the label of every sample, and the accuracy where labels are known."""
    separator_of(out)

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    part = _reading.part_of(trained, file, reading)
    data = _reading.further_data(trained, file, reading | ({"part": part} if part else {}))
    rows: list[dict[str, Any]] = []
    with sink(out, rows if json else None) as add:
        found = tallied(workflows.predictions(trained, data, settings=settings), add)
    _output.say(_reading.summary(file, data, part), aside=True)
    if json:
        told = {"run": str(run), "file": file, "part": part, "sweeps": settings.sweeps}
        _output.emit(document(found, out) | ({} if out else {"predictions": rows}) | told)
    _output.say(outcome(found, out), aside=json or out is None)


def separator_of(path: Path | None) -> str:
    """Return what separates the columns of an output file.

    Raises
    ------
    FormatError
        If its suffix is not one of a table.
    """
    suffix = Path(str(path or ".csv").removesuffix(".gz")).suffix or str(path or ".csv")
    if suffix.lower() not in SEPARATORS:
        raise FormatError(path or "", None, f"predictions are written as {' or '.join(SEPARATORS)}, got '{suffix}'")
    return SEPARATORS[suffix.lower()]


@contextmanager
def sink(path: Path | None, rows: list[dict[str, Any]] | None) -> Iterator[Add]:
    """Give a function that adds predictions to a table (never half a file), else to `rows`, else to what is printed."""
    from shortrun.data.core.parts import opened

    if path is not None:
        with opened(path) as file:
            yield lambda part, first: file.write(table(part, first, separator_of(path)).encode())
    elif rows is not None:
        yield lambda part, _first: rows.extend(part.to_pandas().to_dict(orient="records"))
    else:
        yield lambda part, first: _output.say(table(part, first).rstrip("\n"))


def table(part: Predictions, first: bool, separator: str = ",") -> str:
    """Return predictions as lines of a table, with a header before the first."""
    return part.to_pandas().to_csv(index=False, header=first, sep=separator, float_format=DIGITS)


@dataclass
class Tally:
    """How many samples were predicted, how many of them have a known label, and how many of those are right."""

    samples: int = 0
    labelled: int = 0
    right: int = 0

    @property
    def accuracy(self) -> float | None:
        """The share of labelled samples that are predicted right."""
        return self.right / self.labelled if self.labelled else None


def tallied(parts: Iterable[Predictions], add: Add) -> Tally:
    """Add all predictions as they come, and return how good they are."""
    tally = Tally()
    for part in parts:
        add(part, tally.samples == 0)
        known = part.labels >= 0
        tally.samples += len(part)
        tally.labelled += int(known.sum())
        tally.right += int((part.predicted == part.labels)[known].sum())
    return tally


def document(found: Tally, out: Path | None) -> dict[str, Any]:
    """Return the JSON form."""
    return {
        "samples": found.samples,
        "labelled": found.labelled,
        "accuracy": found.accuracy,
        "output": out and str(out),
    }


def outcome(found: Tally, out: Path | None) -> str:
    """Return one line about accuracy and where the predictions are."""
    known = found.labelled
    accuracy = f"accuracy {found.accuracy:.4f} on {known:,} labelled samples" if known else "no label is known"
    return f"{accuracy}; {found.samples:,} predictions" + (f" in {out}" if out else "")
