"""Options that several verbs have in common, each declared once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shortrun.settings._base import MODEL, SAMPLING, Seed, Settings, option

Age = Annotated[int, Field(ge=0)]


class Seeded(Settings):
    """The seed of a verb that draws random numbers."""

    seed: Seed = option(0, "Seed of all random numbers.", panel=SAMPLING)


class OfAge(Settings):
    """One age of a training."""

    age: Age | None = option(None, "Age of the training to use; the last by default.", panel=MODEL, metavar="UPDATE")


class OfAges(Settings):
    """Several ages of a training."""

    ages: tuple[Age, ...] | Literal["all", "last"] | None = option(
        None,
        "Ages of the training; some of them by default.",
        panel=MODEL,
        flags=("--ages", "--age"),
        metavar="all|last|1,50,...",
    )
