"""Which language models answer, in which order: from settings, shared by all calls."""

from kavita.agent.chat_model import ChatModel
from kavita.agent.language_model import LanguageModel
from kavita.settings import Settings
from kavita.voice.espeak import EngineMissing
from kavita.voice.named_llm import NamedModel
from kavita.voice.named_service import NamedService, label_of

NO_KEY = "none"
"""Sent to a server of one's own, which asks for no key."""


def load_chat_models(settings: Settings) -> tuple[LanguageModel, ...]:
    """The models that the settings name, none for `LLM=rules`; raises EngineMissing."""
    if settings.named_service("llm"):
        return (NamedModel(NamedService(settings, "llm")),)
    key = settings.openai_api_key.get_secret_value()
    if not uses_openai(settings):
        return ()
    if not key and not settings.openai_base_url:
        raise EngineMissing("LLM=openai needs OPENAI_API_KEY, or OPENAI_BASE_URL for a server")
    models = [ChatModel("openai", settings.openai_model, key or NO_KEY, settings.openai_base_url)]
    backup = settings.openai_backup_model or settings.openai_backup_base_url
    if backup:
        models.append(
            ChatModel(
                "backup",
                settings.openai_backup_model or settings.openai_model,
                settings.openai_backup_api_key.get_secret_value() or key or NO_KEY,
                settings.openai_backup_base_url or settings.openai_base_url,
            )
        )
    return tuple(models)


def uses_openai(settings: Settings) -> bool:
    """Whether a model behind OpenAI's protocol thinks."""
    has_key = bool(settings.openai_api_key.get_secret_value())
    return settings.llm == "openai" or (not settings.llm and has_key)


def describe_llm(settings: Settings) -> str:
    """What thinks, in words for a person."""
    if name := settings.named_service("llm"):
        return f"{label_of(name)} (Pipecat)"
    if not uses_openai(settings):
        return "Receptionist (rules, local)"
    where = "own server" if settings.openai_base_url else "OpenAI"
    return f"{settings.openai_model} ({where})"
