"""The landscape of a machine: mean-field fixed points, the tree that they form, effective couplings, mutations."""

from shortrun.landscape.contacts import SEPARATION, THRESHOLD, area_under_curve, contact_scores, precision
from shortrun.landscape.couplings import fields, pair_strengths, pairs, strengths, triples
from shortrun.landscape.fixed_points import LEFT, FixedPoints, fixed_points
from shortrun.landscape.growth import EPS, starts_of, tree
from shortrun.landscape.mean_field import MeanFields, gamma, solve
from shortrun.landscape.mutations import marginal_free_energy, mutation_scores
from shortrun.landscape.newick import leaf_names, newick, node_names
from shortrun.landscape.sites import Sites, sites_of
from shortrun.landscape.stability import stability
from shortrun.landscape.transform import Method
from shortrun.landscape.tree import ROOT, Level, Stage, Tree

__all__ = [
    "EPS",
    "LEFT",
    "ROOT",
    "SEPARATION",
    "THRESHOLD",
    "FixedPoints",
    "Level",
    "MeanFields",
    "Method",
    "Sites",
    "Stage",
    "Tree",
    "area_under_curve",
    "contact_scores",
    "fields",
    "fixed_points",
    "gamma",
    "leaf_names",
    "marginal_free_energy",
    "mutation_scores",
    "newick",
    "node_names",
    "pair_strengths",
    "pairs",
    "precision",
    "sites_of",
    "solve",
    "stability",
    "starts_of",
    "strengths",
    "tree",
    "triples",
]
