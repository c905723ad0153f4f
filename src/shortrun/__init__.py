"""Fast and functional generators of labelled structured data."""

__version__ = "0.1.0"
