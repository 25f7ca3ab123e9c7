"""Which engine hears, thinks and speaks: from settings, loaded once for all calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kavita import wire
from kavita.agent.chat_model import ChatModel
from kavita.settings import Settings
from kavita.voice.azure_speech import AzureSpeech
from kavita.voice.cartesia import Cartesia
from kavita.voice.chat_models import describe_llm, load_chat_models
from kavita.voice.cloud_stt import CloudSTT
from kavita.voice.cloud_tts import CloudTTS
from kavita.voice.espeak import EngineMissing, Espeak
from kavita.voice.local_stt import LocalSTT, Transcriber
from kavita.voice.local_tts import LocalTTS


@dataclass
class Engines:
    """The engines of this process, shared by its calls."""

    transcriber: Transcriber
    espeak: Espeak
    azure: AzureSpeech | None
    cartesia: Cartesia | None
    models: tuple[ChatModel, ...]
    """The language models, in the order in which they are asked; may be none."""
    names: wire.Engines
    """In words for a person."""

    def stt(self, on_failed: Callable[[str], Awaitable[None]]) -> LocalSTT:
        """Speech to text for one call; `on_failed` hears why the local recogniser had to."""
        if self.azure is None:
            return LocalSTT(self.transcriber)
        return CloudSTT(self.transcriber, self.azure, on_failed)

    def tts(self, on_failed: Callable[[str], Awaitable[None]]) -> LocalTTS:
        """Text to speech for one call; `on_failed` hears why the local voice had to speak."""
        if self.cartesia is None:
            return LocalTTS(self.espeak)
        return CloudTTS(self.espeak, self.cartesia, on_failed)

    @property
    def sample_rate(self) -> int:
        """Hz of the voice."""
        return self.espeak.sample_rate

    async def close(self) -> None:
        """Let go of what the engines hold."""
        self.transcriber.close()
        for model in self.models:
            await model.close()
        for provider in (self.azure, self.cartesia):
            if provider is not None:
                await provider.circuit.close()


def load_engines(settings: Settings) -> Engines:
    """Load what the settings ask for; about half a second.

    Raises:
        EngineMissing: an engine, or the voice of one, is not installed.
    """
    espeak = load_voice(settings)
    return Engines(
        transcriber=load_ears(),
        espeak=espeak,
        azure=load_azure(settings),
        cartesia=load_cartesia(settings, espeak.sample_rate),
        models=load_chat_models(settings),
        names=describe(settings),
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


def describe(settings: Settings) -> wire.Engines:
    """The engines that `load_engines` would load, in words for a person."""
    azure = bool(settings.azure_speech_key.get_secret_value()) and settings.stt != "local"
    cartesia = bool(settings.cartesia_api_key.get_secret_value()) and settings.tts != "local"
    return wire.Engines(
        stt="Azure Speech" if azure else "Moonshine tiny (local)",
        llm=describe_llm(settings),
        tts=f"{settings.cartesia_model} (Cartesia)" if cartesia else "espeak-ng (local)",
    )
