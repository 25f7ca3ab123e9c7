"""Tries the engines outside of this machine, and says in words what is wrong with one."""

import asyncio

from kavita.agent.circuit import ProviderFailed
from kavita.agent.language_model import LanguageModel
from kavita.settings import Settings
from kavita.voice.chat_models import load_chat_models
from kavita.voice.cloud_stt import CloudEars
from kavita.voice.cloud_tts import CloudVoice
from kavita.voice.espeak import EngineMissing
from kavita.voice.services import load_cloud_ears, load_cloud_voice, load_ears, load_voice

Names = tuple[str, str, str]
"""The settings with the key, the model and the address of an engine."""

_STT_SETTINGS = ("AZURE_SPEECH_KEY", "AZURE_SPEECH_REGION", "AZURE_SPEECH_REGION")
_TTS_SETTINGS = ("CARTESIA_API_KEY", "CARTESIA_MODEL", "CARTESIA_URL")

WORDS = {
    "bad_key": "the key is not accepted; look at {key}",
    "no_credit": "the account has no credit left; the key is right",
    "not_allowed": "the key may not be used for this, or not from this country",
    "no_model": "there is no model {model!r} there; look at {model_setting}",
    "bad_request": "refuses what it is asked; look at {model_setting}",
    "too_many_requests": "too many requests just now; the key is right",
    "unreachable": "cannot be reached; look at the network, and at {url}",
    "timeout": "does not answer in time",
    "garbage": "answers, but not in the protocol; look at {url}",
    "cut": "cuts the line in mid-answer",
    "empty": "answers with nothing",
}
"""What a failure means to an operator; `{key}` and the like are names of settings."""

_SETTINGS = {
    "openai": ("OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_BASE_URL"),
    "backup": ("OPENAI_BACKUP_API_KEY", "OPENAI_BACKUP_MODEL", "OPENAI_BACKUP_BASE_URL"),
}


def probe_llm(settings: Settings) -> None:
    """Ask each language model for a word; raises EngineMissing with what is wrong, in words."""
    problems = asyncio.run(_problems(load_chat_models(settings)))
    if problems:
        raise EngineMissing("; ".join(problems))


def probe_stt(settings: Settings) -> None:
    """Load the local recogniser, and try what hears first; raises EngineMissing in words."""
    load_ears().close()
    cloud = load_cloud_ears(settings, load_voice(settings))
    if cloud is not None:
        names = _names("STT") if settings.named_service("stt") else _STT_SETTINGS
        asyncio.run(_try(cloud, names, settings.azure_speech_region))


def probe_tts(settings: Settings) -> None:
    """Try the voice, and what speaks first; raises EngineMissing with what is wrong."""
    sample_rate = load_voice(settings).sample_rate
    cloud = load_cloud_voice(settings, sample_rate)
    if cloud is not None:
        names = _names("TTS") if settings.named_service("tts") else _TTS_SETTINGS
        asyncio.run(_try(cloud, names, cloud.model))


async def _try(cloud: CloudEars | CloudVoice, names: Names, model: str) -> None:
    try:
        await cloud.probe()
    except ProviderFailed as failure:
        raise EngineMissing(f"{cloud.label}: {_in_words(names, model, failure)}") from None
    finally:
        await cloud.close()


def _names(stage: str) -> Names:
    """Where a named service is set."""
    options = f"{stage}_OPTIONS"
    return f"{stage}_API_KEY", options, options


async def _problems(models: tuple[LanguageModel, ...]) -> list[str]:
    problems = []
    for model in models:
        try:
            await model.probe()
        except ProviderFailed as failure:
            names = _SETTINGS.get(model.label) or _names("LLM")
            problems.append(f"{model.label}: {_in_words(names, model.model, failure)}")
        finally:
            await model.close()
    return problems


def _in_words(names: Names, model: str, failure: ProviderFailed) -> str:
    key, model_setting, url = names
    words = WORDS.get(failure.code, f"does not work just now ({failure.code})")
    return words.format(key=key, model=model, model_setting=model_setting, url=url)
