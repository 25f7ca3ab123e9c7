"""Tries the engines outside of this machine, and says in words what is wrong with one."""

import asyncio

from kavita.agent.chat_model import ChatModel
from kavita.agent.circuit import ProviderFailed
from kavita.settings import Settings
from kavita.voice.chat_models import load_chat_models
from kavita.voice.espeak import EngineMissing

WORDS = {
    "bad_key": "the key is not accepted; look at {key}",
    "no_credit": "the account has no credit left; the key is right",
    "not_allowed": "the key may not be used for this, or not from this country",
    "no_model": "there is no model {model!r} there; look at {model_setting}",
    "too_many_requests": "too many requests just now; the key is right",
    "unreachable": "cannot be reached; look at the network, and at {url}",
    "timeout": "does not answer in time",
    "garbage": "answers, but not as OpenAI does; look at {url}",
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


async def _problems(models: tuple[ChatModel, ...]) -> list[str]:
    problems = []
    for model in models:
        try:
            await model.probe()
        except ProviderFailed as failure:
            problems.append(f"{model.label}: {_in_words(model, failure)}")
        finally:
            await model.close()
    return problems


def _in_words(model: ChatModel, failure: ProviderFailed) -> str:
    key, model_setting, url = _SETTINGS[model.label]
    words = WORDS.get(failure.code, f"does not work just now ({failure.code})")
    return words.format(key=key, model=model.model, model_setting=model_setting, url=url)
