"""The page of a front desk: the face of a call whose sound the desk's satellite has."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import Visit
from .scripted import IDENTIFIED, SUMMARY

READY = {"desk": "2", "sound": "ready", "microphone": "m", "speaker": "s", "in_call": False}
GREETING = {"text": "Hello! Welcome to our clinic.", "utterance": "u1", "turn_id": 0}


def open_desk(visit: Visit, page_url: str, query: str = "desk=2#token=abc") -> Visit:
    visit.server.messages.clear()
    visit.page.goto(f"{page_url}/?{query}")
    visit.server.wait_for("join")
    visit.server.send("desk", **READY)
    return visit


@pytest.fixture
def desk(visit: Visit, page_url: str) -> Visit:
    return open_desk(visit, page_url)


def begin_call(visit: Visit) -> None:
    visit.server.send("conversation_started")
    visit.page.locator("main.call").wait_for()
    visit.server.send("speaking_start", **GREETING)
    visit.server.send("speaking_end", utterance="u1")
    visit.server.tool("identify_user", IDENTIFIED, user_id="1001")


def end_call(visit: Visit) -> None:
    visit.server.send("summary", text="CALLER INTENT", **SUMMARY)
    visit.server.send("shutdown", reason="goodbye")
    expect(visit.page.locator("dialog[open]")).to_be_visible()


def has_forgotten(page: Page) -> None:
    expect(page.get_by_role("button", name="Start Conversation")).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert "Archit" not in page.content()


def test_it_joins_its_desk_with_the_token_which_leaves_the_address(desk: Visit) -> None:
    join: dict[str, Any] = {"action": "join", "desk": "2", "role": "page", "token": "abc"}
    assert desk.server.actions("join") == [join]
    assert desk.page.url.endswith("/?desk=2")
    desk.page.reload()
    assert desk.server.wait_for("join", 2) == [join, join]


def test_start_begins_the_call_without_the_browsers_microphone(desk: Visit) -> None:
    desk.page.get_by_role("button", name="Start Conversation").click()
    assert desk.server.wait_for("start") == [{"action": "start", "mode": "voice"}]
    begin_call(desk)
    desk.server.send("listening")
    desk.pill("listening")
    desk.page.wait_for_timeout(200)
    assert desk.server.microphone == []
    expect(desk.page.get_by_text("Welcome to our clinic")).to_be_visible()


def test_a_call_that_another_page_began_is_shown_here_too(desk: Visit) -> None:
    begin_call(desk)
    expect(desk.page.locator("main.call")).to_contain_text("Archit Ojha")


def test_the_next_call_shows_nothing_of_the_last(desk: Visit) -> None:
    begin_call(desk)
    end_call(desk)
    desk.server.send("conversation_started")
    expect(desk.page.locator("dialog[open]")).to_have_count(0)
    assert "Archit" not in desk.page.content()


def test_closing_the_summary_forgets_the_patient_and_joins_again(desk: Visit) -> None:
    begin_call(desk)
    end_call(desk)
    desk.page.get_by_role("button", name="Close").last.click()
    has_forgotten(desk.page)
    desk.server.wait_for("join", 2)


def test_a_page_that_is_left_alone_forgets_the_patient_by_itself(
    visit: Visit, page_url: str
) -> None:
    visit.page.clock.install()
    open_desk(visit, page_url)
    begin_call(visit)
    end_call(visit)
    visit.page.clock.run_for(102_000)
    expect(visit.page.locator(".forgetting")).to_contain_text("forgets you in")
    visit.page.get_by_role("button", name="Keep").click()
    expect(visit.page.locator(".forgetting")).to_have_count(0)
    visit.page.clock.run_for(60_000)
    expect(visit.page.locator("dialog[open]")).to_contain_text("Archit Ojha")
    visit.page.clock.run_for(61_000)
    has_forgotten(visit.page)


def test_a_second_screen_only_watches(visit: Visit, page_url: str) -> None:
    open_desk(visit, page_url, "desk=2&audio=off")
    assert visit.server.actions("join")[0]["role"] == "watcher"
    expect(visit.page.get_by_text("The next call will be shown here.")).to_be_visible()
    expect(visit.page.locator(".choices button")).to_have_count(0)
    begin_call(visit)
    expect(visit.page.locator("main.call")).to_contain_text("Archit Ojha")
    expect(visit.page.locator(".controls")).to_have_count(0)


def test_without_a_number_a_second_screen_watches_the_first_desk(
    visit: Visit, page_url: str
) -> None:
    open_desk(visit, page_url, "audio=off")
    assert visit.server.actions("join")[0]["desk"] == "1"


def test_what_is_wrong_with_the_sound_is_said_until_it_works_again(desk: Visit) -> None:
    words = "the microphone was unplugged"
    desk.server.send("desk", **{**READY, "sound": "failed", "problem": words})
    expect(desk.page.get_by_role("alert")).to_contain_text(words)
    desk.server.send("desk", **READY)
    expect(desk.page.get_by_role("alert")).to_have_count(0)


def test_a_satellite_that_is_only_started_again_alarms_nobody(desk: Visit) -> None:
    desk.server.send("desk", **{**READY, "sound": "missing"})
    desk.page.wait_for_timeout(500)
    expect(desk.page.get_by_role("alert")).to_have_count(0)
    expect(desk.page.get_by_role("alert")).to_contain_text("are not there", timeout=5000)


def test_a_line_that_drops_in_mid_call_is_joined_again_and_shows_the_call(desk: Visit) -> None:
    begin_call(desk)
    desk.server.sockets[-1].close()
    desk.server.wait_for("join", 2)
    desk.server.send("desk", **{**READY, "in_call": True})
    begin_call(desk)
    expect(desk.page.get_by_text("Welcome to our clinic")).to_have_count(1)
    assert desk.server.actions("start") == []


def test_a_call_that_ended_while_the_line_was_down_is_forgotten(desk: Visit) -> None:
    begin_call(desk)
    desk.server.sockets[-1].close()
    desk.server.wait_for("join", 2)
    desk.server.send("desk", **READY)
    has_forgotten(desk.page)


def test_a_callers_own_page_joins_no_desk(visit: Visit) -> None:
    visit.server.begin()
    assert visit.server.actions("join") == []
