"""What evolves: layers, their specification, and the machines made of them."""

from shortrun.models.build import (
    STREAMED,
    Stored,
    filled,
    network_of,
    parts_of,
    rows_at_once,
    spec_of,
    state_of,
    whole_of,
)
from shortrun.models.chaotic import ChaoticNetwork, Coupling, NetworkSpec, RateLayer
from shortrun.models.model import AnySpec, Model, model_of, named_blocks, spec_from_dict
from shortrun.models.rbm import RBM, Parameters
from shortrun.models.spec import HIDDEN, LABEL, VISIBLE, Clamp, Layer, Spec

__all__ = [
    "HIDDEN",
    "LABEL",
    "RBM",
    "STREAMED",
    "VISIBLE",
    "AnySpec",
    "ChaoticNetwork",
    "Clamp",
    "Coupling",
    "Layer",
    "Model",
    "NetworkSpec",
    "Parameters",
    "RateLayer",
    "Spec",
    "Stored",
    "filled",
    "model_of",
    "named_blocks",
    "network_of",
    "parts_of",
    "rows_at_once",
    "spec_from_dict",
    "spec_of",
    "state_of",
    "whole_of",
]
