"""Options of partition functions, likelihoods and samples in equilibrium."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shortrun.settings._base import MEASUREMENT, MODEL, MOST, MOST_STEPS, SAMPLING, Settings, Steps, option
from shortrun.settings.shared import Age, Averaged, OfAge, OfAges, Seeded, Shared

ACCEPTANCE = 0.3  # BDFRS24
USED_BY = {
    "chains": ("ais", "trajectory"),
    "temperatures": ("ais",),
    "sweeps": ("trajectory",),
    "acceptance": ("trajectory",),
}  # option -> estimates of ln Z that make use of it
Several = Annotated[int, Field(ge=2, le=MOST)]


class ExchangeSettings(Settings):
    """How far apart the machines of a ladder are."""

    acceptance: Annotated[float, Field(gt=0, lt=1)] = option(
        ACCEPTANCE, "Target acceptance rate of swaps between ages (with pt, temperatures).", panel=SAMPLING
    )


class AnnealingSettings(Seeded):
    """How chains are annealed, between independent sites and a machine."""

    chains: Annotated[int, Field(ge=2, le=MOST)] = option(
        200, "Number of chains of ais and trajectory.", panel=SAMPLING
    )
    temperatures: Steps = option(1000, "Number of temperatures of ais.", panel=SAMPLING)


class LogZSettings(ExchangeSettings, AnnealingSettings):
    """How ln Z is estimated."""

    method: Literal["exact", "ais", "trajectory"] | None = option(
        None,
        "Estimate of ln Z: enumeration, annealing, or along the training; by default exact where possible, else ais.",
        panel=MEASUREMENT,
    )
    sweeps: Annotated[int, Field(ge=10, le=MOST_STEPS)] = option(
        1000, "Number of sweeps of each machine of a trajectory.", panel=SAMPLING
    )

    def check(self) -> None:
        """Refuse options that the method makes no use of, if one is asked for."""
        for name, methods in USED_BY.items():
            if self.method is not None and self.method not in methods:
                self.refuse((name,), f"method {' or '.join(methods)}, not with {self.method}")


class MarginalSettings(Shared, LogZSettings):
    """How ln Z is estimated, and which probability is measured."""

    marginal: bool = option(False, "Sum over the label: ln p(v) instead of ln p(v, label).", panel=MEASUREMENT)


class LikelihoodSettings(MarginalSettings, OfAge):
    """Options of `likelihood` at one age."""

    pseudo: bool = option(False, "Measure the pseudo-likelihood of each sample too.", panel=MEASUREMENT)


class AgesOfCurve(OfAges):
    """Ages of a curve."""

    ages: tuple[Age, ...] | Literal["all", "last"] | None = option(
        None,
        "Ages of the training at which the mean over the samples is measured, for a curve.",
        panel=MODEL,
        metavar="all|last|1,50,...",
    )


class LikelihoodByAgeSettings(MarginalSettings, AgesOfCurve, Averaged):
    """Options of `likelihood` with `--ages`."""
