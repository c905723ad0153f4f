"""Options that several verbs have in common, each declared once."""

from __future__ import annotations

from typing import Literal

from shortrun.settings._base import MODEL, OUTPUT, SAMPLING, Count, Seed, Settings, option

Age = Count
WhichAge = Age | Literal["best", "last"]


class Seeded(Settings):
    """The seed of a verb that draws random numbers."""

    seed: Seed = option(0, "Seed of all random numbers.", panel=SAMPLING)


class TableWriting(Settings):
    """How a verb writes tables."""

    safe_csv: bool = option(
        False,
        "Write texts of CSV and TSV that a spreadsheet would take for formulas (=, +, -, @) with an apostrophe before.",
        panel=OUTPUT,
    )


class Averaged(Settings):
    """Which parameters stand for an age."""

    raw: bool = option(
        False, "Use the parameters of the age itself, not their average over the updates before it.", panel=MODEL
    )


class OfAge(Averaged):
    """One age of a training."""

    age: WhichAge = option(
        "best",
        "Age of the training to use: an update, the last, or the best for the task by samples held out in training.",
        panel=MODEL,
        metavar="best|last|UPDATE",
    )


class OfAges(Settings):
    """Several ages of a training."""

    ages: tuple[Age, ...] | Literal["all", "last"] | None = option(
        None,
        "Ages of the training; some of them by default.",
        panel=MODEL,
        flags=("--ages", "--age"),
        metavar="all|last|1,50,...",
    )
