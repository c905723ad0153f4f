"""`shortrun generate`: new samples with the run's own recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cells import check_spreadsheet
from shortrun.cli import _options, _output, _reading
from shortrun.cli._verb import verb
from shortrun.errors import ConfigError
from shortrun.phrases import counted
from shortrun.ranks import follows
from shortrun.settings import OUTPUT, GenerateSettings, TableWriting
from shortrun.settings.sampling import HELD
from shortrun.settings.text import whole_numbers

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.store import Trajectory

IN_A_PICTURE = 10  # samples of each class


@verb(settings=GenerateSettings, tables=TableWriting)
def generate(
    run: _options.RunFolder,
    settings: GenerateSettings,
    out: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A file by its ending (.npz, .npy: values only, .fasta, .csv, .mid...), a picture, a folder, or - for "
            "stdout.",
            rich_help_panel=OUTPUT,
        ),
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="Format of the output, as csv, where its ending does not say it; of stdout, fasta or csv by default.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Samples of which the sites --keep are held.", rich_help_panel=HELD),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(
            metavar="1,2,5,...",
            help="Sweeps (times of a chaotic network) after which samples go to a file of their own too.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    original_columns: Annotated[
        bool,
        typer.Option(
            "--original-columns",
            help="Write all columns of the alignment, with gaps in those that the training left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Generate samples of a class, or of all classes in the proportions of the training data.

    Examples
    --------
    # 1,000 samples, classes in the proportions of the training data
    shortrun generate run -n 1000 -o new.npz
    # 100 sequences of a class, with two sites held
    shortrun generate run --label active -n 100 --fix 12=A,40=G -o new.fasta
    # Rows of a table that keep a rule
    shortrun generate run -n 500 --rule "begin <= end" -o rows.csv
    """
    check_output(out, form, several=record is not None, json=json)  # before anything is computed
    recorded = () if record is None else whole_numbers(record, "--record")

    from shortrun.data.formats import fitting
    from shortrun.data.sequences.gaps import has_gaps
    from shortrun.data.writing import usual
    from shortrun.equilibrium import Moves
    from shortrun.store import Trajectory
    from shortrun.workflows._music import is_longer
    from shortrun.workflows.generation import steps_of, sweeps_at

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    if str(out) == _output.STDOUT:
        form = form or usual(trained.kind)
    elif form is None and not ending_of(out):
        fitting(out, trained.kind)
    if original_columns and not has_gaps(trained.kind.alphabet):
        reason = f"is for an alignment, of letters with gaps; {run} was trained on {trained.kind.words}"
        raise ConfigError("--original-columns", reason)
    k, moves = steps_of(trained, settings), Moves()
    longer = is_longer(settings)
    if (longer or settings.rules) and recorded:
        raise ConfigError("--record", "is for samples, not for pieces of several windows, or rows that keep rules")
    held = None if template is None else _reading.further_data(trained, template, {})
    files = {t: out if t == k else beside(out, t, form) for t in sorted({*sweeps_at(trained, recorded), k})}
    n, counts, said = write(trained, files, form, original_columns, template=held, settings=settings, watch=moves.add)
    n, what = (settings.n, "piece") if longer else (n, "sample")
    if follows():
        return
    notes = [*said, *moves.notes(trained.recipe), *note_of_steps(trained, settings, k)]
    for line in notes:
        _output.say(line, aside=True)
    if json:
        found = {"n": n, "classes": counts, "output": str(out), **moves.found()}
        _output.emit(document(trained, settings, files, k) | found)
    elif str(out) != _output.STDOUT:
        what = "piece" if longer else "sample"
        made, after = counted(settings.n if longer else n, what), counted(k, "sweep")
        _output.say(f"{made} after {after} in {', '.join(map(str, files.values()))}")
        _output.say(f"from {_options.told_age(trained, settings)}", aside=True)


def check_output(path: Path, form: str | None, *, several: bool, json: bool) -> None:
    """Raise an error unless samples can be written there, and nothing else is where they go to stdout.

    Raises
    ------
    ConfigError
        If stdout is to hold several files, or a document too.
    """
    from shortrun.data.core.raw import bare
    from shortrun.data.writing import target

    if str(path) == _output.STDOUT and (several or json):
        reason = "-o - writes one file to stdout, and nothing else: name a file"
        raise ConfigError("--record" if several else "--json", reason)
    if form is not None:
        target(path, form)
    elif str(path) != _output.STDOUT:
        check_spreadsheet(path, Path(bare(path)).suffix)
        ending_of(path)


