"""How a model evolves: noise, starts, and runs of k steps."""

from shortrun.dynamics.noise import Noise, Stream
from shortrun.dynamics.run import Observer, run, start, start_hidden
from shortrun.dynamics.sample import label_chain, recorded

__all__ = ["Noise", "Observer", "Stream", "label_chain", "recorded", "run", "start", "start_hidden"]
