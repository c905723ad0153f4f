"""Rows and named columns."""
