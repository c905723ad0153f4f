"""The landscape of a machine: mean-field fixed points, the tree that they form, effective couplings, mutations."""

from shortrun.landscape.basins import Basins, basins
from shortrun.landscape.contacts import Contacts, Ranking, area_under_curve, contact_scores, precision, rank_contacts
from shortrun.landscape.coupling_tables import Couplings, couplings_of
from shortrun.landscape.couplings import fields, pair_strengths, pairs, strengths, triples
from shortrun.landscape.dca import BASELINES, coupling_scores, mean_field_couplings, pseudo_likelihood
from shortrun.landscape.fixed_points import LEFT, FixedPoints, fixed_points
from shortrun.landscape.growth import starts_of, tree
from shortrun.landscape.mean_field import MeanFields, gamma, solve
from shortrun.landscape.mutations import (
    independent_scores,
    log_weights,
    log_weights_of,
    marginal_free_energy,
    mutated,
    mutation_scores,
    rank_correlation,
    single_mutants,
)
from shortrun.landscape.named_sites import NamedSites
from shortrun.landscape.newick import leaf_names, newick, node_names
from shortrun.landscape.sites import Sites, sites_of
from shortrun.landscape.stability import stability
from shortrun.landscape.transform import Method
from shortrun.landscape.tree import ROOT, Level, Stage, Tree

__all__ = [
    "BASELINES",
    "LEFT",
    "ROOT",
    "Basins",
    "Contacts",
    "Couplings",
    "FixedPoints",
    "Level",
    "MeanFields",
    "Method",
    "NamedSites",
    "Ranking",
    "Sites",
    "Stage",
    "Tree",
    "area_under_curve",
    "basins",
    "contact_scores",
    "coupling_scores",
    "couplings_of",
    "fields",
    "fixed_points",
    "gamma",
    "independent_scores",
    "leaf_names",
    "log_weights",
    "log_weights_of",
    "marginal_free_energy",
    "mean_field_couplings",
    "mutated",
    "mutation_scores",
    "newick",
    "node_names",
    "pair_strengths",
    "pairs",
    "precision",
    "pseudo_likelihood",
    "rank_contacts",
    "rank_correlation",
    "single_mutants",
    "sites_of",
    "solve",
    "stability",
    "starts_of",
    "strengths",
    "tree",
    "triples",
]
