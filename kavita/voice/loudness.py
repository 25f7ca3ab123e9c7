"""How loud sound is."""

import numpy as np

MOST_NUMBERS = 500
"""For more, NumPy lets the other threads of the process in, and when they compute the event loop
gets its turn again some milliseconds later."""


def mean_square(pcm: bytes) -> float:
    """Of the samples of PCM16; 0 where there are none."""
    samples = np.frombuffer(pcm, np.int16)
    total = 0.0
    for start in range(0, samples.size, MOST_NUMBERS):
        part = samples[start : start + MOST_NUMBERS].astype(np.float32)
        part *= part
        total += float(np.add.reduce(part))
    return total / samples.size if samples.size else 0.0
