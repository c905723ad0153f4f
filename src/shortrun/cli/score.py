"""`shortrun score`: how good generated samples are, from two files and no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output
from shortrun.cli._verb import Given, verb
from shortrun.phrases import counted
from shortrun.settings import DATA, Reading
from shortrun.settings.scoring import ScoreSettings

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.scores import Score


@verb(settings=ScoreSettings, reading=Reading)
def score(
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="Real samples: those of the training.", show_default=False)
    ],
    generated: Annotated[str, typer.Argument(metavar="GENERATED", help="Generated samples.", show_default=False)],
    reading: Given,
    settings: ScoreSettings,
    held_out: Annotated[
        str | None,
        typer.Option("--held-out", metavar="FILE", help="Real samples not trained on.", rich_help_panel=DATA),
    ] = None,
    json: _options.JsonFile = None,
) -> None:
    """Score generated samples against real ones: spectrum, entropy, adversarial accuracy, moments, copies, ...

    Examples
    --------
    # Generated samples against those of the training
    shortrun score train.csv new.csv
    # With real samples that were not trained on: copies and privacy too
    shortrun score train.csv new.csv --held-out test.csv --json scores.json
    # Some scores of sequences
    shortrun score family.fasta new.fasta --scores spectrum,p-dd,p-gg
    """
    check_names(settings.scores)
    from shortrun import workflows
    from shortrun.data import read
    from shortrun.data.leaks import leak_between

    real = read(reference, **reading)
    made = read(generated, like=real)
    new = None if held_out is None else unseen(real, reading, held_out)
    leak = None if new is None else leak_between(real, new)
    piped = str(json) == _output.STDOUT  # nothing else goes there
    for line in () if leak is None else leak.lines("held-out", "reference"):
        _output.say(f"warning: {line}", aside=piped)
    found = workflows.score(real, made, held_out=new, leak=leak, settings=settings)
    if json is not None:
        _output.save([each.to_dict() for each in found], json)
    if piped:
        return
    show(found)
    for line in remarks(found, held_out):
        _output.say(f"note: {line}")


def check_names(names: Sequence[str] | None) -> None:
    """Refuse unknown scores before data are read.

    Raises
    ------
    ConfigError
        If there is no such score; names the nearest.
    """
    if names is not None:
        from shortrun import scores

        scores.check_names(names)


def unseen(real: Dataset, reading: Mapping[str, Any], path: str) -> Dataset:
    """Return the held-out samples of a file: its test part where it has one."""
    from shortrun.data import read
    from shortrun.data.further import test_part

    part = test_part(Path(path))
    given = ({"labels": reading["labels"]} if "labels" in reading else {}) | ({"part": part} if part else {})
    return read(path, like=real, **given)


def show(found: Sequence[Score]) -> None:
    """Print the scores of all samples, or averaged over the classes, as a table, and how some were measured."""
    from shortrun.scores import verdict

    overall = [it for it in found if it.cls == "all"]
    lines = [
        (it.score, number(it.value), number(it.error), number(it.floor), ideal(it), better(it), verdict(it))
        for it in overall
    ]
    _output.rows(("score", "value", "error", "floor", "ideal", "better", "verdict"), lines)
    for it in overall:
        if it.note:
            _output.say(f"note: {it.score}: {it.note}")


def number(value: float) -> str:
    """Return a number in four digits, a dash for none."""
    return "-" if value != value else f"{value:.4g}"


def ideal(score: Score) -> str:
    """Return the ideal, "floor" where only that says what to expect."""
    return "floor" if score.ideal is None else f"{score.ideal:g}"


def better(score: Score) -> str:
    """Return which values are better."""
    return "nearer" if score.direction == "none" else score.direction


def remarks(found: Sequence[Score], held_out: str | None) -> list[str]:
    """Return what to know of a table: what it averages over, and what was left out."""
    classes = {each.cls: each.value for each in found if each.cls != "all"}
    few = [name for name in classes if all(each.value != each.value for each in found if each.cls == name)]
    told = [f"means over {counted(len(classes) - len(few), 'class')}"] if classes else []
    told += [f"too few samples to score {', '.join(few)}"] if few else []
    return told + ([] if held_out else ["scores of memorisation need --held-out FILE: real samples not trained on"])
