"""Which engine hears, thinks and speaks: from settings, loaded once for all calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipecat.processors.aggregators.llm_response_universal import LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor

from kavita import wire
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.receptionist import Receptionist
from kavita.settings import Settings
from kavita.voice.espeak import EngineMissing, Espeak
from kavita.voice.local_stt import LocalSTT, Transcriber
from kavita.voice.local_tts import LocalTTS
from kavita.voice.rule_llm import RuleLLM
from kavita.voice.turns import listening


@dataclass
class Engines:
    """The engines of this process, shared by its calls."""

    transcriber: Transcriber
    espeak: Espeak

    def describe(self) -> wire.Engines:
        """Names for a person."""
        return describe()

    def listening(self, silence_seconds: float) -> LLMUserAggregatorParams:
        """When turns start and end in one call; blocks while it loads."""
        return listening(silence_seconds)

    def stt(self) -> FrameProcessor:
        """Speech to text for one call."""
        return LocalSTT(self.transcriber)

    def brain(
        self, receptionist: Receptionist, tools: AppointmentTools, clock: Callable[[], datetime]
    ) -> FrameProcessor:
        """What answers the turns of one call; `clock` gives the clinic's now."""
        return RuleLLM(receptionist, tools, clock)

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
        EngineMissing: an engine, or the voice of one, is not installed.
    """
    return Engines(transcriber=load_ears(), espeak=load_voice(settings))


def load_ears() -> Transcriber:
    """Load what hears; raises EngineMissing."""
    return Transcriber()


def load_voice(settings: Settings) -> Espeak:
    """Load what speaks; raises EngineMissing."""
    try:
        return Espeak(settings.local_voice)
    except ValueError as error:
        raise EngineMissing(f"LOCAL_VOICE: {error}") from error


def describe() -> wire.Engines:
    """The engines that `load_engines` would load, in words for a person."""
    return wire.Engines(
        stt="Moonshine tiny (local)", llm="Receptionist (rules, local)", tts="espeak-ng (local)"
    )
