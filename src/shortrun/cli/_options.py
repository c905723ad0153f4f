"""Arguments and options that several verbs share, each with its one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortrun.errors import ConfigError

DATA, MODEL, TRAINING, OUTPUT, MACHINE = "Data", "Model and scheme", "Training", "Output", "Machine"
CHAOTIC = "Chaotic networks"

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a trained run.", show_default=False)]

LabelsFile = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="CSV or TSV file with columns name,label.", rich_help_panel=DATA),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Column (or array) that holds the classes.", rich_help_panel=DATA),
]
Group = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Column whose equal values stay on one side of a split.", rich_help_panel=DATA),
]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="ROLE=ARRAY,...", help="Arrays of an .npz file, as x=..,y=..", rich_help_panel=DATA),
]
Threshold = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Share of full scale above which a grey value is 1.", rich_help_panel=DATA),
]
AlphabetName = Annotated[
    str | None,
    typer.Option(
        "--alphabet",
        metavar="NAME",
        help="protein, rna, dna, binary, codes, continuous, or the letters; detected by default.",
        rich_help_panel=DATA,
    ),
]
Unknown = Annotated[
    str | None,
    typer.Option(metavar="error|gap|drop", help="What to do with letters outside the alphabet.", rich_help_panel=DATA),
]
Inserts = Annotated[
    str | None,
    typer.Option(
        metavar="keep|remove", help="Small letters and '.' of an alignment; A2M loses them.", rich_help_panel=DATA
    ),
]
Align = Annotated[
    str | None,
    typer.Option(metavar="HMM", help="Model that FASTA sequences are aligned to.", rich_help_panel=DATA),
]
MaxGaps = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Remove columns with a larger share of gaps, as 0.7.", rich_help_panel=DATA),
]
Part = Annotated[
    str | None,
    typer.Option(metavar="train|test", help="Which part of a file that holds both.", rich_help_panel=DATA),
]
Grey = Annotated[
    bool | None,
    typer.Option("--grey", help="Keep grey values of images, 0 to 1, for continuous units.", rich_help_panel=DATA),
]
Frames = Annotated[
    int | None,
    typer.Option(metavar="BINS", help="Bins of music in one sample; 10 by default.", rich_help_panel=DATA),
]
TimeBin = Annotated[
    str | None,
    typer.Option(metavar="beat/N|SECONDSs", help="Width of a bin of music, as beat/4 or 0.05s.", rich_help_panel=DATA),
]
Stride = Annotated[
    int | None,
    typer.Option(metavar="BINS", help="Bins from one sample of music to the next; 1 by default.", rich_help_panel=DATA),
]
Region = Annotated[
    str | None,
    typer.Option(
        metavar="CHR:FROM-TO", help="Sites of genotypes to read, as 22:16050000-17000000.", rich_help_panel=DATA
    ),
]
Maf = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Lowest minor-allele frequency of a site, as 0.05.", rich_help_panel=DATA),
]
Thin = Annotated[
    int | None,
    typer.Option(metavar="DISTANCE", help="Least distance of two sites, in base pairs.", rich_help_panel=DATA),
]
Missing = Annotated[
    str | None,
    typer.Option(
        metavar="error|drop-site|drop-sample|major|category",
        help="What to do with missing calls of genotypes (the first four), and missing cells of tables (error, "
        "drop-sample, or category: a value of their own).",
        rich_help_panel=DATA,
    ),
]
Multiallelic = Annotated[
    str | None,
    typer.Option(metavar="skip|error", help="Sites without exactly two alleles.", rich_help_panel=DATA),
]
Age = Annotated[
    int | None,
    typer.Option(metavar="UPDATE", help="Age of the training to use; the last by default.", rich_help_panel=MODEL),
]
Ages = Annotated[
    str | None,
    typer.Option(
        "--ages",
        "--age",
        metavar="all|last|1,50,...",
        help="Ages of the training; by default some of them.",
        rich_help_panel=MODEL,
    ),
]
NoiseSeed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the noise.", rich_help_panel=MODEL)]
Threads = Annotated[
    int | None,
    typer.Option(min=1, help="Threads of the computation; all cores by default.", rich_help_panel=MACHINE),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.", rich_help_panel=OUTPUT)]


Bins = Annotated[
    int | None,
    typer.Option(metavar="N", help="Bins of a column of numbers in a table; 10 by default.", rich_help_panel=DATA),
]
Categorical = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN,...", help="Columns of a table that are categories.", rich_help_panel=DATA),
]
Numeric = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN,...", help="Columns of a table that are numbers.", rich_help_panel=DATA),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN,...", help="Columns of a table to leave out.", rich_help_panel=DATA),
]


def of_reading(
    labels: LabelsFile = None,
    label_column: LabelColumn = None,
    group: Group = None,
    keys: Keys = None,
    threshold: Threshold = None,
    alphabet: AlphabetName = None,
    unknown: Unknown = None,
    inserts: Inserts = None,
    align: Align = None,
    max_gaps: MaxGaps = None,
    part: Part = None,
    grey: Grey = None,
    frames: Frames = None,
    time_bin: TimeBin = None,
    stride: Stride = None,
    region: Region = None,
    maf: Maf = None,
    thin: Thin = None,
    missing: Missing = None,
    multiallelic: Multiallelic = None,
    bins: Bins = None,
    categorical: Categorical = None,
    numeric: Numeric = None,
    ignore: Ignore = None,
) -> None:
    """Carry the options of reading, in the order of their help; `_reading.with_reading` gives them to a verb."""


def assignments(texts: list[str] | None, key: str) -> dict[str, str]:
    """Return name -> value of texts like "a=1,b=2".

    Raises
    ------
    ConfigError
        If a part is no assignment.
    """
    pairs = [part.partition("=") for text in texts or () for part in text.split(",")]
    for name, equals, value in pairs:
        if not (name.strip() and equals and value.strip()):
            raise ConfigError(f"--{key}", f"name=value pairs expected, got '{name}{equals}{value}'")
    return {name.strip(): value.strip() for name, _, value in pairs}


def whole_numbers(text: str | None, key: str) -> tuple[int, ...]:
    """Return the numbers of a text like "1-50,60".

    Raises
    ------
    ConfigError
        If a part is neither a number nor a range that goes up.
    """
    numbers: list[int] = []
    for part in text.split(",") if text is not None else ():
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise ConfigError(f"--{key}", f"numbers and ranges such as 1-50,60 expected, got '{part}'")
        if dash and int(last) < int(first):
            raise ConfigError(f"--{key}", f"a range that goes up expected, got '{part}'")
        numbers += range(int(first), int(last or first) + 1)
    return tuple(numbers)


def ages_of(text: str | None, kept: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the ages that a text names, None for the choice of the verb."""
    if text is None:
        return None
    return kept if text == "all" else kept[-1:] if text == "last" else whole_numbers(text, "ages")


def use_threads(threads: int | None) -> None:
    """Set how many threads torch computes with; None leaves its own choice."""
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
