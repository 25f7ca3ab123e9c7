"""Kavita answers a clinic's calls: she recognises the caller, and books, moves and cancels."""

__version__ = "0.1.0"
