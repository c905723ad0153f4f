"""The page that says how good a run is."""

from shortrun.report.page import report

__all__ = ["report"]
