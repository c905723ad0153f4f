"""`shortrun generate`: new samples with the run's own recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _network, _options, _output, _reading
from shortrun.cli._options import MODEL, OUTPUT
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.store import Trajectory

SHOWN = 10  # samples a class in a picture
HELD = "Sites that are held"


def generate(
    run: _options.RunFolder,
    out: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A file by its ending (.npz, .npy: values only, .fasta, .csv, .mid...), a picture, or a folder.",
            rich_help_panel=OUTPUT,
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
    time: Annotated[
        float | None,
        typer.Option(help="Time from the start of a chaotic network, in place of steps.", rich_help_panel=MODEL),
    ] = None,
    seed: _options.NoiseSeed = 0,
    age: _options.Age = None,
    sampler: Annotated[
        str,
        typer.Option(
            metavar="short|ptt|pt",
            help="short: the run's recipe. In equilibrium: ptt, swaps between ages; pt, between temperatures.",
            rich_help_panel=MODEL,
        ),
    ] = "short",
    acceptance: Annotated[
        float | None,
        typer.Option(help="Of these swaps, that ages are chosen for; 0.3 by default.", rich_help_panel=MODEL),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(
            metavar="1,2,5,...",
            help="Sweeps (of a chaotic network times) after which a file of its own is kept too.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SITE=LETTER,...", help="Letters (or COLUMN=CELL) that every sample has.", rich_help_panel=HELD
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Samples of which the sites --keep are held.", rich_help_panel=HELD),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(metavar="1-50,60", help="Sites (or columns) of the template to hold.", rich_help_panel=HELD),
    ] = None,
    original_columns: Annotated[
        bool,
        typer.Option(
            "--original-columns",
            help="On all columns of the alignment: gaps in those that the training left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Generate samples of a class, or of all classes in the proportions of the training data."""
    ending_of(out)  # before anything is computed
    recorded = _options.whole_numbers(record, "record")

    from shortrun.data.formats import fitting
    from shortrun.store import Trajectory
    from shortrun.workflows.tempering import Moves, default_steps

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    columns = [column.name for column in trained.columns or ()]
    held: dict[str, Any] = {"fix": fixed(fix, columns), "keep": kept(keep, columns)}
    if not ending_of(out):
        fitting(out, trained.kind)
    timed, recorded = _network.steps_for(trained, time, recorded)
    steps = steps if timed is None else timed
    k = default_steps(trained, sampler)
    k = k if steps is None else steps
    held["template"] = None if template is None else _reading.further_data(trained, template, {})
    files = {t: out if t == k else beside(out, t) for t in sorted({*recorded, k})}
    asked = {"labels": label, "n": n, "seed": seed, "age": age, **held}
    moves = Moves()
    if sampler != "short":
        asked |= {"sampler": sampler, "watch": moves.add} | ({} if acceptance is None else {"acceptance": acceptance})
    counts = write(trained, files, whole=original_columns, **asked)
    for line in moves.told(trained):
        _output.say(line, aside=True)
    if sampler == "short" and k != trained.recipe["steps"]:
        told = f"note: {k} sweeps, but {run} was trained to generate after {trained.recipe['steps']}"
        _output.say(told, aside=True)
    found = {"run": str(run), "output": str(out), "files": {t: str(file) for t, file in files.items()}}
    found |= {"n": n, "classes": counts, "steps": k, "trained_steps": trained.recipe["steps"]}
    found |= {"seed": seed, "age": trained.ages[-1] if age is None else age, "sampler": sampler, **moves.found()}
    if json:
        _output.emit(found)
    else:
        _output.say(f"{_output.amount(n, 'sample')} after {k} sweeps in {', '.join(found['files'].values())}")


def fixed(texts: list[str] | None, columns: list[str]) -> dict[int, str] | dict[str, str]:
    """Return site -> letter of texts like "12=A,40=G"; of a table column -> cell of texts like "sex=female,age=30".

    Raises
    ------
    ConfigError
        If a site is no number, though the data are no table.
    """
    pairs = _options.assignments(texts, "fix")
    if columns:
        return pairs
    for site in pairs:
        if not site.isdecimal():
            raise ConfigError("--fix", f"the number of a site expected before '=', got '{site}'")
    return {int(site): letter for site, letter in pairs.items()}


def kept(text: str | None, columns: list[str]) -> tuple[int | str, ...]:
    """Return the sites of a text like "1-50,60"; of a table the columns of a text like "sex,age".

    Raises
    ------
    ConfigError
        If a part is no site or column.
    """
    if text is None or not columns:
        return _options.whole_numbers(text, "keep")
    return tuple(name.strip() for name in text.split(","))


def ending_of(path: Path) -> str:
    """Return the ending that says the format of an output: data, or a picture of images; none for a new folder.

    Raises
    ------
    FormatError
        If there is none that can be written.
    StoreError
        If the folder is there already.
    """
    from shortrun.data.formats import format_of
    from shortrun.files import check_new
    from shortrun.plots import SUFFIXES

    if path.suffix.lower() in SUFFIXES:
        return path.suffix
    suffix = format_of(path, able_to="write")[1]
    if not suffix:
        check_new(path)
        return ""
    known = suffix + (".gz" if path.suffix.lower() == ".gz" else "")
    return path.name[-len(known) :]


def beside(path: Path, time: int) -> Path:
    """Return where the samples after `time` sweeps go: g.fasta.gz -> g_t5.fasta.gz."""
    ending = ending_of(path)
    return path.with_name(f"{path.name.removesuffix(ending)}_t{time}{ending}")


def write(run: Trajectory, files: Mapping[int, Path], *, whole: bool, **options: Any) -> dict[str, int]:
    """Write what is generated, a file a time, as it comes; return how many samples each class got."""
    from shortrun import workflows
    from shortrun.data.sequences.gaps import restored

    counts = dict.fromkeys(run.classes, 0)
    with ExitStack() as stack:
        add = {time: stack.enter_context(sink(file)) for time, file in files.items()}
        for part in workflows.stream(run, times=tuple(files), **options):
            for time, samples in part.items():
                add[time](restored(samples) if whole else samples)
            tally = zip(run.classes, next(iter(part.values())).class_counts.tolist(), strict=True)
            counts = {name: counts[name] + count for name, count in tally}
    return counts


@contextmanager
def sink(path: Path) -> Iterator[Callable[[Dataset], None]]:
    """Give a function that adds samples to a file of data or to a picture of the first of each class."""
    from shortrun.data.core.parts import joined
    from shortrun.data.writing import writing
    from shortrun.plots import SUFFIXES, sample_grid, save

    if path.suffix.lower() not in SUFFIXES:
        with writing(path) as add:
            yield add
        return
    kept: list[Dataset] = []

    def keep(part: Dataset) -> None:
        kept[:] = [shown(joined([*kept, part]))]

    yield keep
    save(sample_grid(kept[0]), path)


def shown(samples: Dataset) -> Dataset:
    """Return the first samples of each class, as many as a picture shows; all of unlabelled ones."""
    import numpy as np

    if not samples.classes:
        return samples
    first = [np.flatnonzero(samples.labels == k)[:SHOWN] for k in range(len(samples.classes))]
    return samples.select(np.sort(np.concatenate(first)))
