"""The load of `benchmarks/capacity.py`: many callers, and the servers that they call."""
