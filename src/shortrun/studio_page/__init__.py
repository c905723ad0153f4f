"""A trained machine as one page that runs it: its numbers, and scripts that draw with the noise of Python."""

from shortrun.studio_page.page import size_of, studio_page

__all__ = ["size_of", "studio_page"]
