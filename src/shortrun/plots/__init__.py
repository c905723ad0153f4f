"""Figures of results: every function returns a matplotlib figure, and `save` and `animate` write files."""

from shortrun.plots.accuracy import accuracy
from shortrun.plots.allele_frequencies import allele_frequencies
from shortrun.plots.animate import MOVIES, animate, check_movie
from shortrun.plots.cascade import cascade
from shortrun.plots.confusion import confusion
from shortrun.plots.contacts import contacts
from shortrun.plots.couplings import couplings
from shortrun.plots.figure import SUFFIXES, check_suffix, save
from shortrun.plots.fixed_points import fixed_points
from shortrun.plots.folding_energies import folding_energies
from shortrun.plots.histograms import histograms
from shortrun.plots.learning_curves import learning_curves
from shortrun.plots.length_profile import length_profile
from shortrun.plots.likelihood_by_age import likelihood_by_age
from shortrun.plots.linkage import linkage
from shortrun.plots.mixing import autocorrelations, mixing
from shortrun.plots.motifs import motifs
from shortrun.plots.mutations import mutations
from shortrun.plots.pca import pca
from shortrun.plots.phase_diagram import phase_diagram
from shortrun.plots.piano_roll import piano_roll
from shortrun.plots.pitch_classes import pitch_classes
from shortrun.plots.plddt import plddt
from shortrun.plots.receptive_fields import receptive_fields
from shortrun.plots.reliability import reliability
from shortrun.plots.sample_grid import sample_grid, sample_grids
from shortrun.plots.sample_rows import sample_rows
from shortrun.plots.scores_by_age import scores_by_age
from shortrun.plots.scores_by_class import scores_by_class
from shortrun.plots.scores_of_runs import scores_of_runs
from shortrun.plots.sequence_logos import sequence_logos
from shortrun.plots.singular_values import singular_values
from shortrun.plots.training_curves import training_curves
from shortrun.plots.tree import tree

__all__ = [
    "MOVIES",
    "SUFFIXES",
    "accuracy",
    "allele_frequencies",
    "animate",
    "autocorrelations",
    "cascade",
    "check_movie",
    "check_suffix",
    "confusion",
    "contacts",
    "couplings",
    "fixed_points",
    "folding_energies",
    "histograms",
    "learning_curves",
    "length_profile",
    "likelihood_by_age",
    "linkage",
    "mixing",
    "motifs",
    "mutations",
    "pca",
    "phase_diagram",
    "piano_roll",
    "pitch_classes",
    "plddt",
    "receptive_fields",
    "reliability",
    "sample_grid",
    "sample_grids",
    "sample_rows",
    "save",
    "scores_by_age",
    "scores_by_class",
    "scores_of_runs",
    "sequence_logos",
    "singular_values",
    "training_curves",
    "tree",
]
