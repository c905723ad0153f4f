"""Several processes that train one model together, on one machine or many, and what they tell one another.

`torch.distributed` carries the messages: gloo between processors, NCCL between GPUs. Chains and rows are shared out
(`engine.shared`); files, terminals and clocks belong to the first process.
"""

from shortrun.parallel.group import Group, current, sharing
from shortrun.parallel.launch import followers
from shortrun.ranks import Place, here

__all__ = ["Group", "Place", "current", "followers", "here", "sharing"]
