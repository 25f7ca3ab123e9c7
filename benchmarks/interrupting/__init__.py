"""The bench of `benchmarks/interruption.py`: voices over the agent's, and what she does."""
