"""One stream of PulseAudio's simple API, blocking: what the room itself hears and says."""

import ctypes
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint8, c_uint32, c_void_p
from typing import Literal

S16LE = 3
PLAYBACK, RECORD = 1, 2
WHATEVER = 0xFFFFFFFF


class _Format(ctypes.Structure):
    _fields_ = (("format", c_int), ("rate", c_uint32), ("channels", c_uint8))


class _Buffers(ctypes.Structure):
    _fields_ = tuple(
        (name, c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")
    )


class Stream:
    """Mono PCM16; raises OSError when PulseAudio is not there, or goes away."""

    def __init__(
        self, server: str, direction: Literal["play", "record"], device: str, rate: int, ms: int
    ) -> None:
        """`ms` is what may wait in PulseAudio."""
        self._library = ctypes.CDLL("libpulse-simple.so.0")
        self._library.pa_simple_new.restype = c_void_p
        length = 2 * rate * ms // 1000
        error = c_int()
        self._stream = c_void_p(
            self._library.pa_simple_new(
                server.encode(),
                b"room",
                PLAYBACK if direction == "play" else RECORD,
                c_char_p(device.encode()),
                b"air",
                byref(_Format(S16LE, rate, 1)),
                None,
                byref(_Buffers(4 * length, length, length, WHATEVER, length)),
                byref(error),
            )
        )
        if not self._stream.value:
            raise OSError(error.value, "PulseAudio does not answer")

    def read(self, size: int) -> bytes:
        """Wait for so many bytes."""
        buffer = ctypes.create_string_buffer(size)
        self._do("pa_simple_read", buffer, size)
        return buffer.raw

    def write(self, pcm: bytes) -> None:
        """Give it sound, when there is room."""
        self._do("pa_simple_write", pcm, len(pcm))

    def close(self) -> None:
        """Let it go."""
        self._library.pa_simple_free(self._stream)

    def _do(self, name: str, buffer: object, size: int) -> None:
        error = c_int()
        if getattr(self._library, name)(self._stream, buffer, c_size_t(size), byref(error)) < 0:
            raise OSError(error.value, "PulseAudio has gone")
