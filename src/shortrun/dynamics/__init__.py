"""How a model evolves: noise, starts, runs of k steps, and schemes, which are lists of runs."""

from shortrun.dynamics.noise import Noise, Stream
from shortrun.dynamics.run import Observer, run, start
from shortrun.dynamics.sample import label_chain, label_probabilities, recorded
from shortrun.dynamics.scheme import Run, Scheme

__all__ = [
    "Noise",
    "Observer",
    "Run",
    "Scheme",
    "Stream",
    "label_chain",
    "label_probabilities",
    "recorded",
    "run",
    "start",
]
