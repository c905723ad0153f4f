"""Options of the verbs that read a machine's parameters: fixed-points, tree, couplings, contacts, mutations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from shortrun.settings._base import DATA, MODEL, MOST, OUTPUT, Count, Positive, Rate, Settings, Steps, option
from shortrun.settings.shared import Age, Averaged, OfAge, OfAges, Seeded
from shortrun.settings.text import words_of

ITERATION = "Mean-field iteration"

Triple = tuple[int, int, int]
Order = Annotated[int, Field(ge=1, le=3)]


def _tolerance(default: float) -> Any:
    return option(default, "Largest change of a mean in the last step.", panel=ITERATION, metavar="CHANGE")


class MeanFieldSettings(Settings):
    """How the mean-field equations are iterated."""

    order: Order = option(
        2, "Order of the mean-field equations: 1 naive, 2 TAP, 3 third order.", panel=ITERATION, metavar="1|2|3"
    )
    tolerance: Rate = _tolerance(1e-4)
    max_iterations: Positive = option(
        3000, "Number of iterations after which a row is left unconverged.", panel=ITERATION
    )
    damping: Annotated[float, Field(ge=0, lt=1)] = option(
        0.0,
        "Least share of the old means that each step keeps; where more is needed, more is found.",
        panel=ITERATION,
        metavar="SHARE",
    )


class MergingSettings(MeanFieldSettings):
    """The iteration, and how near its fixed points must be to count as one."""

    eps: Rate = option(
        0.05,
        "Root mean square distance a site below which two fixed points are one.",
        panel=ITERATION,
        metavar="DISTANCE",
    )


class SearchSettings(MergingSettings):
    """The same with a tolerance at which the number of fixed points does not depend on eps."""

    tolerance: Rate = _tolerance(1e-5)


class FixedPointsSettings(SearchSettings, OfAge, Seeded):
    """Options of `fixed-points`."""

    starts: Literal["data", "random"] = option(
        "data", "Where the iteration starts: from samples, or from draws as `generate` starts from."
    )
    n: Positive = option(1000, "Largest number of starts; of more samples a random choice.", flags=("-n", "--number"))


class TreeSettings(MergingSettings, OfAges, Averaged, Seeded):
    """Options of `tree`."""

    ages: tuple[Age, ...] | Literal["all", "last"] | None = option(
        None, "Ages of the training; all by default.", panel=MODEL, metavar="all|1,50,..."
    )
    acceptance: Annotated[float, Field(gt=0, le=1)] | None = option(
        None,
        "Keep only ages between which a smaller share of chains than this would be exchanged, as 0.3.",
        panel=MODEL,
        metavar="SHARE",
    )
    chains: Positive = option(1000, "Number of chains that measure this share.", panel=MODEL)
    sweeps: Steps = option(100, "Number of sweeps of these chains at each age.", panel=MODEL)
    n: Positive | None = option(
        None, "Number of leaves, a random choice of the samples; all by default.", flags=("-n", "--number")
    )

    def check(self) -> None:
        """Refuse options of a share that is not measured."""
        if self.acceptance is None:
            self.refuse(("chains", "sweeps"), "acceptance, which they measure")


class TreeFolderSettings(Settings):
    """How a tree is written into a folder."""

    clusters: Positive | None = option(
        None, "Number of clusters to cut the tree into; by default that of the classes.", panel=OUTPUT
    )
    depth: Literal["age", "length"] = option("age", "Distance from the root in pictures.", panel=OUTPUT)
    overwrite: bool = option(False, "Replace the tree in the folder.", panel=OUTPUT)


class CouplingsOfClass(OfAge):
    """Which machine has the couplings, and how they are averaged."""

    label: str | None = option(
        None, "Class at which the label is held; averaged over by default.", panel=MODEL, metavar="CLASS"
    )
    method: Literal["exact", "gaussian"] = option(
        "exact", "Average over the other sites: exact, or the published Gaussian approximation."
    )


def triples_of(given: Any) -> Any:
    """Return the triples of a text like "3-10-25,4-5-6"; what is no text stays as it is."""
    if not isinstance(given, str):
        return given
    found = [tuple(word.strip() for word in part.split("-")) for part in given.split(",")]
    if any(len(sites) != 3 or not all(site.isdecimal() for site in sites) for sites in found):
        raise ValueError("three sites such as 3-10-25 expected")
    return tuple(tuple(map(int, sites)) for sites in found)


class CouplingsSettings(CouplingsOfClass):
    """Options of `couplings`."""

    order: Order = option(2, "Order of the couplings: 1 fields, 2 pairs, 3 triples.", metavar="1|2|3")
    top: Positive | None = option(
        None, "Number of couplings to list, the strongest; all by default, of triples 1000.", metavar="N"
    )
    triples: Annotated[tuple[Triple, ...], BeforeValidator(triples_of)] = option(
        (), "Only these triples of sites (from 1), with --order 3.", metavar="I-J-K,..."
    )


class ContactsSettings(CouplingsOfClass):
    """Options of `contacts`; the defaults are those of DNS25."""

    threshold: Rate = option(7.5, "Distance in angstrom below which two residues are in contact.", metavar="DISTANCE")
    separation: Count = option(5, "Only pairs of sites farther apart than this along the chain.", metavar="SITES")
    keep_gap: bool = option(False, "Count the gap as one of the colours.")
    chain: str | None = option(
        None, "Chain of the structure; by default the one that fits the family best.", panel=DATA, metavar="NAME"
    )
    atoms: Literal["heavy", "cb"] = option(
        "heavy",
        "Distances between residues: least between heavy atoms, or between C-beta (C-alpha of glycine).",
        panel=DATA,
    )
    baselines: Annotated[tuple[Literal["mean-field", "plm"], ...], BeforeValidator(words_of)] = option(
        (),
        "Direct-coupling analysis of the training data beside ours: mean-field, plm (pseudo-likelihood).",
        metavar="NAME,...",
    )


class MutationsSettings(OfAge):
    """Options of `mutations`."""

    label: str | None = option(
        None, "Class at which the label is held; summed over by default.", panel=MODEL, metavar="CLASS"
    )
    first_residue: Annotated[int, Field(ge=-MOST, le=MOST)] = option(
        1, "Number of the first residue of the wild type.", metavar="NUMBER"
    )
    measured_column: str | None = option(
        None, "Column of the measured effects; found by its name by default.", panel=DATA, metavar="COLUMN"
    )
    baselines: Annotated[tuple[Literal["independent"], ...] | None, BeforeValidator(words_of)] = option(
        None,
        "Scores beside ours: independent (sites, with the frequencies of the training data); by default with "
        "measured effects.",
        metavar="NAME,...",
    )