def note_of_steps(run: Trajectory, settings: GenerateSettings, k: int) -> list[str]:
    """Return what to say of another number of sweeps than the recipe's."""
    trained = run.recipe["steps"]
    if settings.sampler != "short" or k == trained:
        return []
    return [f"note: {counted(k, 'sweep')}, but {run.path} was trained to generate after {trained}"]


def document(run: Trajectory, settings: GenerateSettings, files: Mapping[int, Path], k: int) -> dict[str, Any]:
    """Return what was generated and how, for a JSON document."""
    from shortrun.workflows._runs import age_of

    return {
        "run": str(run.path),
        "files": {t: str(file) for t, file in files.items()},
        "asked": settings.n,
        "steps": k,
        "trained_steps": run.recipe["steps"],
        "seed": settings.seed,
        "age": age_of(run, settings.age),
        "sampler": settings.sampler,
    }


def ending_of(path: Path) -> str:
    """Return the ending that says the format of an output: data, or a picture of images; none for a new folder.

    Raises
    ------
    FormatError
        If there is none that can be written.
    StoreError
        If the folder is there already.
    """
    from shortrun.data.formats import format_to_write
    from shortrun.files import check_new
    from shortrun.plots import SUFFIXES

    if path.suffix.lower() in SUFFIXES:
        return path.suffix
    suffix = format_to_write(path)[1]
    if not suffix:
        check_new(path)
        return ""
    known = suffix + (".gz" if path.suffix.lower() == ".gz" else "")
    return path.name[-len(known) :]


def beside(path: Path, time: int, form: str | None) -> Path:
    """Return where the samples after `time` sweeps go: g.fasta.gz -> g_t5.fasta.gz."""
    ending = ending_of(path) if form is None else path.suffix
    return path.with_name(f"{path.name.removesuffix(ending)}_t{time}{ending}")


def write(
    run: Trajectory, files: Mapping[int, Path], form: str | None, original_columns: bool, **options: Any
) -> tuple[int, dict[str, int], tuple[str, ...]]:
    """Write what is generated, a file for each time, as it comes; return how many, how many a class, and notes."""
    from shortrun.data.sequences.gaps import restored

    n, counts, notes = 0, dict.fromkeys(run.classes, 0), {}
    with ExitStack() as stack:
        add = {time: stack.enter_context(sink(file, form)) for time, file in files.items()}
        for part in made(run, tuple(files), options):
            for time, samples in part.items():
                notes |= dict.fromkeys(samples.notes)
                add[time](restored(samples) if original_columns else samples)
            one = next(iter(part.values()))
            n += len(one)
            counts = {k: counts[k] + count for k, count in zip(run.classes, one.class_counts.tolist(), strict=True)}
    return n, counts, tuple(notes)


def made(run: Trajectory, times: tuple[int, ...], options: Mapping[str, Any]) -> Iterator[dict[int, Dataset]]:
    """Yield {sweeps: samples} as they come; pieces of several windows, and rows that keep rules, all at once."""
    from shortrun import workflows
    from shortrun.workflows._music import is_longer

    if is_longer(options["settings"]) or options["settings"].rules:
        yield {times[-1]: workflows.generate(run, template=options["template"], settings=options["settings"])}
    else:
        yield from workflows.stream(run, times=times, **options)


@contextmanager
def sink(path: Path, form: str | None) -> Iterator[Callable[[Dataset], None]]:
    """Give a function that adds samples to a file of data or to a picture of the first of each class.

    Of several processes the first one has the file.
    """
    if follows():
        yield lambda _: None
        return
    from shortrun.data.core.parts import joined
    from shortrun.data.writing import writing
    from shortrun.plots import SUFFIXES, sample_grid, save

    if form is not None or path.suffix.lower() not in SUFFIXES:
        with writing(path, form) as add:
            yield add
        return
    kept: list[Dataset] = []

    def keep(part: Dataset) -> None:
        kept[:] = [first_of_classes(joined([*kept, part]))]

    yield keep
    save(sample_grid(kept[0]), path)


def first_of_classes(samples: Dataset) -> Dataset:
    """Return the first samples of each class, as many as a picture shows; all of unlabelled ones."""
    import numpy as np

    if not samples.classes:
        return samples
    first = [np.flatnonzero(samples.labels == k)[:IN_A_PICTURE] for k in range(len(samples.classes))]
    return samples.select(np.sort(np.concatenate(first)))
