"""Which engine hears, thinks and speaks: from settings, loaded once for all calls."""

from dataclasses import dataclass

from kavita import wire
from kavita.agent.chat_model import ChatModel
from kavita.settings import Settings
from kavita.voice.chat_models import describe_llm, load_chat_models
from kavita.voice.espeak import EngineMissing, Espeak
from kavita.voice.local_stt import LocalSTT, Transcriber
from kavita.voice.local_tts import LocalTTS


@dataclass
class Engines:
    """The engines of this process, shared by its calls."""

    transcriber: Transcriber
    espeak: Espeak
    models: tuple[ChatModel, ...]
    """The language models, in the order in which they are asked; may be none."""
    names: wire.Engines
    """In words for a person."""

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

    async def close(self) -> None:
        """Let go of what the engines hold."""
        self.transcriber.close()
        for model in self.models:
            await model.close()


def load_engines(settings: Settings) -> Engines:
    """Load what the settings ask for; about half a second.

    Raises:
        EngineMissing: an engine, or the voice of one, is not installed.
    """
    return Engines(
        transcriber=load_ears(),
        espeak=load_voice(settings),
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


def describe(settings: Settings) -> wire.Engines:
    """The engines that `load_engines` would load, in words for a person."""
    return wire.Engines(
        stt="Moonshine tiny (local)", llm=describe_llm(settings), tts="espeak-ng (local)"
    )
