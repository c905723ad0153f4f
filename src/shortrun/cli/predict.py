"""`shortrun predict`: the class probabilities of every sample of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading
from shortrun.cli._options import MODEL, OUTPUT
from shortrun.errors import FormatError

if TYPE_CHECKING:
    from shortrun.data import Predictions

DIGITS = "%.6g"
SEPARATORS = {".csv": ",", ".tsv": "\t"}


def predict(
    run: _options.RunFolder,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Samples to predict, or the name of a data set.")],
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="CSV or TSV to write.", rich_help_panel=OUTPUT),
    ] = None,
    labels: _options.LabelsFile = None,
    label_column: _options.LabelColumn = None,
    key: _options.Keys = None,
    threshold: _options.Threshold = None,
    unknown: _options.Unknown = None,
    part: _options.Part = None,
    sweeps: Annotated[
        int | None,
        typer.Option(help="Sweeps of the label chain; without it, exact probabilities.", rich_help_panel=MODEL),
    ] = None,
    chains: Annotated[
        int | None,
        typer.Option(help="Label chains a sample to average over, with --sweeps.", rich_help_panel=MODEL),
    ] = None,
    age: _options.Age = None,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Predict the label of every sample, and the accuracy where labels are known."""
    separator_of(out)
    averaged = {} if chains is None else {"chains": chains}
    given = _reading.options(
        labels=labels, label_column=label_column, keys=key, threshold=threshold, unknown=unknown, part=part
    )

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    chosen = _reading.part_of(trained, file, given)
    data = _reading.further_data(trained, file, given | ({"part": chosen} if chosen else {}))
    found = workflows.predict(trained, data, sweeps=sweeps, seed=seed, age=age, **averaged)
    if out is not None:
        write(out, found)
    _output.say(_reading.summary(file, data, chosen), aside=True)
    if json:
        _output.emit(document(found, out) | {"run": str(run), "file": file, "part": chosen, "sweeps": sweeps})
    elif out is None:
        _output.say(found.to_pandas().to_csv(index=False, float_format=DIGITS).rstrip("\n"))
    _output.say(outcome(found, out), aside=json or out is None)


def separator_of(path: Path | None) -> str:
    """Return what separates the columns of an output file.

    Raises
    ------
    FormatError : if its suffix is not one of a table
    """
    suffix = Path(str(path or ".csv").removesuffix(".gz")).suffix or str(path or ".csv")
    if suffix.lower() not in SEPARATORS:
        raise FormatError(path or "", None, f"predictions are written as {' or '.join(SEPARATORS)}, got '{suffix}'")
    return SEPARATORS[suffix.lower()]


def write(path: Path, found: Predictions) -> None:
    """Write predictions as a table; never half a file."""
    from shortrun.data.parts import opened

    text = found.to_pandas().to_csv(index=False, sep=separator_of(path), float_format=DIGITS)
    with opened(path) as file:
        file.write(text.encode())


def document(found: Predictions, out: Path | None) -> dict[str, Any]:
    """Return the JSON form; the predictions themselves where no file holds them."""
    summed = {
        "samples": len(found),
        "labelled": int((found.labels >= 0).sum()),
        "accuracy": found.accuracy,
        "output": out and str(out),
    }
    return summed if out else summed | {"predictions": found.to_pandas().to_dict(orient="records")}


def outcome(found: Predictions, out: Path | None) -> str:
    """Return one line about accuracy and where the predictions are."""
    known = int((found.labels >= 0).sum())
    accuracy = f"accuracy {found.accuracy:.4f} on {known:,} labelled samples" if known else "no label is known"
    return f"{accuracy}; {len(found):,} predictions" + (f" in {out}" if out else "")
