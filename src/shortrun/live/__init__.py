"""The page of a training, served on this machine: a process that trains, and a server that reads what it writes."""

from shortrun.live.process import Training
from shortrun.live.server import Server
from shortrun.live.watched import Watched

__all__ = ["Server", "Training", "Watched"]
