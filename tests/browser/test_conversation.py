"""During the call: what was said, the tool cards, the patient, the times, the summary."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .conftest import Visit
from .scripted import CHECKUP, IDENTIFIED, LAB_VISIT, REVIEW, SLOTS, SUMMARY

GREEN = "rgb(4, 120, 87)"


def bubbles(call: Visit) -> Locator:
    return call.page.locator(".bubble")


def card(call: Visit, tool: str) -> Locator:
    return call.page.locator(f".card[data-tool={tool}]")


def test_utterances_of_one_turn_share_a_bubble_and_the_callers_words_are_green(call: Visit) -> None:
    call.server.say("Hello!", "u0", 0)
    call.server.say("Welcome to our clinic.", "u1", 0)
    call.server.send("user_speaking", text="My ID is 1001")
    call.server.say("Welcome back.", "u2", 1)
    expect(bubbles(call).locator(".text")).to_have_text(
        ["Hello! Welcome to our clinic.", "My ID is 1001", "Welcome back."]
    )
    expect(call.page.locator(".bubble.user")).to_have_css("color", GREEN)


def test_an_interrupted_bubble_keeps_only_the_words_that_were_heard(call: Visit) -> None:
    call.server.say("I have three times.", "u0", 0)
    call.server.send(
        "speaking_start", text="Nine thirty, noon and four.", utterance="u1", turn_id=0
    )
    call.server.send("interrupted", utterance="u1", heard_ms=400, text="Nine thirty,")
    expect(bubbles(call).locator(".text")).to_have_text("I have three times. Nine thirty,…")
    expect(bubbles(call).locator(".note")).to_have_text("interrupted")


def test_words_are_shown_while_they_are_spoken_and_become_the_turn(call: Visit) -> None:
    user = call.page.locator(".bubble.user")
    call.server.send("user_partial", text="My idea")
    expect(user.locator(".text")).to_have_text(["My idea…"])
    expect(user).to_have_attribute("aria-hidden", "true")
    call.server.send("user_partial", text="My ID is")
    expect(user.locator(".text")).to_have_text(["My ID is…"])
    call.server.send("user_speaking", text="My ID is 1001.")
    expect(user.locator(".text")).to_have_text(["My ID is 1001."])
    expect(call.page.locator(".partial")).to_have_count(0)
    call.server.send("user_partial", text="Uh")
    expect(user).to_have_count(2)
    call.server.send("user_partial", text="")
    expect(user.locator(".text")).to_have_text(["My ID is 1001."])


def test_words_that_were_not_over_when_the_call_ended_are_not_left_standing(call: Visit) -> None:
    call.server.send("user_partial", text="Actually")
    expect(call.page.locator(".bubble.user")).to_have_count(1)
    call.server.send("summary", **SUMMARY, text="CALLER INTENT")
    expect(call.page.locator(".bubble.user")).to_have_count(0)


def test_a_typed_turn_is_sent_shown_at_once_and_not_shown_twice(call: Visit) -> None:
    box = call.page.get_by_label("Type a message")
    box.fill("  My ID is 1001 ")
    box.press("Enter")
    assert call.server.wait_for("text") == [{"action": "text", "text": "My ID is 1001"}]
    expect(call.page.locator(".bubble.user.pending")).to_have_count(1)
    expect(box).to_have_value("")
    call.server.send("user_speaking", text="My ID is 1001.")
    expect(call.page.locator(".bubble.user .text")).to_have_text(["My ID is 1001."])
    expect(call.page.locator(".pending")).to_have_count(0)


def test_an_empty_line_is_not_sent_and_shift_enter_only_breaks_it(call: Visit) -> None:
    box = call.page.get_by_label("Type a message")
    box.press("Enter")
    box.fill("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    call.page.get_by_role("button", name="Send").click()
    assert call.server.wait_for("text") == [{"action": "text", "text": "one\ntwo"}]


CARDS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("identify_user", IDENTIFIED, ["Patient found", "Archit Ojha", "ID 1001", "2 appointments"]),
    (
        "identify_user",
        {"status": "not_found", "message": "I have nobody with that ID.", "tries_left": 2},
        ["No patient found", "I have nobody with that ID."],
    ),
    (
        "identify_user",
        {"status": "date_of_birth_needed", "message": "I need the date of birth too."},
        ["Date of birth, please", "I need the date of birth too."],
    ),
    (
        "identify_user",
        IDENTIFIED
        | {
            "waitlist_offers": [
                {
                    "date": "2026-02-10",
                    "time": "09:00 AM",
                    "practitioner": "Dr. Rao",
                    "instead_of": "b2c3d4e5",
                    "kept_until": "11:30 AM",
                }
            ]
        },
        ["Patient found", "Free now: Tue, Feb 10, 9:00 AM with Dr. Rao", "until 11:30 AM"],
    ),
    (
        "register_user",
        {"status": "registered", "user": {"user_id": "3001", "name": "Test Patient"}},
        ["New patient", "Test Patient", "ID 3001"],
    ),
    ("fetch_slots", SLOTS, ["Thursday, February 12", "17 free times", "Morning", "Evening"]),
    (
        "fetch_slots",
        {
            "status": "closed",
            "date": "2026-02-15",
            "available_slots": [],
            "booked_slots": [],
            "available_count": 0,
            "next_open_date": "2026-02-16",
        },
        ["Closed on Sunday, February 15", "Monday, February 16"],
    ),
    (
        "fetch_slots",
        {"status": "away", "date": "2026-02-13", "next_open_date": "2026-02-16"},
        ["Away on Friday, February 13", "Monday, February 16"],
    ),
    (
        "fetch_slots",
        SLOTS | {"practitioner": "Dr. Rao", "visit_type": "Consultation", "minutes": 45},
        ["17 free times with Dr. Rao, Consultation, 45 min"],
    ),
    (
        "fetch_slots",
        {
            "status": "error",
            "code": "unknown_practitioner",
            "message": "I don't know that name.",
            "practitioners": ["Dr. Rao", "Dr. Mehta"],
        },
        ["I don't know that name.", "Dr. Rao, Dr. Mehta"],
    ),
    (
        "book_appointment",
        {**LAB_VISIT, "status": "booked", "practitioner": "Dr. Rao", "visit_type": "Lab"},
        ["Booked", "Thursday, February 12 at 12:00 PM", "Lab visit", "f3g4h5i6", "Dr. Rao"],
    ),
    (
        "modify_appointment",
        {
            "status": "waitlisted",
            "appointment_id": "a1b2c3d4",
            "from": "2026-02-09",
            "until": {"date": "2026-02-10", "time": "10:00 AM"},
            "message": "An earlier time is kept for you.",
        },
        ["On the waiting list", "before Tuesday, February 10", "An earlier time is kept for you."],
    ),
    (
        "book_appointment",
        {
            "status": "error",
            "code": "slot_taken",
            "message": "11 AM is taken.",
            "date": "2026-02-12",
            "alternatives": ["10:30 AM", "11:30 AM"],
        },
        ["That was not possible", "11 AM is taken.", "10:30 AM", "11:30 AM"],
    ),
    (
        "retrieve_appointments",
        {"status": "found", "user_id": "1001", "count": 1, "appointments": [CHECKUP]},
        ["Your appointments", "10:00 AM", "General checkup"],
    ),
    (
        "cancel_appointment",
        {**CHECKUP, "status": "cancelled"},
        ["Cancelled", "Tuesday, February 10 at 10:00 AM"],
    ),
    (
        "modify_appointment",
        {
            **CHECKUP,
            "status": "modified",
            "time": "04:00 PM",
            "previous_date": "2026-02-10",
            "previous_time": "10:00 AM",
        },
        ["Moved", "Tue, Feb 10, 10:00 AM", "Tuesday, February 10 at 4:00 PM"],
    ),
    ("end_conversation", {"status": "ended", "message": "Goodbye."}, ["Goodbye"]),
    ("weigh_patient", {"status": "ok", "grams": 70000}, ["weigh patient"]),
]


def test_each_tool_has_a_card_in_words_not_in_json(call: Visit) -> None:
    for tool, result, words in CARDS:
        call.server.tool(tool, result)
        shown = card(call, tool).first
        for each in words:
            expect(shown).to_contain_text(each)
        text = shown.inner_text()
        assert not set('{}"_').intersection(text), text
        assert "undefined" not in text


def test_the_patients_card_follows_what_is_booked_moved_and_cancelled(call: Visit) -> None:
    patient = call.page.locator(".patient")
    lines = patient.locator(".appointment")
    expect(patient).to_have_count(0)
    call.server.tool("identify_user", IDENTIFIED)
    expect(patient.locator("h2")).to_have_text("Archit Ojha")
    expect(patient.locator(".badge.id")).to_have_text("ID 1001")
    expect(lines).to_have_count(2)
    call.server.tool("book_appointment", {**LAB_VISIT, "status": "booked"})
    expect(lines.nth(1)).to_contain_text("Lab visit")
    expect(lines.nth(1)).to_contain_text("New")
    call.server.tool("cancel_appointment", {**CHECKUP, "status": "cancelled"})
    expect(lines).to_have_count(2)
    expect(patient).not_to_contain_text("General checkup")
    moved = {**REVIEW, "date": "2026-02-11", "time": "09:00 AM", "status": "modified"}
    call.server.tool("modify_appointment", moved)
    expect(lines.first).to_contain_text("Blood pressure review")
    expect(lines.first).to_contain_text("9:00 AM")
    expect(lines.first).to_contain_text("Moved")


def test_free_times_are_buttons_and_a_tap_asks_for_one(call: Visit) -> None:
    call.server.tool("fetch_slots", SLOTS)
    grid = card(call, "fetch_slots")
    expect(grid.locator("button.chip.free:enabled")).to_have_count(17)
    expect(grid.locator("button.chip.booked:disabled")).to_have_count(1)
    expect(grid.get_by_role("button", name="11:00 AM, booked")).to_be_disabled()
    grid.get_by_role("button", name="12:00 PM, free").click()
    assert call.server.wait_for("select_slot") == [
        {"action": "select_slot", "date": "2026-02-12", "time": "12:00 PM"}
    ]


def test_the_booked_time_becomes_the_callers_own_and_older_grids_fold(call: Visit) -> None:
    call.server.tool("identify_user", IDENTIFIED)
    call.server.tool("fetch_slots", {**SLOTS, "date": "2026-02-11"})
    call.server.tool("fetch_slots", SLOTS)
    expect(call.page.locator(".slots")).to_have_count(1)
    call.server.tool("book_appointment", {**LAB_VISIT, "status": "booked"})
    expect(call.page.get_by_role("button", name="12:00 PM, yours")).to_be_disabled()
    expect(call.page.locator(".chip.free")).to_have_count(16)


def test_what_a_name_says_is_never_markup(call: Visit) -> None:
    evil = '<img src=x onerror="document.title=1">'
    user = {"user_id": "1001", "name": evil}
    call.server.tool("identify_user", {**IDENTIFIED, "user": user})
    call.server.send("user_speaking", text=evil)
    call.server.say(evil, "u0", 0)
    expect(call.page.locator(".patient h2")).to_have_text(evil)
    expect(call.page.locator(".bubble.agent .text")).to_have_text(evil)
    expect(call.page.locator("img[src=x]")).to_have_count(0)
    expect(call.page).to_have_title("Kavita")


@pytest.mark.parametrize("way", ["top", "bottom", "escape"])
def test_the_summary_has_five_headings_and_closing_it_forgets_the_caller(
    call: Visit, way: str
) -> None:
    page = call.page
    call.server.tool("identify_user", IDENTIFIED)
    call.server.send("summary", text="CALLER INTENT …", **SUMMARY)
    call.server.send("shutdown", reason="goodbye")
    dialog = page.get_by_role("dialog", name="Call summary")
    expect(dialog.locator("h3")).to_have_text(
        ["Caller intent", "Actions taken", "Key details", "Outcome", "Duration"]
    )
    expect(dialog).to_contain_text("1 minute 5 seconds")
    if way == "escape":
        page.keyboard.press("Escape")
    else:
        buttons = dialog.get_by_role("button", name="Close")
        (buttons.first if way == "top" else buttons.last).click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Start Conversation")).to_be_focused()
    expect(page.get_by_text("Archit Ojha")).to_have_count(0)
    assert call.server.actions("stop_speaking") == []
    call.server.begin()
    assert len(call.server.sockets) == 2
    expect(bubbles(call)).to_have_count(0)


def test_a_summary_of_one_text_is_shown_as_it_is(call: Visit) -> None:
    call.server.send("summary", text="Archit called to book a lab visit.")
    expect(call.page.get_by_role("dialog")).to_contain_text("Archit called to book a lab visit.")


def test_end_asks_the_server_to_end_the_call(call: Visit) -> None:
    call.page.get_by_role("button", name="End", exact=True).click()
    assert call.server.wait_for("end") == [{"action": "end"}]
    call.pill("ending")


def test_after_shutdown_the_page_says_that_the_call_has_ended(call: Visit) -> None:
    call.server.send("shutdown", reason="inactivity")
    call.pill("ended")
    expect(call.page.locator(".pill")).to_have_text("Call ended")
    call.page.get_by_role("button", name="New call").click()
    expect(call.page.locator("#start-overlay")).to_be_visible()
