"""What evolves: layers, their specification, and the models made of them."""

from shortrun.models.build import (
    Stored,
    filled,
    network_of,
    parts_of,
    rows_at_once,
    spec_of,
    state_of,
    whole_of,
)
from shortrun.models.chaotic import ChaoticNetwork, Coupling, NetworkSpec, RateLayer, random_couplings
from shortrun.models.model import AnyLayer, AnySpec, Model, model_of, named_blocks, spec_from_dict
from shortrun.models.part import RBMPart, most_processes, sites_of
from shortrun.models.rbm import RBM, Parameters, sites_of_chunk
from shortrun.models.spec import HIDDEN, LABEL, STREAMED, VISIBLE, Clamp, Layer, Spec
from shortrun.models.training import Training

__all__ = [
    "HIDDEN",
    "LABEL",
    "RBM",
    "STREAMED",
    "VISIBLE",
    "AnyLayer",
    "AnySpec",
    "ChaoticNetwork",
    "Clamp",
    "Coupling",
    "Layer",
    "Model",
    "NetworkSpec",
    "Parameters",
    "RBMPart",
    "RateLayer",
    "Spec",
    "Stored",
    "Training",
    "filled",
    "model_of",
    "most_processes",
    "named_blocks",
    "network_of",
    "parts_of",
    "random_couplings",
    "rows_at_once",
    "sites_of",
    "sites_of_chunk",
    "spec_from_dict",
    "spec_of",
    "state_of",
    "whole_of",
]
