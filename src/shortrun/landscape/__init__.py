"""Where the law of a machine is flat: mean-field fixed points, the tree they grow into, effective couplings."""

from shortrun.landscape.contacts import area_under_curve, contact_scores, precision
from shortrun.landscape.couplings import fields, pair_strengths, pairs, strengths, triples
from shortrun.landscape.mutations import marginal_free_energy, mutation_scores
from shortrun.landscape.sites import Sites, sites_of
from shortrun.landscape.transform import Method

__all__ = [
    "Method",
    "Sites",
    "area_under_curve",
    "contact_scores",
    "fields",
    "marginal_free_energy",
    "mutation_scores",
    "pair_strengths",
    "pairs",
    "precision",
    "sites_of",
    "strengths",
    "triples",
]
