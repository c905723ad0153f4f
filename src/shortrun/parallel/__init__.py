"""Several processes that work together, on one machine or many, and what they tell one another.

`torch.distributed` carries the messages: gloo between processors, NCCL between GPUs. Chains and rows are shared out
(`engine.shared`), or the sites with their weights (`engine.sites`); files, terminals and clocks belong to the first
process.
"""

from shortrun.parallel.group import Group
from shortrun.parallel.launch import followers, joined, workers
from shortrun.parallel.mesh import Mesh, current, shape_of, sharing
from shortrun.parallel.parts import Parts, pieces
from shortrun.ranks import Place, here

__all__ = [
    "Group",
    "Mesh",
    "Parts",
    "Place",
    "current",
    "followers",
    "here",
    "joined",
    "pieces",
    "shape_of",
    "sharing",
    "workers",
]
