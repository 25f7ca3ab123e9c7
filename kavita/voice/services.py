"""Which engine hears, thinks and speaks: from settings, loaded once for all calls."""

from dataclasses import dataclass

from kavita import wire
from kavita.settings import Settings
from kavita.voice.espeak import Espeak
from kavita.voice.local_stt import LocalSTT, Transcriber
from kavita.voice.local_tts import LocalTTS


@dataclass
class Engines:
    """The engines of this process, shared by its calls."""

    transcriber: Transcriber
    espeak: Espeak

    def describe(self) -> wire.Engines:
        """Names for a person."""
        return describe()

    def stt(self) -> LocalSTT:
        """Speech to text for one call."""
        return LocalSTT(self.transcriber)

    def tts(self) -> LocalTTS:
        """Text to speech for one call."""
        return LocalTTS(self.espeak)

    @property
    def sample_rate(self) -> int:
        """Hz of the voice."""
        return self.espeak.sample_rate

    def close(self) -> None:
        """Let go of what the engines hold."""
        self.transcriber.close()


def load_engines(settings: Settings) -> Engines:
    """Load what the settings ask for; about half a second.

    Raises:
        EngineMissing: an engine is not installed.
    """
    return Engines(transcriber=Transcriber(), espeak=Espeak(settings.local_voice))


def describe() -> wire.Engines:
    """The engines that `load_engines` would load, in words for a person."""
    return wire.Engines(
        stt="Moonshine tiny (local)", llm="Receptionist (rules, local)", tts="espeak-ng (local)"
    )
