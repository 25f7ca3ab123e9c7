"""Finding a service of Pipecat's by its name, and what is said of one that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest

from kavita.settings import Settings, SettingsError, Stage, read_settings
from kavita.voice.espeak import EngineMissing
from kavita.voice.named_service import NamedService
from tests.fakes.odd_services import SessionVoice

ODD = "tests.fakes.odd_services"


def named(stage: Stage, name: str, key: str = "", **options: Any) -> NamedService:
    values = {stage: name, f"{stage}_api_key": key, f"{stage}_options": json.dumps(options)}
    return NamedService(Settings(_env_file=None, **values), stage)


@pytest.mark.parametrize(
    ("stage", "name", "kind", "label"),
    [
        ("tts", "openai", "OpenAITTSService", "openai"),
        ("tts", "elevenlabs", "ElevenLabsTTSService", "elevenlabs"),
        ("tts", "rime", "RimeTTSService", "rime"),
        ("llm", "groq", "GroqLLMService", "groq"),
        ("llm", "ollama", "OLLamaLLMService", "ollama"),
        ("llm", "xai", "GrokLLMService", "xai"),
        (
            "tts",
            "pipecat.services.cartesia.tts:CartesiaHttpTTSService",
            "CartesiaHttpTTSService",
            "CartesiaHttpTTSService",
        ),
    ],
)
async def test_a_name_stands_for_the_class_that_is_called_so(
    stage: Stage, name: str, kind: str, label: str
) -> None:
    service = named(stage, name, "any")
    assert type(await service.build()).__name__ == kind
    assert service.label == label
    await service.close()


async def test_options_go_where_the_service_wants_them() -> None:
    service = named("tts", f"{ODD}:SessionVoice", place="here", voice="Rachel", language="en")
    first, second = await service.build(), await service.build()
    assert isinstance(first, SessionVoice)
    assert isinstance(second, SessionVoice)
    assert first.place == "here"
    assert first.given is not None
    assert first.given.given_fields() == {"voice": "Rachel", "language": "en"}
    assert first.session is second.session
    await service.close()
    assert first.session.closed


@pytest.mark.parametrize(
    ("stage", "name", "key", "options", "words"),
    [
        ("tts", "elevenlab", "", {}, "TTS: Pipecat has no 'elevenlab'; it has .*elevenlabs"),
        ("tts", "os:path", "", {}, "TTS: path is no TTSService of Pipecat's"),
        ("tts", "no.where:Voice", "", {}, "TTS: there is no module no.where"),
        ("tts", f"{ODD}:Voice", "", {}, f"TTS: there is no Voice in {ODD}"),
        (
            "tts",
            "pipecat.services.tts_service:TTSService",
            "",
            {},
            "TTS: TTSService is no TTSService of Pipecat's that can be used",
        ),
        (
            "tts",
            "piper",
            "",
            {},
            r"needs the package 'piper', which is not installed: pip install 'pipecat-ai\[piper\]'",
        ),
        ("llm", "groq", "", {}, "LLM: groq needs LLM_API_KEY"),
        (
            "tts",
            "openai",
            "",
            {},
            "TTS: openai does not accept its options .*; it may need TTS_API",
        ),
        (
            "tts",
            "rime",
            "k",
            {"pitch": 2},
            "TTS: rime has no use for 'pitch' in TTS_OPTIONS; it ta",
        ),
        ("tts", f"{ODD}:SessionVoice", "", {}, "TTS: SessionVoice needs 'place' in TTS_OPTIONS"),
        (
            "tts",
            f"{ODD}:SessionVoice",
            "k",
            {"place": "here"},
            "TTS: SessionVoice has no use for TTS_API_KEY",
        ),
        ("tts", f"{ODD}:PickyVoice", "sk-bad", {}, "PickyVoice does not accept its options .Value"),
    ],
)
def test_it_is_said_in_words_why_a_service_cannot_be_used(
    stage: Stage, name: str, key: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(EngineMissing, match=words) as refused:
        named(stage, name, key, **options)
    assert "sk-bad" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tts": "Eleven Labs"}, "TTS: .*'Eleven Labs' is neither"),
        ({"llm": "a:b:c"}, "LLM: .*'a:b:c' is neither"),
        ({"tts_options": "voice=Rachel"}, "TTS_OPTIONS: .*not a JSON object"),
        ({"llm_options": "[1]"}, "LLM_OPTIONS: .*not a JSON object"),
    ],
)
def test_a_setting_that_names_nothing_is_refused(values: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_settings(_env_file=None, **values)


def test_options_may_stand_in_a_file_of_settings_as_they_are(tmp_path: Path) -> None:
    options = '{"voice": "Rachel", "url": "wss://host/#here"}'
    (tmp_path / ".env").write_text(f"TTS=rime\nTTS_OPTIONS={options}\n", encoding="utf-8")
    settings = Settings(_env_file=tmp_path / ".env")
    assert settings.named_service("tts") == "rime"
    assert settings.tts_options.get_secret_value() == options


def test_options_are_kept_out_of_what_is_printed_of_the_settings() -> None:
    settings = Settings(_env_file=None, tts="rime", tts_options='{"url": "wss://user:secret@host"}')
    assert "secret" not in repr(settings)
