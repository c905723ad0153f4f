"""What is kept of a training: a folder with all ages, readable while it grows, and the state to go on."""

from shortrun.store.header import FORMAT_VERSION, describe
from shortrun.store.trajectory import Trajectory
from shortrun.store.writer import Restart, Writer, create, reopen

__all__ = ["FORMAT_VERSION", "Restart", "Trajectory", "Writer", "create", "describe", "reopen"]
