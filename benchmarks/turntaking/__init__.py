"""The bench of `benchmarks/turns.py`: callers, the systems they call, and how a turn is scored."""
