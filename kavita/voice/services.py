"""Which engine hears, thinks and speaks: from settings, loaded once for all calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipecat.processors.aggregators.llm_response_universal import LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor

from kavita import wire
from kavita.agent.phrases import FIXED_PHRASES, greeting
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.expectation import Reading
from kavita.receptionist.receptionist import Receptionist
from kavita.settings import Settings
from kavita.voice.espeak import EngineMissing, Espeak
from kavita.voice.local_stt import LocalSTT, Transcriber
from kavita.voice.local_tts import LocalTTS, RehearsedVoice
from kavita.voice.rule_llm import RuleLLM
from kavita.voice.turn_end import Waits
from kavita.voice.turn_models import TurnModels
from kavita.voice.turns import listening


@dataclass
class Engines:
    """The engines of this process, shared by its calls."""

    transcriber: Transcriber
    voice: RehearsedVoice
    turn_models: TurnModels

    def describe(self) -> wire.Engines:
        """Names for a person."""
        return describe()

    def listening(
        self, settings: Settings, read: Callable[[str], Reading]
    ) -> LLMUserAggregatorParams:
        """When turns start and end in one call; `read` weighs words against what was asked."""
        return listening(self.turn_models, waits(settings), read)

    def stt(self) -> FrameProcessor:
        """Speech to text for one call."""
        return LocalSTT(self.transcriber)

    def brain(
        self, receptionist: Receptionist, tools: AppointmentTools, clock: Callable[[], datetime]
    ) -> FrameProcessor:
        """What answers the turns of one call; `clock` gives the clinic's now."""
        return RuleLLM(receptionist, tools, clock, self.voice.rehearse)

    def tts(self) -> LocalTTS:
        """Text to speech for one call."""
        return LocalTTS(self.voice)

    @property
    def sample_rate(self) -> int:
        """Hz of the voice."""
        return self.voice.sample_rate

    def close(self) -> None:
        """Let go of what the engines hold."""
        self.transcriber.close()


def load_engines(settings: Settings) -> Engines:
    """Load what the settings ask for; about half a second.

    Raises:
        EngineMissing: an engine, or the voice of one, is not installed.
    """
    voice = RehearsedVoice(load_voice(settings))
    for phrase in (greeting(settings.clinic_name), *FIXED_PHRASES):
        voice.learn(phrase)
    return Engines(transcriber=load_ears(), voice=voice, turn_models=TurnModels())


def waits(settings: Settings) -> Waits:
    """How long turns wait."""
    return Waits(
        complete=settings.turn_complete_seconds,
        finished=settings.turn_finished_seconds,
        enough=settings.turn_enough_seconds,
        unsure=settings.turn_unsure_seconds,
        astray=settings.turn_astray_seconds,
        silence=settings.silence_seconds,
        dictating=settings.dictation_seconds,
    )


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
