"""Figures of the language model in the brain's seat."""
