"""Figures of whole calls by voice, over the wire and in real time."""
