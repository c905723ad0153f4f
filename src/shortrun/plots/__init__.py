"""Figures of results: every function returns a matplotlib figure for `save`, moving ones a `Movie` for `save_movie`."""

from typing import TYPE_CHECKING

from shortrun.lazy import open_when_used

if TYPE_CHECKING:
    from shortrun.plots.accuracy import accuracy as accuracy
    from shortrun.plots.allele_frequencies import allele_frequencies as allele_frequencies
    from shortrun.plots.cascade import cascade as cascade
    from shortrun.plots.confusion import confusion as confusion
    from shortrun.plots.contacts import contacts as contacts
    from shortrun.plots.couplings import couplings as couplings
    from shortrun.plots.figure import SUFFIXES as SUFFIXES
    from shortrun.plots.figure import check_suffix as check_suffix
    from shortrun.plots.figure import save as save
    from shortrun.plots.fixed_points import fixed_points as fixed_points
    from shortrun.plots.folding_energies import folding_energies as folding_energies
    from shortrun.plots.histograms import histograms as histograms
    from shortrun.plots.learning_curves import learning_curves as learning_curves
    from shortrun.plots.length_profile import length_profile as length_profile
    from shortrun.plots.likelihood_by_age import likelihood_by_age as likelihood_by_age
    from shortrun.plots.linkage import linkage as linkage
    from shortrun.plots.mixing import autocorrelations as autocorrelations
    from shortrun.plots.mixing import mixing as mixing
    from shortrun.plots.motifs import motifs as motifs
    from shortrun.plots.movie import MOVIES as MOVIES
    from shortrun.plots.movie import Movie as Movie
    from shortrun.plots.movie import check_movie as check_movie
    from shortrun.plots.movie import save_movie as save_movie
    from shortrun.plots.mutations import mutations as mutations
    from shortrun.plots.pca import pca as pca
    from shortrun.plots.pca_in_time import chains_in_time as chains_in_time
    from shortrun.plots.pca_in_time import pca_in_time as pca_in_time
    from shortrun.plots.phase_diagram import phase_diagram as phase_diagram
    from shortrun.plots.phase_diagram import phase_walk as phase_walk
    from shortrun.plots.piano_roll import piano_roll as piano_roll
    from shortrun.plots.pitch_classes import pitch_classes as pitch_classes
    from shortrun.plots.plddt import plddt as plddt
    from shortrun.plots.receptive_fields import receptive_fields as receptive_fields
    from shortrun.plots.reliability import reliability as reliability
    from shortrun.plots.sample_grid import sample_grid as sample_grid
    from shortrun.plots.sample_grid import sample_grids as sample_grids
    from shortrun.plots.sample_rows import sample_rows as sample_rows
    from shortrun.plots.samples_movie import samples_movie as samples_movie
    from shortrun.plots.scores_by_age import scores_by_age as scores_by_age
    from shortrun.plots.scores_by_class import scores_by_class as scores_by_class
    from shortrun.plots.scores_of_runs import scores_of_runs as scores_of_runs
    from shortrun.plots.sequence_logos import sequence_logos as sequence_logos
    from shortrun.plots.singular_values import singular_values as singular_values
    from shortrun.plots.training_curves import training_curves as training_curves
    from shortrun.plots.tree import tree as tree
    from shortrun.plots.tree import tree_growing as tree_growing

__all__ = open_when_used(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__,
    {
        "accuracy": ("accuracy",),
        "allele_frequencies": ("allele_frequencies",),
        "cascade": ("cascade",),
        "confusion": ("confusion",),
        "contacts": ("contacts",),
        "couplings": ("couplings",),
        "figure": (
            "SUFFIXES",
            "check_suffix",
            "save",
        ),
        "fixed_points": ("fixed_points",),
        "folding_energies": ("folding_energies",),
        "histograms": ("histograms",),
        "learning_curves": ("learning_curves",),
        "length_profile": ("length_profile",),
        "likelihood_by_age": ("likelihood_by_age",),
        "linkage": ("linkage",),
        "mixing": (
            "autocorrelations",
            "mixing",
        ),
        "motifs": ("motifs",),
        "movie": (
            "MOVIES",
            "Movie",
            "check_movie",
            "save_movie",
        ),
        "mutations": ("mutations",),
        "pca": ("pca",),
        "pca_in_time": (
            "chains_in_time",
            "pca_in_time",
        ),
        "phase_diagram": (
            "phase_diagram",
            "phase_walk",
        ),
        "piano_roll": ("piano_roll",),
        "pitch_classes": ("pitch_classes",),
        "plddt": ("plddt",),
        "receptive_fields": ("receptive_fields",),
        "reliability": ("reliability",),
        "sample_grid": (
            "sample_grid",
            "sample_grids",
        ),
        "sample_rows": ("sample_rows",),
        "samples_movie": ("samples_movie",),
        "scores_by_age": ("scores_by_age",),
        "scores_by_class": ("scores_by_class",),
        "scores_of_runs": ("scores_of_runs",),
        "sequence_logos": ("sequence_logos",),
        "singular_values": ("singular_values",),
        "training_curves": ("training_curves",),
        "tree": (
            "tree",
            "tree_growing",
        ),
    },
)
