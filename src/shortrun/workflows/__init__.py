"""The verbs, as functions: the only place where the rooms meet. The command line calls these, with the same names."""

from shortrun.workflows import _accepted  # noqa: F401 - what arguments of the verbs go through
from shortrun.workflows._sites import trained_out_of_equilibrium
from shortrun.workflows.contacts import contacts
from shortrun.workflows.couplings import couplings
from shortrun.workflows.evaluation import evaluate
from shortrun.workflows.exchange import export_model, from_parameters, import_model
from shortrun.workflows.fixed_points import fixed_points
from shortrun.workflows.folding import fold
from shortrun.workflows.frames import animate, frames
from shortrun.workflows.generation import generate, stream
from shortrun.workflows.learning_flow import learning_flow
from shortrun.workflows.likelihood import likelihood, likelihood_by_age
from shortrun.workflows.lyapunov import critical_gain_of, lyapunov
from shortrun.workflows.mixing import mixing
from shortrun.workflows.mutations import correlations, count_of, mutations, open_wildtype, score_unaligned
from shortrun.workflows.phases import first_transition, phases
from shortrun.workflows.prediction import learned_from, predict, predictions
from shortrun.workflows.reconstruction import reconstruct
from shortrun.workflows.scoring import score
from shortrun.workflows.time_courses import curves, sampled, times_up_to
from shortrun.workflows.training import device_of, fit, parts_of_training
from shortrun.workflows.tree import leaves_of, tree
from shortrun.workflows.weights import motifs, receptive_fields, singular_values

__all__ = [
    "animate",
    "contacts",
    "correlations",
    "count_of",
    "couplings",
    "critical_gain_of",
    "curves",
    "device_of",
    "evaluate",
    "export_model",
    "first_transition",
    "fit",
    "fixed_points",
    "fold",
    "frames",
    "from_parameters",
    "generate",
    "import_model",
    "learned_from",
    "learning_flow",
    "leaves_of",
    "likelihood",
    "likelihood_by_age",
    "lyapunov",
    "mixing",
    "motifs",
    "mutations",
    "open_wildtype",
    "parts_of_training",
    "phases",
    "predict",
    "predictions",
    "receptive_fields",
    "reconstruct",
    "sampled",
    "score",
    "score_unaligned",
    "singular_values",
    "stream",
    "times_up_to",
    "trained_out_of_equilibrium",
    "tree",
]
