"""In which regime a model is: relaxation times, phases, the flow of learning, chaos; one class a verb."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shortrun.settings._base import (
    CHAOTIC,
    MEASUREMENT,
    MOST,
    MOST_STEPS,
    OUTPUT,
    SAMPLING,
    NotNegative,
    Positive,
    Rate,
    Settings,
    option,
)
from shortrun.settings.shared import Averaged, OfAges, Seeded, Shared

GAINS = (0.25, 0.5, 1.0, 1.5, 2.25, 4.0)  # of an untrained network, where none are given
Several = Annotated[int, Field(ge=2, le=MOST)]


class MixingSettings(Shared, OfAges, Averaged, Seeded):
    """How relaxation times are measured."""

    chains: Annotated[int, Field(ge=4, le=MOST)] = option(200, "Chains from each start.", panel=MEASUREMENT)
    sweeps: Annotated[int, Field(ge=16, le=MOST_STEPS)] = option(
        4096, "Largest number of sweeps that chains are followed for at each age.", panel=MEASUREMENT
    )
    modes: Positive = option(3, "Leading singular vectors of the weights to project on.", panel=MEASUREMENT)
    clusters: Several | None = option(
        None,
        "Number of clusters of the data to count jumps between; by default one for each class, or ten.",
        panel=MEASUREMENT,
    )


class PhasesSettings(OfAges, Averaged, Seeded):
    """How the path of a machine through the phase diagram is measured."""

    modes: Positive = option(3, "Number of modes in the table, the largest first.", panel=MEASUREMENT)
    susceptibility: bool = option(False, "Measure the susceptibility of each mode from samples.", panel=SAMPLING)
    chains: Several = option(500, "Chains from random starts for the susceptibility.", panel=SAMPLING)
    steps: Annotated[int, Field(ge=2, le=MOST_STEPS)] = option(
        200, "Sweeps to average over for the susceptibility.", panel=SAMPLING
    )
    burn: Annotated[int, Field(ge=0, le=MOST_STEPS)] = option(200, "Sweeps before these.", panel=SAMPLING)

    def check(self) -> None:
        """Refuse options of samples that are not drawn."""
        if not self.susceptibility:
            self.refuse(("chains", "steps", "burn"), "susceptibility, which is measured from samples")


class DiagramSettings(Settings):
    """Which phase diagram is drawn."""

    kappa: Rate | None = option(
        None,
        "Ratio N_h / N_v of a diagram without a run; 1 by default.",
        panel=MEASUREMENT,
        metavar="RATIO",
    )
    axes: Literal["sigma-w", "sk"] = option(
        "sigma-w", "Axes of the figure: sigma and w_1, or w_1/sigma and 1/sigma.", panel=OUTPUT
    )


class LearningFlowSettings(Seeded):
    """Which machine of Gaussian units learns, from where, for how long."""

    modes: Positive = option(5, "Number of modes of the data, the strongest first.", panel=MEASUREMENT)
    noise: Rate = option(1.0, "Variance of a visible unit without coupling.", panel=MEASUREMENT)
    first: Rate = option(1e-3, "Standard deviation of the initial weights.", panel=MEASUREMENT)
    time: Rate | None = option(
        None, "Length of the integration; by default until every growing mode has grown.", panel=MEASUREMENT
    )


class LyapunovSettings(OfAges, Averaged, Seeded):
    """How the largest Lyapunov exponent is measured."""

    untrained: bool = option(False, "Measure the untrained network at every gain, in place of ages.", panel=CHAOTIC)
    gains: tuple[NotNegative, ...] | None = option(
        None,
        "Gains (variances of the random couplings) of the untrained network; 0.25,0.5,1,1.5,2.25,4 with --untrained.",
        panel=CHAOTIC,
        metavar="G,...",
    )
    chains: Positive = option(20, "Chains from random starts.", panel=MEASUREMENT)
    time: Rate = option(200.0, "Time to average over, in tau.", panel=MEASUREMENT, metavar="TAU")
    transient: NotNegative | None = option(
        None, "Time before the average, in tau; half of it by default.", panel=MEASUREMENT, metavar="TAU"
    )
    hold_label: bool = option(
        True,
        "Whether the label of a network with classes is held, as when it generates, or moves too.",
        panel=CHAOTIC,
        flags=("--hold-label/--free-label",),
    )
