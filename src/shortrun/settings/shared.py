"""Options that several verbs have in common, each declared once."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from shortrun.settings._base import MACHINE, MODEL, OUTPUT, SAMPLING, Count, Positive, Seed, Settings, option

Age = Count
WhichAge = Age | Literal["best", "last"]


class Seeded(Settings):
    """The seed of a verb that draws random numbers."""

    seed: Seed = option(0, "Seed of all random numbers.", panel=SAMPLING)


def way_to_share(text: str) -> str:
    """Return how processes share their work, if a text says it."""
    if re.fullmatch(r"rows|sites|[1-9][0-9]{0,5}x[1-9][0-9]{0,5}", text) is None:
        raise ValueError("'rows', 'sites', or both as '2x4' expected")
    return text


class Shared(Settings):
    """Which processes do the work of a verb."""

    processes: Positive = option(
        1,
        "Processes on this machine that share the work; the result does not depend on their number (of Gaussian units "
        "up to rounding). Those that torchrun or srun started share it by themselves.",
        panel=MACHINE,
        metavar="N",
    )


class SharedBySites(Shared):
    """Which processes do the work of a verb, and what each of them has of the machine."""

    share: Annotated[str, AfterValidator(way_to_share)] = option(
        "rows",
        "What processes share: rows (each has all weights and some of the chains), sites (each has the weights of some "
        "of the visible sites), or both, as 2x4 for two times four processes.",
        panel=MACHINE,
        metavar="rows|sites|RxS",
    )


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
