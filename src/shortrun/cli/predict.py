"""`shortrun predict`: the class probabilities of every sample of a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cells import cell, check_spreadsheet
from shortrun.cli import _evaluating, _options, _output, _reading
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError, FormatError
from shortrun.ranks import follows
from shortrun.settings import MEASUREMENT, OUTPUT, PredictSettings, Reading, TableWriting

if TYPE_CHECKING:
    import numpy as np

    from shortrun.data import Dataset, Predictions
    from shortrun.scores import Baseline
    from shortrun.store import Trajectory

    Add = Callable[[Predictions, bool], object]

DIGITS = "%.6g"
SEPARATORS = {".csv": ",", ".tsv": "\t"}


@verb(reading=Reading, settings=PredictSettings, tables=TableWriting)
def predict(
    run: _options.RunFolder,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Samples to predict, or the name of a data set.")],
    settings: PredictSettings,
    reading: Given,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="CSV or TSV to write; - is stdout.", rich_help_panel=OUTPUT
        ),
    ] = None,
    baseline: Annotated[
        bool,
        typer.Option(
            "--baseline",
            help="Compare with a logistic regression that learns the run's training data.",
            rich_help_panel=MEASUREMENT,
        ),
    ] = False,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Predict the label of every sample, and the accuracy where labels are known.

    Examples
    --------
    # The class of every sample, with its probability
    shortrun predict run new.fasta -o predictions.csv
    # Samples of known classes: accuracy, beside that of a logistic regression
    shortrun predict run test.npz --baseline
    # As the papers do: the noisy answer of one label chain
    shortrun predict run test.npz --sweeps 10 --chains 1 --json
    """
    if str(out) == _output.STDOUT:
        if json:
            raise ConfigError("--json", "-o - writes the predictions to stdout, and nothing else: name a file")
        out = None  # where they go without a name
    separator_of(out)
    if json and out is None:
        check_spreadsheet(None)

    from shortrun import workflows
    from shortrun.store import Trajectory
    from shortrun.workflows.prediction import check_ahead

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    check_ahead(trained, settings)
    part = _reading.part_of(trained, file, reading)
    data = _reading.further_data(trained, file, reading | ({"part": part} if part else {}))
    learned = workflows.learned_from(trained, data)
    rows: list[dict[str, Any]] = []
    with sink(out, rows if json else None) as add:
        found = tallied(workflows.predictions(trained, data, settings=settings), add, learned)
    if follows():
        return
    _output.say(_reading.summary(file, data, part), aside=True)
    _output.say(f"by {_options.told_age(trained, settings, 'predict')}", aside=True)
    for line in (*data.notes, *remarks(found, file, data.kind.is_binned)):
        _output.say(f"note: {line}", aside=True)
    beside = regression(trained, data) if baseline else None
    if json:
        told = {"run": str(run), "file": file, "part": part, "sweeps": settings.sweeps}
        told |= {"baseline": beside._asdict()} if beside is not None else {}
        _output.emit(document(found, out) | ({} if out else {"predictions": rows}) | told)
    _output.say(outcome(found, out), aside=json or out is None)
    if beside is not None:
        _output.say(f"beside it {beside}", aside=json or out is None)


def regression(run: Trajectory, data: Dataset) -> Baseline | None:
    """Return how well a logistic regression of the run's training data does; None, and why, where that cannot be."""
    from shortrun import scores

    real = _evaluating.real_samples(run, None, None, {})
    if real.train is None:
        for line in real.notes:
            _output.say(f"note: no baseline: {line}", aside=True)
        return None
    return scores.baseline(real.train, data.recode(real.train.classes))


def remarks(found: Tally, file: str, binned: bool) -> Iterator[str]:
    """Yield what to know of an accuracy: of samples that the run learned from."""
    from shortrun.data.core.predictions import of_learned

    if found.learned:
        yield of_learned(found.learned, found.samples, found.accuracy_of_others, of=f" of {file}", binned=binned)


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

    if path is not None and not follows():  # the first of several processes has the file
        with opened(path) as file:
            yield lambda part, first: file.write(table(part, first, separator_of(path)).encode())
    elif rows is not None:
        yield lambda part, _first: rows.extend(part.to_pandas().to_dict(orient="records"))
    else:
        yield lambda part, first: _output.block(table(part, first).rstrip("\n"))


def table(part: Predictions, first: bool, separator: str = ",") -> str:
    """Return predictions as lines of a table, with a header before the first."""
    columns, text = part.columns(), io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")  # pandas takes longer to import than to write
    if first:
        writer.writerow(map(cell, columns))
    numbers = (each.dtype.kind == "f" for each in columns.values())
    cells = ((DIGITS.__mod__ if n else cell, each.tolist()) for n, each in zip(numbers, columns.values(), strict=True))
    writer.writerows(zip(*(map(written, values) for written, values in cells), strict=True))
    return text.getvalue()


@dataclass
class Tally:
    """How many samples were predicted, how many of them have a known label, and how many of those are right.

    Others are those that the run did not learn from.
    """

    samples: int = 0
    labelled: int = 0
    right: int = 0
    learned: int = 0
    labelled_others: int = 0
    right_others: int = 0

    @property
    def accuracy(self) -> float | None:
        """The share of labelled samples that are predicted right."""
        return self.right / self.labelled if self.labelled else None

    @property
    def accuracy_of_others(self) -> float | None:
        """The same of labelled samples that the run did not learn from."""
        return self.right_others / self.labelled_others if self.labelled_others else None


def tallied(parts: Iterable[Predictions], add: Add, learned: np.ndarray | None) -> Tally:
    """Add all predictions as they come, and return how good they are; `learned` says of which samples."""
    tally = Tally()
    for part in parts:
        add(part, tally.samples == 0)
        known = part.labels >= 0
        right = known & (part.predicted == part.labels)
        if learned is not None:
            here = learned[tally.samples : tally.samples + len(part)]
            tally.learned += int(here.sum())
            tally.labelled_others += int((known & ~here).sum())
            tally.right_others += int((right & ~here).sum())
        tally.samples += len(part)
        tally.labelled += int(known.sum())
        tally.right += int(right.sum())
    return tally


def document(found: Tally, out: Path | None) -> dict[str, Any]:
    """Return the JSON form."""
    return {
        "samples": found.samples,
        "labelled": found.labelled,
        "accuracy": found.accuracy,
        "learned_from": found.learned,
        "accuracy_of_others": found.accuracy_of_others,
        "output": out and str(out),
    }


def outcome(found: Tally, out: Path | None) -> str:
    """Return one line about accuracy and where the predictions are."""
    known = found.labelled
    accuracy = f"accuracy {found.accuracy:.4f} on {known:,} labelled samples" if known else "no label is known"
    return f"{accuracy}; {found.samples:,} predictions" + (f" in {out}" if out else "")
