"""A whole call by voice whose ears, brain and voice all stand behind the providers' protocols."""

import asyncio
import re
from datetime import datetime
from pathlib import Path

import pytest
from loguru import logger

from kavita.cli.program import start_log
from kavita.settings import Settings
from kavita.store.appointments import upcoming
from kavita.store.calls import read_call
from tests.fakes.callers import recorded, speak
from tests.fakes.openai_server import ANSWER_TOKENS
from tests.fakes.running_server import Page, coming_open_day, page
from tests.fakes.three_clouds import KEYS, three_clouds

pytestmark = pytest.mark.live

DAY = coming_open_day()
SAID = (
    "My ID is 1001.",
    f"I'd like a lab visit on {DAY:%A}.",
    "11:30 AM, please.",
    "That's all, bye.",
)


async def test_a_visit_is_booked_by_voice_through_azure_openai_and_cartesia(
    tmp_path: Path,
) -> None:
    settings = Settings(_env_file=None)
    with three_clouds(tmp_path, SAID) as clouds:
        azure, model, voice, server = clouds.azure, clouds.model, clouds.voice, clouds.server
        async with page(server) as socket:
            mine = Page(socket)
            await mine.send(action="start")
            await mine.until("speaking_start")
            for _ in SAID[:-1]:
                talking = asyncio.create_task(
                    speak(mine, recorded("My ID is one zero zero one", 2.0))
                )
                await mine.until("user_speaking", seconds=25)
                await mine.answer(seconds=25)
                await talking
            talking = asyncio.create_task(speak(mine, recorded("That is all, goodbye", 2.0)))
            await mine.until("shutdown", seconds=30)
            talking.cancel()
        await asyncio.sleep(0.5)  # the last sound is counted when the line has been cut
        record = read_call(server.database, mine.events[0]["call_id"])
        now = datetime.now(settings.timezone())
        visits = [row.purpose for row in upcoming(server.database, "1001", now)]
    assert mine.events[0]["engines"] == {
        "stt": "Azure Speech",
        "llm": "gpt-4o-mini (own server)",
        "tts": "sonic-3.5 (Cartesia)",
    }
    heard = [event["text"] for event in mine.events if event["type"] == "user_speaking"]
    assert heard == list(SAID)
    assert "Lab visit" in visits
    assert any(words.startswith("Done! Booked") for words in voice.spoken)
    switched = [event for event in mine.events if event["type"] == "metrics"]
    assert not [
        event
        for event in switched
        if event["stt_failures"] or event["llm_failures"] or event["tts_failures"]
    ]
    assert mine.events[-1]["reason"] == "goodbye"
    assert record is not None
    used = {(one.used.engine, one.used.unit): one.used.quantity for one in record.usage}
    assert used["sonic-3.5", "characters"] == sum(map(len, voice.spoken))
    assert used["gpt-4o-mini", "output tokens"] == len(model.requests) * ANSWER_TOKENS
    heard_ms = azure.audio_bytes // 32  # sometimes with 2 s that the SDK adds when it is stopped
    assert heard_ms - 2200 <= used["azure", "milliseconds"] <= heard_ms + 100


async def test_when_the_day_is_spent_the_local_engines_take_over_in_the_call(
    tmp_path: Path,
) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(
        'currency = "USD"\ndaily_limit = 0.001\n[tts."sonic-3.5"]\nper_million_characters = 50.0\n',
        encoding="utf-8",
    )
    with three_clouds(tmp_path, SAID, prices_file=prices) as clouds:
        async with page(clouds.server) as socket:
            mine = Page(socket)
            await mine.send(action="start")
            await mine.until("listening", seconds=25)  # the greeting alone spends it
            for _ in range(2):
                talking = asyncio.create_task(
                    speak(mine, recorded("My ID is one zero zero one", 2.0))
                )
                await mine.until("user_speaking", seconds=25)
                await mine.until("listening", seconds=25)
                await talking
            await mine.send(action="end")
            await mine.until("shutdown")
    told = [event for event in mine.events if event["type"] == "metrics"]
    for stage, provider in (("stt", "azure"), ("llm", "openai"), ("tts", "cartesia")):
        failures = {why for event in told for why in event[f"{stage}_failures"]}
        assert failures == {f"{provider}: daily_limit"}
    assert len(clouds.voice.spoken) == 1
    assert clouds.model.requests == []


async def test_nothing_that_was_said_no_name_no_id_and_no_key_is_in_the_log_at_any_level(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said = ("I am Zanzibar Quetzal, my ID is 1001.", "Cancel the checkup of Quetzal.")
    start_log("DEBUG")
    try:
        with three_clouds(tmp_path, said) as clouds:
            async with page(clouds.server) as socket:
                mine = Page(socket)
                await mine.send(action="start")
                await mine.until("speaking_start")
                for faulty in (False, True):
                    if faulty:
                        clouds.azure.fault = "garbage"
                        clouds.voice.fault = "error"
                        clouds.model.fault = "garbage"
                    talking = asyncio.create_task(
                        speak(mine, recorded("My ID is one zero one", 2.0))
                    )
                    await mine.until("user_speaking", seconds=25)
                    await mine.answer(seconds=25)
                    await talking
                await mine.send(action="end")
                await mine.until("shutdown")
    finally:
        logger.remove()
    log = capfd.readouterr().err
    assert "Zanzibar" in str([event for event in mine.events if event["type"] == "user_partial"])
    for told in ("call started", "the local recogniser takes over", "did not answer a turn"):
        assert told in log
    canaries = ("zanzibar", "quetzal", "archit", "welcome back", "checkup", "one zero one")
    for canary in (*canaries, *KEYS):
        assert canary.lower() not in log.lower()
    assert not re.search(r"\b1001\b", log)
