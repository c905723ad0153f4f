"""`shortrun plot`: the figures of the papers, one command a kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortrun.cli import _curves, _options, _output
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError
from shortrun.files import check_place
from shortrun.settings import OUTPUT, OfAge, Reading
from shortrun.settings._base import MOST_UNITS
from shortrun.settings.text import listed, whole_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shortrun.workflows.plotting import Plots

# Figures of real and generated samples, by the name of their command: the function in `plots`, and what it shows.
PAIRS = {
    "pca": ("pca", "Samples on the principal components of the real ones (FF23 fig. 1)."),
    "logo": ("sequence_logos", "Sequence logos of real and of generated sequences."),
    "allele-frequencies": ("allele_frequencies", "Allele frequencies, generated against real."),
    "linkage": ("linkage", "Decay of linkage disequilibrium with distance."),
    "lengths": ("length_profile", "Lengths of sequences without their gaps."),
    "pitch-classes": ("pitch_classes", "How often each pitch class of music sounds."),
}

RealFile = Annotated[str, typer.Argument(metavar="REAL", help="Real samples.", show_default=False)]
GeneratedFile = Annotated[str, typer.Argument(metavar="GENERATED", help="Generated samples.", show_default=False)]
CurvesFile = Annotated[Path, typer.Argument(metavar="CURVES", help="Table of `shortrun curves`.", show_default=False)]
CurvesFiles = Annotated[
    list[Path], typer.Argument(metavar="CURVES...", help="Tables of `shortrun curves`, a run each.", show_default=False)
]
PredictionsFile = Annotated[
    Path, typer.Argument(metavar="PREDICTIONS", help="Table of `shortrun predict -o`.", show_default=False)
]
FigureFile = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help=".png, .svg or .pdf.", rich_help_panel=OUTPUT)
]
Sweeps = Annotated[str | None, typer.Option("--k", metavar="K,...", help="Sweeps of the training, to mark: one a run.")]
Names = Annotated[
    str | None, typer.Option("--name", metavar="NAME,...", help="Of the runs; of their files by default.")
]
Scores = Annotated[str | None, typer.Option(metavar="NAME,...", help="Rows of the figure; all by default.")]

Count = Annotated[int, typer.Option("-n", min=1, max=MOST_UNITS)]
Units = Annotated[int, typer.Option("-n", "--number", min=1, max=MOST_UNITS, help="Hidden units, the strongest.")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def plot() -> None:
    """Draw the figures of the papers from what the other verbs wrote.

    Examples
    --------
    # Real and generated samples on the principal components of the real ones
    shortrun plot pca family.fasta new.fasta -o pca.png
    # Images of each class, after one and after ten sweeps
    shortrun plot samples run --times 1,10 -o samples.png
    # How a training went
    shortrun plot training run -o training.png
    """


def pair_command(name: str, function: str, about: str) -> Callable[..., None]:
    """Return the command of a figure of real and generated samples."""

    def command(real: RealFile, generated: GeneratedFile, reading: Given, out: FigureFile) -> None:
        check(out)
        from shortrun import plots
        from shortrun.data import read

        samples = read(real, **reading)
        others = read(generated, like=samples)
        save(getattr(plots, function)(samples, others), out)

    command.__name__, command.__doc__ = name.replace("-", "_"), about
    return verb(reading=Reading)(command)


for _name, (_function, _about) in PAIRS.items():
    app.command(_name)(pair_command(_name, _function, _about))


@app.command()
def scores(file: CurvesFile, out: FigureFile, k: Sweeps = None, name: Names = None, scores: Scores = None) -> None:
    """Scores of the last age against sampling time, class by class (FF23 fig. 3A)."""
    check(out)
    from shortrun import plots

    (found,) = _curves.curves([file], k, name)
    save(plots.scores_by_class(found, names(scores)), out)


@app.command()
def ages(files: CurvesFiles, out: FigureFile, k: Sweeps = None, name: Names = None, scores: Scores = None) -> None:
    """Scores against sampling time, age by age, of runs side by side (FF23 fig. 7)."""
    check(out)
    from shortrun import plots

    save(plots.scores_by_age(_curves.curves(files, k, name), names(scores)), out)


@app.command()
def compare(
    files: CurvesFiles,
    out: FigureFile,
    against: Annotated[str, typer.Option(metavar="steps|age", help="Sampling time, or training time at k.")] = "steps",
    k: Sweeps = None,
    name: Names = None,
    scores: Scores = None,
) -> None:
    """Scores of runs in one figure, against sampling time or training time (FU24 fig. 3b, 5)."""
    check(out)
    from shortrun import plots

    found = _curves.curves(files, k, name)
    save(plots.scores_of_runs(found, names(scores), against=against), out)


@app.command()
def accuracy(files: CurvesFiles, out: FigureFile, name: Names = None) -> None:
    """Accuracy against age and against label sweeps (FF23 fig. 3B)."""
    check(out)
    from shortrun import plots

    save(plots.accuracy(_curves.curves(files, None, name)), out)


@app.command()
def confusion(file: PredictionsFile, out: FigureFile) -> None:
    """Which classes are taken for which (FF23 fig. 5)."""
    check(out)
    from shortrun import plots

    save(plots.confusion(_curves.predictions(file)), out)


@app.command()
def reliability(file: PredictionsFile, out: FigureFile) -> None:
    """Whether predicted probabilities are right as often as they say."""
    check(out)
    from shortrun import plots

    save(plots.reliability(_curves.predictions(file)), out)


@app.command()
def samples(
    source: Annotated[
        str, typer.Argument(metavar="FILE|RUN", help="Images, or a run to make them.", show_default=False)
    ],
    out: FigureFile,
    times: Annotated[
        str | None, typer.Option(metavar="1,10,100", help="Sweeps of a run, a grid each; its k by default.")
    ] = None,
    columns: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Samples a class; 10, or 5 in each of several grids.")
    ] = None,
    seed: _options.NoiseSeed = 0,
    age: _options.Age = "best",
    threads: _options.Threads = None,
) -> None:
    """Images of each class, of a file or of a run after several sampling times (FF23 fig. 6)."""
    check(out)
    sweeps = () if times is None else whole_numbers(times, "--times")
    _options.use_threads(threads)
    if (Path(source) / "run.json").exists():
        at = OfAge.of(age=age).age
        return save(plot_of(source).samples(sweeps, columns=columns, seed=seed, age=at), out)
    if sweeps:
        raise ConfigError("--times", f"the folder of a run expected with it, got '{source}'")
    from shortrun import plots
    from shortrun.data import read

    return save(plots.sample_grid(read(source), columns=columns or 10), out)


def plot_of(run: Path | str) -> Plots:
    """Return the figures of a run."""
    from shortrun.store import Trajectory

    return Trajectory.open(run).plot


@app.command()
def weights(run: _options.RunFolder, out: FigureFile, number: Count = 10) -> None:
    """Singular values of the weights against age."""
    check(out)
    save(plot_of(run).weights(count=number), out)


@app.command()
def fields(
    run: _options.RunFolder,
    out: FigureFile,
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, max=MOST_UNITS, help="Hidden units, the strongest.")
    ] = 32,
    age: _options.Age = "best",
) -> None:
    """Weights of the strongest hidden units."""
    check(out)
    save(plot_of(run).fields(count=number, age=OfAge.of(age=age).age), out)


@app.command()
def motifs(
    run: _options.RunFolder,
    out: FigureFile,
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, max=MOST_UNITS, help="Hidden units, the strongest.")
    ] = 6,
    age: _options.Age = "best",
) -> None:
    """Weights of the strongest hidden units as sequence logos: what each is for, and against."""
    check(out)
    save(plot_of(run).motifs(count=number, age=OfAge.of(age=age).age), out)


@app.command()
def training(run: _options.RunFolder, out: FigureFile) -> None:
    """Residuals, norms and accuracy while a run learned."""
    check(out)
    save(plot_of(run).training(), out)


@app.command()
def plddt(
    file: Annotated[Path, typer.Argument(metavar="TABLE", help="Table of `shortrun fold`.", show_default=False)],
    out: FigureFile,
) -> None:
    """How confident a structure predictor is of real and of generated proteins (FF23 fig. 4)."""
    check(out)
    import pandas as pd

    from shortrun import plots

    found = _curves.table(file, ("source", "plddt"), "fold")
    found["plddt"] = pd.to_numeric(found["plddt"], errors="coerce")
    save(plots.plddt(found), out)


def names(text: str | None) -> list[str] | None:
    """Return the names in a text like "aai,spectrum", None for none."""
    return None if text is None else list(listed([text]))


def check(out: Path) -> None:
    """Refuse an output that is no figure, or cannot be made, before anything is computed."""
    from shortrun.plots import check_suffix

    check_suffix(out)
    check_place(out)


def save(figure: Figure, out: Path) -> None:
    """Write a figure and say so."""
    from shortrun import plots

    plots.save(figure, out)
    _output.say(f"figure in {out}")
