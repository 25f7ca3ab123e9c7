"""What `kavita check` says of a language model that does not answer."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from kavita.scheduling.clinic import Clinic
from kavita.settings import Settings
from kavita.voice.chat_models import describe_llm, load_chat_models
from kavita.voice.espeak import EngineMissing
from kavita.voice.probes import probe_llm
from tests.fakes.openai_server import KEY, Fault, OpenAIServer, openai_server


@pytest.fixture
def server(clinic: Clinic, now: datetime) -> Iterator[OpenAIServer]:
    with openai_server(clinic, now) as server:
        yield server


def settings(server: OpenAIServer, **values: Any) -> Settings:
    chosen = {"openai_api_key": KEY, "openai_base_url": server.base_url} | values
    return Settings(_env_file=None, **chosen)


def test_a_model_that_answers_is_ready(server: OpenAIServer) -> None:
    probe_llm(settings(server))
    assert "ID" not in str(server.requests), "a probe holds nothing of a caller"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"openai_api_key": "sk-wrong"}, "the key is not accepted; look at OPENAI_API_KEY"),
        ({"openai_model": "gpt-9"}, "there is no model 'gpt-9' there; look at OPENAI_MODEL"),
        ({"openai_base_url": "http://127.0.0.1:9/v1"}, "cannot be reached"),
    ],
)
def test_a_wrong_setting_is_named(server: OpenAIServer, values: dict[str, Any], words: str) -> None:
    with pytest.raises(EngineMissing, match=words) as error:
        probe_llm(settings(server, **values))
    assert "sk-" not in str(error.value)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("402", "the account has no credit left"),
        ("429", "too many requests just now"),
        ("500", "does not work just now"),
        ("hang", "does not answer in time"),
        ("garbage", "not in the protocol; look at OPENAI_BASE_URL"),
    ],
)
def test_a_failing_provider_is_told_in_words(
    server: OpenAIServer, fault: Fault, words: str
) -> None:
    server.fault = fault
    with pytest.raises(EngineMissing, match=words):
        probe_llm(settings(server))


def test_the_backup_is_tried_too(server: OpenAIServer) -> None:
    with pytest.raises(EngineMissing, match="backup: the key is not accepted"):
        probe_llm(settings(server, openai_backup_api_key="sk-wrong", openai_backup_model="x"))


def test_without_a_key_the_receptionist_thinks() -> None:
    plain = Settings(_env_file=None)
    assert load_chat_models(plain) == ()
    assert describe_llm(plain) == "Receptionist (rules, local)"
    rules = Settings(_env_file=None, llm="rules", openai_api_key=KEY)
    assert load_chat_models(rules) == ()


def test_asking_for_openai_without_a_key_or_a_server_is_refused() -> None:
    with pytest.raises(EngineMissing, match="OPENAI_API_KEY"):
        load_chat_models(Settings(_env_file=None, llm="openai"))
