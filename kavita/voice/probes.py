"""Tries the engines outside of this machine, and says in words what is wrong with one."""

import asyncio

from kavita.agent.chat_model import ChatModel
from kavita.agent.circuit import ProviderFailed
from kavita.settings import Settings
from kavita.voice.chat_models import load_chat_models
from kavita.voice.espeak import EngineMissing
from kavita.voice.services import load_azure, load_cartesia, load_ears, load_voice

_STT_SETTINGS = ("AZURE_SPEECH_KEY", "AZURE_SPEECH_REGION", "AZURE_SPEECH_REGION")
_TTS_SETTINGS = ("CARTESIA_API_KEY", "CARTESIA_MODEL", "CARTESIA_URL")

WORDS = {
    "bad_key": "the key is not accepted; look at {key}",
    "no_credit": "the account has no credit left; the key is right",
    "not_allowed": "the key may not be used for this, or not from this country",
    "no_model": "there is no model {model!r} there; look at {model_setting}",
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
    """Load the local recogniser, and connect to Azure; raises EngineMissing with what is wrong."""
    load_ears().close()
    azure = load_azure(settings)
    if azure is None:
        return
    try:
        asyncio.run(azure.probe())
    except ProviderFailed as failure:
        words = _in_words(_STT_SETTINGS, settings.azure_speech_region, failure)
        raise EngineMissing(f"azure: {words}") from None


def probe_tts(settings: Settings) -> None:
    """Try the voice, and Cartesia's connection; raises EngineMissing with what is wrong."""
    sample_rate = load_voice(settings).sample_rate
    cartesia = load_cartesia(settings, sample_rate)
    if cartesia is None:
        return
    try:
        asyncio.run(cartesia.probe())
    except ProviderFailed as failure:
        words = _in_words(_TTS_SETTINGS, settings.cartesia_model, failure)
        raise EngineMissing(f"cartesia: {words}") from None


async def _problems(models: tuple[ChatModel, ...]) -> list[str]:
    problems = []
    for model in models:
        try:
            await model.probe()
        except ProviderFailed as failure:
            problems.append(
                f"{model.label}: {_in_words(_SETTINGS[model.label], model.model, failure)}"
            )
        finally:
            await model.close()
    return problems


def _in_words(names: tuple[str, str, str], model: str, failure: ProviderFailed) -> str:
    key, model_setting, url = names
    words = WORDS.get(failure.code, f"does not work just now ({failure.code})")
    return words.format(key=key, model=model, model_setting=model_setting, url=url)
