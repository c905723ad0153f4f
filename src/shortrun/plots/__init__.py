"""Figures from results; computes nothing. Every function returns a matplotlib figure."""

from shortrun.plots._figure import SUFFIXES, save
from shortrun.plots.sample_grid import sample_grid

__all__ = ["SUFFIXES", "sample_grid", "save"]
