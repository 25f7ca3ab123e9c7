"""A whole call by voice whose ears, brain and voice are services of Pipecat's, by name."""

import asyncio
import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from loguru import logger

from kavita.cli.program import start_log
from kavita.settings import Settings
from kavita.store.appointments import upcoming
from tests.fakes import openai_audio_server, openai_server, soniox_server
from tests.fakes.callers import recorded, speak
from tests.fakes.running_server import Page, coming_open_day, page, running_server

pytestmark = pytest.mark.live

SAID = (
    "My ID is 1001.",
    f"I'd like a lab visit on {coming_open_day():%A}.",
    "11:30 AM, please.",
    "That's all, bye.",
)
KEYS = (soniox_server.KEY, openai_server.KEY, openai_audio_server.KEY)


async def test_a_visit_is_booked_by_voice_through_three_named_services_and_none_of_it_is_logged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(_env_file=None)
    start_log("DEBUG")
    try:
        with (
            soniox_server.soniox_server(lambda n: SAID[min(n, len(SAID) - 1)]) as ears,
            openai_server.openai_server(
                settings.clinic(), lambda: datetime.now(settings.timezone())
            ) as model,
            openai_audio_server.openai_audio_server() as voice,
            running_server(
                tmp_path,
                stt="soniox",
                stt_api_key=soniox_server.KEY,
                stt_options=json.dumps({"url": ears.url}),
                llm="groq",
                llm_api_key=openai_server.KEY,
                llm_options=json.dumps({"base_url": model.base_url, "model": model.model}),
                tts="openai",
                tts_api_key=openai_audio_server.KEY,
                tts_options=json.dumps({"base_url": voice.base_url}),
            ) as server,
        ):
            async with page(server) as socket:
                mine = Page(socket)
                await mine.send(action="start")
                await mine.until("speaking_start")
                for _ in SAID[:-1]:
                    sound = recorded("My ID is one zero zero one", 2.0)
                    talking = asyncio.create_task(speak(mine, sound))
                    await mine.until("user_speaking", seconds=25)
                    await mine.answer(seconds=25)
                    await talking
                talking = asyncio.create_task(speak(mine, recorded("That is all goodbye", 2.0)))
                await mine.until("shutdown", seconds=30)
                talking.cancel()
            now = datetime.now(settings.timezone())
            visits = [row.purpose for row in upcoming(server.database, "1001", now)]
    finally:
        logger.remove()
    assert set(mine.events[0]["engines"].values()) == {
        "soniox (Pipecat)",
        "groq (Pipecat)",
        "openai (Pipecat)",
    }
    assert [event["text"] for event in mine.events if event["type"] == "user_speaking"] == [*SAID]
    assert "Lab visit" in visits
    assert any(words.startswith("Done! Booked") for words in voice.spoken)
    switched = [event for event in mine.events if event["type"] == "metrics"]
    stages = ("stt_failures", "llm_failures", "tts_failures")
    assert not [event for event in switched if any(event[stage] for stage in stages)]
    assert mine.events[-1]["reason"] == "goodbye"
    log = capfd.readouterr().err
    assert "call started" in log
    for canary in ("lab visit", "archit", "welcome back", "11:30", *KEYS):
        assert canary.lower() not in log.lower()
    assert not re.search(r"\b1001\b", log)
    assert "an error was reported" not in log
