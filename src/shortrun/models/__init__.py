"""What evolves: layers, their specification, and the machines made of them."""

from shortrun.models.build import STREAMED, Stored, parts_of, rows_at_once, spec_of, state_of, whole_of
from shortrun.models.dictionary import to_bernoulli, to_ising
from shortrun.models.rbm import RBM, Parameters
from shortrun.models.spec import HIDDEN, LABEL, VISIBLE, Clamp, Layer, Spec

__all__ = [
    "HIDDEN",
    "LABEL",
    "RBM",
    "STREAMED",
    "VISIBLE",
    "Clamp",
    "Layer",
    "Parameters",
    "Spec",
    "Stored",
    "parts_of",
    "rows_at_once",
    "spec_of",
    "state_of",
    "to_bernoulli",
    "to_ising",
    "whole_of",
]
