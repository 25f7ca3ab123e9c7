"""Which engine hears, thinks and speaks: from settings, loaded once for all calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pipecat.processors.frame_processor import FrameProcessor

from kavita import wire
from kavita.agent.answering import FILLER_SECONDS, Answered, Answering
from kavita.agent.budget import Budget, Count
from kavita.agent.language_model import LanguageModel
from kavita.agent.phrases import FIXED_PHRASES, greeting
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.expectation import Reading
from kavita.receptionist.receptionist import Receptionist
from kavita.settings import ENGINES, Settings
from kavita.voice.azure_speech import AzureSpeech
from kavita.voice.brain_seat import BrainSeat
from kavita.voice.cartesia import Cartesia
from kavita.voice.chat_models import describe_llm, load_chat_models, uses_openai
from kavita.voice.cloud_stt import CloudEars, CloudSTT
from kavita.voice.cloud_tts import CloudTTS, CloudVoice
from kavita.voice.espeak import EngineMissing, Espeak
from kavita.voice.interruption import Floor
from kavita.voice.local_stt import LocalSTT, OnWords, Transcriber
from kavita.voice.local_tts import LocalTTS, RehearsedVoice
from kavita.voice.named_service import NamedService, label_of
from kavita.voice.named_stt import NamedEars, spoken_sample
from kavita.voice.named_tts import NamedVoice
from kavita.voice.turn_end import Waits
from kavita.voice.turn_models import TurnModels
from kavita.voice.turns import Listening, listening


@dataclass
class Engines:
    """The engines of this process, shared by its calls."""

    transcriber: Transcriber
    voice: RehearsedVoice
    turn_models: TurnModels
    ears: CloudEars | None
    """What hears first, if it is not the transcriber."""
    cloud_voice: CloudVoice | None
    """What speaks first, if it is not the voice."""
    models: tuple[LanguageModel, ...]
    """The language models, in the order in which they are asked; may be none."""
    names: wire.Engines
    """In words for a person."""

    def listening(
        self, settings: Settings, read: Callable[[str], Reading], floor: Floor
    ) -> Listening:
        """How one call listens; `read` weighs words against what was asked.

        `floor` is the agent's speech, which a turn may interrupt.
        """
        hear = self.transcriber.transcribe
        return listening(self.turn_models, waits(settings), read, floor, hear)

    @property
    def needs_silence(self) -> bool:
        """Whether the recogniser must be sent silence too: those of the cloud end phrases by it."""
        return self.ears is not None

    def stt(
        self,
        on_words: OnWords,
        on_failed: Callable[[str], Awaitable[None]],
        count: Count,
    ) -> FrameProcessor:
        """Speech to text for one call.

        `on_words` hears the words of a turn that may go on, `on_failed` why the local recogniser
        had to hear, `count` what it costs.
        """
        if self.ears is None:
            return LocalSTT(self.transcriber, on_words)
        return CloudSTT(self.transcriber, on_words, self.ears, on_failed, count)

    def brain(
        self,
        receptionist: Receptionist,
        tools: AppointmentTools,
        agent_name: str,
        on_answered: Callable[[Answered], Awaitable[None]],
        count: Count,
    ) -> BrainSeat:
        """What answers the turns of one call; `on_answered` hears who did, `count` the cost."""
        answering = Answering(receptionist, tools, self.models, agent_name, FILLER_SECONDS, count)
        return BrainSeat(answering, on_answered, self.voice.rehearse)

    def tts(self, on_failed: Callable[[str], Awaitable[None]], count: Count) -> LocalTTS:
        """Text to speech for one call.

        `on_failed` hears why the local voice had to speak, `count` what it costs.
        """
        if self.cloud_voice is None:
            return LocalTTS(self.voice)
        return CloudTTS(self.voice, self.cloud_voice, on_failed, count)

    def limit_by(self, budget: Budget) -> None:
        """Leave every provider alone as long as the day's budget is spent."""
        for provider in (self.ears, self.cloud_voice, *self.models):
            if provider is not None:
                provider.circuit.limit_by(lambda: budget.is_spent)

    @property
    def sample_rate(self) -> int:
        """Hz of the voice."""
        return self.voice.sample_rate

    async def close(self) -> None:
        """Let go of what the engines hold."""
        self.transcriber.close()
        for provider in (self.ears, self.cloud_voice, *self.models):
            if provider is not None:
                await provider.close()


