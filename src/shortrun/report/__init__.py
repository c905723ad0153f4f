"""The report of a run: one HTML page that shows how good it is."""

from shortrun.report.page import report

__all__ = ["report"]
