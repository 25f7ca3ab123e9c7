"""Measurements of Kavita, each runnable by one command."""