def load_engines(settings: Settings) -> Engines:
    """Load what the settings ask for; about a second.

    Raises:
        EngineMissing: an engine, or the voice of one, is not installed.
    """
    transcriber = Transcriber()
    espeak = load_voice(settings)
    voice = RehearsedVoice(espeak)
    for phrase in (greeting(settings.clinic_name), *FIXED_PHRASES):
        voice.learn(phrase)
    engines = Engines(
        transcriber=transcriber,
        voice=voice,
        turn_models=TurnModels(),
        ears=load_cloud_ears(settings, espeak),
        cloud_voice=load_cloud_voice(settings, voice.sample_rate),
        models=load_chat_models(settings),
        names=describe(settings),
    )
    transcriber.wait_until_loaded()
    return engines


def waits(settings: Settings) -> Waits:
    """How long turns wait."""
    return Waits(
        complete=settings.turn_complete_seconds,
        finished=settings.turn_finished_seconds,
        counted=settings.turn_counted_seconds,
        enough=settings.turn_enough_seconds,
        unsure=settings.turn_unsure_seconds,
        astray=settings.turn_astray_seconds,
        silence=settings.silence_seconds,
        dictating=settings.dictation_seconds,
    )


def load_ears() -> Transcriber:
    """Load what hears; raises EngineMissing."""
    transcriber = Transcriber()
    transcriber.wait_until_loaded()
    return transcriber


def load_voice(settings: Settings) -> Espeak:
    """Load what speaks; raises EngineMissing."""
    try:
        return Espeak(settings.local_voice)
    except ValueError as error:
        raise EngineMissing(f"LOCAL_VOICE: {error}") from error


def load_cloud_ears(settings: Settings, espeak: Espeak) -> CloudEars | None:
    """What hears first by the settings, if it is not Moonshine; raises EngineMissing.

    `espeak` says what a named service is tried with.
    """
    if settings.named_service("stt"):
        return NamedEars(NamedService(settings, "stt"), spoken_sample(espeak))
    return load_azure(settings)


def load_cloud_voice(settings: Settings, sample_rate: int) -> CloudVoice | None:
    """What speaks first by the settings, if it is not espeak-ng; raises EngineMissing."""
    if settings.named_service("tts"):
        return NamedVoice(NamedService(settings, "tts"), sample_rate)
    return load_cartesia(settings, sample_rate)


def load_azure(settings: Settings) -> AzureSpeech | None:
    """Azure, if the settings name it; raises EngineMissing without a key, region or extra."""
    key = settings.azure_speech_key.get_secret_value()
    if settings.stt == "local" or not (settings.stt or key):
        return None
    if not key or not (settings.azure_speech_region or settings.azure_speech_host):
        raise EngineMissing("Azure needs AZURE_SPEECH_KEY and AZURE_SPEECH_REGION")
    return AzureSpeech(key, settings.azure_speech_region, settings.azure_speech_host)


def load_cartesia(settings: Settings, sample_rate: int) -> Cartesia | None:
    """Cartesia, if the settings name it; raises EngineMissing without a key."""
    key = settings.cartesia_api_key.get_secret_value()
    if settings.tts == "local" or not (settings.tts or key):
        return None
    if not key:
        raise EngineMissing("TTS=cartesia needs CARTESIA_API_KEY")
    voice, model = settings.cartesia_voice, settings.cartesia_model
    return Cartesia(key, voice, model, settings.cartesia_url, sample_rate)


def billed_engines(settings: Settings) -> list[str]:
    """The engines outside of this machine, by their names in the price list."""
    services = map(settings.named_service, ENGINES)
    named = [label_of(name) for name in services if name]
    if uses_azure(settings):
        named.append("azure")
    if uses_openai(settings):
        backup = settings.openai_backup_model
        named += [settings.openai_model, *([backup] if backup else [])]
    return [*named, *([settings.cartesia_model] if uses_cartesia(settings) else [])]


def uses_azure(settings: Settings) -> bool:
    """Whether Azure hears first."""
    return bool(settings.azure_speech_key.get_secret_value()) and settings.stt in ("", "azure")


def uses_cartesia(settings: Settings) -> bool:
    """Whether Cartesia speaks first."""
    return bool(settings.cartesia_api_key.get_secret_value()) and settings.tts in ("", "cartesia")


def describe(settings: Settings) -> wire.Engines:
    """The engines that `load_engines` would load, in words for a person."""
    return wire.Engines(
        stt=_describe_stt(settings), llm=describe_llm(settings), tts=_describe_tts(settings)
    )


def _describe_stt(settings: Settings) -> str:
    if name := settings.named_service("stt"):
        return f"{label_of(name)} (Pipecat)"
    return "Azure Speech" if uses_azure(settings) else "Moonshine tiny (local)"


def _describe_tts(settings: Settings) -> str:
    if name := settings.named_service("tts"):
        return f"{label_of(name)} (Pipecat)"
    is_cloud = uses_cartesia(settings)
    return f"{settings.cartesia_model} (Cartesia)" if is_cloud else "espeak-ng (local)"
