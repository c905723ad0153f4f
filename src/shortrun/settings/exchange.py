"""Options of the verbs that bring models in from other programs and take them there: import, export."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from shortrun.settings._base import MODEL, OUTPUT, Settings, Steps, option
from shortrun.settings.shared import Averaged, WhichAge
from shortrun.settings.text import words_of


class MachineSettings(Settings):
    """What a machine from elsewhere is, where its file does not say."""

    labels: Annotated[tuple[str, ...], BeforeValidator(words_of)] = option(
        (), "Names of the classes in code order; by default those of the file, or 0, 1, ...", metavar="NAME,..."
    )
    alphabet: str | None = option(
        None,
        "What codes of a site mean: protein, rna, dna, or the letters in code order; by default as the program has it.",
        metavar="NAME|LETTERS",
    )
    scheme: Literal["ff", "pcd", "cd", "rdm"] | None = option(
        None, "How it was trained; by default as the file says, else pcd.", panel=MODEL
    )
    steps: Steps | None = option(
        None, "Sweeps from noise to a sample; by default those of its training, else 1000.", panel=MODEL, metavar="K"
    )
    hidden_rule: Literal["sample", "mean"] | None = option(
        None, "What hidden units passed on in its training; by default as the program has it.", panel=MODEL
    )
    overwrite: bool = option(False, "Replace the run that is there.", panel=OUTPUT)


class ParameterSettings(MachineSettings):
    """Options of `from_parameters`."""

    units: Literal["bernoulli", "ising", "gaussian", "potts"] | None = option(
        None, "Of the sites; by default bernoulli, or potts with colours."
    )
    hidden_units: Literal["bernoulli", "ising", "gaussian"] = option("bernoulli", "Of the hidden layer.")


class ImportSettings(MachineSettings):
    """Options of `import`."""

    format: str | None = option(
        None, "Program that wrote the file; found by itself by default.", flags=("--from",), metavar="NAME"
    )


class ExportSettings(Averaged):
    """Options of `export`."""

    format: str | None = option(
        None, "Program that is to read the file; by default as the ending says.", flags=("--to",), metavar="NAME"
    )
    age: WhichAge | Literal["all"] | None = option(
        None,
        "Age of the training; by default all where the format holds several, else the best to generate.",
        panel=MODEL,
        metavar="all|best|last|UPDATE",
    )
    label: str | None = option(
        None, "Class at which the label is held, for programs without labels.", panel=MODEL, metavar="CLASS"
    )
