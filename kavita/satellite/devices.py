"""Which microphones and loudspeakers there are, and opening one of each."""

import sys
from dataclasses import dataclass
from typing import Any, Literal

LATENCY_SECONDS = 0.04
"""What may wait in the driver, each way: the agent falls silent no sooner than that."""

Kind = Literal["input", "output"]
WORDS = {"input": "microphone", "output": "loudspeaker"}


class DeviceError(Exception):
    """A device cannot be had or used; the words are for the staff."""


class AudioUnavailable(DeviceError):
    """PortAudio or its binding is not installed."""


@dataclass(frozen=True)
class Device:
    """One that PortAudio offers."""

    index: int
    name: str
    inputs: int
    outputs: int
    is_default_input: bool
    is_default_output: bool

    def fits(self, kind: Kind) -> bool:
        """Whether it has a channel in that direction."""
        return (self.inputs if kind == "input" else self.outputs) > 0


def all_devices() -> list[Device]:
    """What this machine offers now. Raises AudioUnavailable."""
    sounddevice = _sounddevice()
    default_input, default_output = sounddevice.default.device
    return [
        Device(
            index=each["index"],
            name=each["name"],
            inputs=each["max_input_channels"],
            outputs=each["max_output_channels"],
            is_default_input=each["index"] == default_input,
            is_default_output=each["index"] == default_output,
        )
        for each in sounddevice.query_devices()
    ]


def choose(devices: list[Device], kind: Kind, name: str) -> Device:
    """The device of that name, or with the name in its own, or the default. DeviceError."""
    fitting = [device for device in devices if device.fits(kind)]
    if not name:
        defaults = [
            device
            for device in fitting
            if (device.is_default_input if kind == "input" else device.is_default_output)
        ]
        if not (defaults or fitting):
            raise DeviceError(f"this machine has no {WORDS[kind]}")
        return (defaults or fitting)[0]
    wanted = name.casefold()
    named = [device for device in fitting if device.name.casefold() == wanted] or [
        device for device in fitting if wanted in device.name.casefold()
    ]
    if not named:
        there = ", ".join(device.name for device in fitting) or "none"
        raise DeviceError(f"no {WORDS[kind]} is called {name!r}; there are: {there}")
    return named[0]


def look_again() -> None:
    """Have PortAudio list the devices anew; no stream may be open."""
    sounddevice = _sounddevice()
    sounddevice._terminate()
    sounddevice._initialize()


class Stream:
    """An open microphone or loudspeaker; mono PCM16. Its calls block, and raise DeviceError."""

    def __init__(self, kind: Kind, device: Device, rate: int) -> None:
        """Open it at `rate` Hz, or where it cannot, at its own."""
        sounddevice = _sounddevice()
        self._kind = kind
        self._failure = sounddevice.PortAudioError
        opener = sounddevice.RawInputStream if kind == "input" else sounddevice.RawOutputStream
        check = getattr(sounddevice, f"check_{kind}_settings")
        form: dict[str, Any] = {"device": device.index, "channels": 1, "dtype": "int16"}
        try:
            try:
                check(samplerate=rate, **form)
            except self._failure:
                rate = int(sounddevice.query_devices(device.index)["default_samplerate"])
            self._stream = opener(samplerate=rate, latency=LATENCY_SECONDS, **form)
            self._stream.start()
        except self._failure as error:
            raise self._lost(error) from None
        self.rate = rate
        self.block = rate // 100
        """Samples in 10 ms."""

    @property
    def latency(self) -> float:
        """Seconds between this program and the air, as the driver tells."""
        return float(self._stream.latency)

    def read(self) -> bytes:
        """Wait for the next 10 ms of the microphone."""
        try:
            sound, _ = self._stream.read(self.block)
        except self._failure as error:
            raise self._lost(error) from None
        return bytes(sound)

    def write(self, pcm: bytes) -> bool:
        """Give the loudspeaker sound, when there is room; whether it had run dry before."""
        try:
            return bool(self._stream.write(pcm))
        except self._failure as error:
            raise self._lost(error) from None

    def close(self) -> None:
        """Drop what waits, and let the device go."""
        try:
            self._stream.abort()
            self._stream.close()
        except self._failure:
            return  # the device has gone already

    def _lost(self, error: Exception) -> DeviceError:
        return DeviceError(f"the {WORDS[self._kind]} does not work: {error}")


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError:
        raise AudioUnavailable("the `device` extra is not installed: run `make install`") from None
    except OSError:
        advice = ": install `libportaudio2`" if sys.platform == "linux" else ""
        raise AudioUnavailable(f"PortAudio is not on this machine{advice}") from None
    return sounddevice
