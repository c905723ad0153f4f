"""`shortrun generate`: new samples with the run's own recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading
from shortrun.cli._options import MODEL, OUTPUT
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    from shortrun.store import Trajectory

HELD = "Sites that are held"


def generate(
    run: _options.RunFolder,
    out: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help=".npz, .fasta, .csv or .tsv, also with .gz.", rich_help_panel=OUTPUT
        ),
    ],
    n: Annotated[int, typer.Option("-n", "--number", help="How many samples.", rich_help_panel=MODEL)] = 100,
    label: Annotated[
        str | None,
        typer.Option(metavar="CLASS", help="Their class; training proportions by default.", rich_help_panel=MODEL),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Sweeps from noise; the k of the training by default.", rich_help_panel=MODEL),
    ] = None,
    seed: _options.NoiseSeed = 0,
    age: _options.Age = None,
    record: Annotated[
        str | None,
        typer.Option(
            metavar="1,2,5,...", help="Sweeps after which a file of its own is kept too.", rich_help_panel=OUTPUT
        ),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(metavar="SITE=LETTER,...", help="Letters that every sample has.", rich_help_panel=HELD),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Samples of which the sites --keep are held.", rich_help_panel=HELD),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(metavar="1-50,60", help="Sites of the template to hold.", rich_help_panel=HELD),
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Generate samples of a class, or of all classes in the proportions of the training data."""
    from shortrun.data.readers import format_of

    format_of(out, able_to="write")  # before anything is computed
    held = {"fix": fixed(fix), "keep": _options.whole_numbers(keep, "keep")}
    recorded = _options.whole_numbers(record, "record")

    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    k = trained.recipe["steps"] if steps is None else steps
    if k != trained.recipe["steps"]:
        told = f"note: {k} sweeps, but {run} was trained to generate after {trained.recipe['steps']}"
        _output.say(told, aside=True)
    held["template"] = None if template is None else _reading.further_data(trained, template, {})
    files = {t: out if t == k else beside(out, t) for t in sorted({*recorded, k})}
    counts = write(trained, files, labels=label, n=n, seed=seed, age=age, **held)
    found = {"run": str(run), "output": str(out), "files": {t: str(file) for t, file in files.items()}}
    found |= {"n": sum(counts.values()), "classes": counts, "steps": k, "trained_steps": trained.recipe["steps"]}
    found |= {"seed": seed, "age": trained.ages[-1] if age is None else age}
    if json:
        _output.emit(found)
    else:
        _output.say(f"{_output.amount(n, 'sample')} after {k} sweeps in {', '.join(found['files'].values())}")


def fixed(texts: list[str] | None) -> dict[int, str]:
    """Return site -> letter of texts like "12=A,40=G".

    Raises
    ------
    ConfigError : if a site is no number
    """
    pairs = _options.assignments(texts, "fix")
    for site in pairs:
        if not site.isdecimal():
            raise ConfigError("--fix", f"the number of a site expected before '=', got '{site}'")
    return {int(site): letter for site, letter in pairs.items()}


def beside(path: Path, time: int) -> Path:
    """Return where the samples after `time` sweeps go: g.fasta.gz -> g_t5.fasta.gz."""
    from shortrun.data.readers import format_of

    ending = format_of(path, able_to="write")[1] + (".gz" if path.suffix.lower() == ".gz" else "")
    return path.with_name(f"{path.name[: -len(ending)]}_t{time}{path.name[-len(ending) :]}")


def write(run: Trajectory, files: Mapping[int, Path], **options: Any) -> dict[str, int]:
    """Write what is generated, a file a time, and return how many samples each class got."""
    from shortrun import workflows
    from shortrun.data import write as write_data

    parts: dict[int, list[Any]] = {time: [] for time in files}
    for part in workflows.stream(run, times=tuple(files), **options):
        for time, samples in part.items():
            parts[time].append(samples)
    for time, file in files.items():
        whole = joined(parts[time])
        write_data(file, whole)
    return dict(zip(whole.classes, whole.class_counts.tolist(), strict=True)) if whole.classes else {"": len(whole)}


def joined(parts: Sequence[Any]) -> Any:
    from shortrun.workflows import _joined

    return _joined(parts)
