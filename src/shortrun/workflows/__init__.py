"""The verbs, as functions: the only place where the rooms meet. The command line calls these, with the same names."""

from typing import TYPE_CHECKING

from shortrun.lazy import open_when_used
from shortrun.workflows import _accepted  # noqa: F401 - what arguments of the verbs go through

if TYPE_CHECKING:
    from shortrun.workflows._sites import caveats as caveats
    from shortrun.workflows.contacts import contacts as contacts
    from shortrun.workflows.couplings import couplings as couplings
    from shortrun.workflows.evaluation import evaluate as evaluate
    from shortrun.workflows.exchange import export_model as export_model
    from shortrun.workflows.exchange import from_parameters as from_parameters
    from shortrun.workflows.exchange import import_model as import_model
    from shortrun.workflows.fixed_points import fixed_points as fixed_points
    from shortrun.workflows.folding import fold as fold
    from shortrun.workflows.frames import frames as frames
    from shortrun.workflows.generation import generate as generate
    from shortrun.workflows.generation import stream as stream
    from shortrun.workflows.learning_flow import learning_flow as learning_flow
    from shortrun.workflows.likelihood import likelihood as likelihood
    from shortrun.workflows.likelihood import likelihood_by_age as likelihood_by_age
    from shortrun.workflows.lyapunov import critical_gain_of as critical_gain_of
    from shortrun.workflows.lyapunov import lyapunov as lyapunov
    from shortrun.workflows.mixing import mixing as mixing
    from shortrun.workflows.movies import animate as animate
    from shortrun.workflows.movies import movie as movie
    from shortrun.workflows.mutations import correlations as correlations
    from shortrun.workflows.mutations import count_of as count_of
    from shortrun.workflows.mutations import mutations as mutations
    from shortrun.workflows.mutations import open_wildtype as open_wildtype
    from shortrun.workflows.mutations import score_unaligned as score_unaligned
    from shortrun.workflows.phases import first_transition as first_transition
    from shortrun.workflows.phases import phases as phases
    from shortrun.workflows.prediction import learned_from as learned_from
    from shortrun.workflows.prediction import predict as predict
    from shortrun.workflows.prediction import predictions as predictions
    from shortrun.workflows.reconstruction import reconstruct as reconstruct
    from shortrun.workflows.scoring import score as score
    from shortrun.workflows.studio import studio as studio
    from shortrun.workflows.time_courses import curves as curves
    from shortrun.workflows.time_courses import sampled as sampled
    from shortrun.workflows.time_courses import times_up_to as times_up_to
    from shortrun.workflows.training import device_of as device_of
    from shortrun.workflows.training import fit as fit
    from shortrun.workflows.training import parts_of_training as parts_of_training
    from shortrun.workflows.tree import leaves_of as leaves_of
    from shortrun.workflows.tree import tree as tree
    from shortrun.workflows.tuning import Study as Study
    from shortrun.workflows.tuning import tune as tune
    from shortrun.workflows.weights import motifs as motifs
    from shortrun.workflows.weights import receptive_fields as receptive_fields
    from shortrun.workflows.weights import singular_values as singular_values

__all__ = open_when_used(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__,
    {
        "_sites": ("caveats",),
        "contacts": ("contacts",),
        "couplings": ("couplings",),
        "evaluation": ("evaluate",),
        "exchange": (
            "export_model",
            "from_parameters",
            "import_model",
        ),
        "fixed_points": ("fixed_points",),
        "folding": ("fold",),
        "frames": ("frames",),
        "generation": (
            "generate",
            "stream",
        ),
        "learning_flow": ("learning_flow",),
        "likelihood": (
            "likelihood",
            "likelihood_by_age",
        ),
        "lyapunov": (
            "critical_gain_of",
            "lyapunov",
        ),
        "mixing": ("mixing",),
        "movies": (
            "animate",
            "movie",
        ),
        "mutations": (
            "correlations",
            "count_of",
            "mutations",
            "open_wildtype",
            "score_unaligned",
        ),
        "phases": (
            "first_transition",
            "phases",
        ),
        "prediction": (
            "learned_from",
            "predict",
            "predictions",
        ),
        "reconstruction": ("reconstruct",),
        "scoring": ("score",),
        "studio": ("studio",),
        "time_courses": (
            "curves",
            "sampled",
            "times_up_to",
        ),
        "training": (
            "device_of",
            "fit",
            "parts_of_training",
        ),
        "tree": (
            "leaves_of",
            "tree",
        ),
        "tuning": (
            "Study",
            "tune",
        ),
        "weights": (
            "motifs",
            "receptive_fields",
            "singular_values",
        ),
    },
)
