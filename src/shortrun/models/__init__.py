"""What evolves: layers, their specification, and the machines made of them."""

from shortrun.models.rbm import RBM, Parameters
from shortrun.models.spec import HIDDEN, LABEL, Clamp, HiddenRule, Layer, Spec

__all__ = ["HIDDEN", "LABEL", "RBM", "Clamp", "HiddenRule", "Layer", "Parameters", "Spec"]
