"""The five things that the page takes for granted of a browser; `docs/s0.md` has the figures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from .conftest import LaunchChromium, watch
from .recordings import RATE, correlation_at_best_lag, likeness, speech_like, write_wav


def ask(page: Page, url: str) -> dict[str, Any]:
    """Press Start on the page of assumptions and give its answers, four seconds later."""
    page.goto(f"{url}/assumptions")
    page.click("#start")
    page.wait_for_selector("body[data-done]", timeout=20_000)
    answers: dict[str, Any] = json.loads(page.evaluate("JSON.stringify(answers)"))
    return answers


def test_a_click_starts_sound_under_a_strict_policy_and_preact_renders_from_vendored_files(
    chromium: Browser, page_url: str
) -> None:
    page = chromium.new_page()
    faults, _ = watch(page)
    answers = ask(page, page_url)
    print({key: answers[key] for key in ("state", "rate", "advanced", "soundMs")})
    assert answers["state"] == "running"
    assert answers["advanced"] == pytest.approx(1, abs=0.2)
    page.click(".count")
    assert page.inner_text(".count") == "Count 1"
    assert answers["violations"] == []
    assert faults == []


def test_the_microphone_arrives_as_16_khz_frames_that_sound_like_it(
    launch_chromium: LaunchChromium, page_url: str, tmp_path: Path
) -> None:
    said = speech_like(2.0)
    quiet = np.zeros(RATE // 2)
    wav = write_wav(tmp_path / "caller.wav", np.concatenate([quiet, said, quiet]))
    answers = ask(launch_chromium(wav).new_page(), page_url)
    heard = np.array(answers["pcm"], dtype=float)
    correlation = likeness(heard, said)
    whole = correlation_at_best_lag(heard, said)
    print({"samples": heard.size, "pieces": round(correlation, 4), "whole": round(whole, 4)})
    assert heard.size % 320 == 0
    assert correlation > 0.9


@pytest.mark.parametrize(
    ("launch", "reason", "detail"),
    [
        ({"deny": True}, "denied", "Permission denied"),
        ({"device": False}, "none", "Requested device not found"),
    ],
)
def test_a_missing_microphone_says_why(
    launch_chromium: LaunchChromium,
    page_url: str,
    launch: dict[str, bool],
    reason: str,
    detail: str,
) -> None:
    answers = ask(launch_chromium(**launch).new_page(), page_url)
    assert (answers["error"], answers["detail"]) == (reason, detail)
