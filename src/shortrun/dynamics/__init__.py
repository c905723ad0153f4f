"""How a model evolves: noise, starts, and runs of k steps."""

from shortrun.dynamics.noise import Noise, Stream
from shortrun.dynamics.run import Observer, run, start

__all__ = ["Noise", "Observer", "Stream", "run", "start"]
