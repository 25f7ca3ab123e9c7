"""Sound of one rate to sound of another, piece by piece."""

import numpy as np
import soxr

from kavita.satellite.playout import Samples


class Resampler:
    """A stream of mono PCM16 at `rate_in` Hz, as a stream at `rate_out` Hz."""

    def __init__(self, rate_in: int, rate_out: int, is_prompt: bool = False) -> None:
        """Equal rates cost nothing. `is_prompt`: 20 ms late at most instead of 40, and with less of
        the highest fifth of the sound."""
        self._stream = (
            None
            if rate_in == rate_out
            else soxr.ResampleStream(
                rate_in, rate_out, 1, dtype="int16", quality="LQ" if is_prompt else "HQ"
            )
        )

    def push(self, samples: Samples, last: bool = False) -> Samples:
        """What can be told of the output so far; `last` gives the rest and begins anew."""
        if self._stream is None:
            return samples
        resampled: Samples = self._stream.resample_chunk(samples, last=last)
        if last:
            self._stream.clear()
        return resampled


class Frames:
    """Cuts a stream into frames of equal length."""

    def __init__(self, length: int) -> None:
        """`length` in samples."""
        self._length = length
        self._rest = np.zeros(0, np.int16)

    def push(self, samples: Samples) -> list[Samples]:
        """The frames that are complete now."""
        whole = np.concatenate([self._rest, samples])
        count = whole.size // self._length
        self._rest = whole[count * self._length :]
        return [whole[at * self._length : (at + 1) * self._length] for at in range(count)]
