"""Containers of named arrays."""
