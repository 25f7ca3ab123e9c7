from datetime import datetime, timedelta

from kavita.store.calls import (
    CallRecord,
    ToolCallRecord,
    Turn,
    add_tool_call,
    add_turn,
    finish_call,
    read_call,
    start_call,
)
from kavita.store.database import Database


def test_a_call_is_readable_while_it_lasts_and_complete_afterwards(
    any_database: Database, now: datetime
) -> None:
    def at(seconds: int) -> datetime:
        return now + timedelta(seconds=seconds)

    start_call(any_database, "daa2916a", now)
    add_turn(any_database, "daa2916a", "agent", "Hello! Welcome", True, at(1))
    add_turn(any_database, "daa2916a", "caller", "My ID is 1001", False, at(3))
    arguments, result = {"user_id": "1001"}, {"status": "found", "user": {"name": "Archit Ojha"}}
    add_tool_call(any_database, "daa2916a", "identify_user", arguments, result, at(4))
    expected = CallRecord(
        call_id="daa2916a",
        started_at=now,
        ended_at=None,
        reason=None,
        summary=None,
        turns=(
            Turn("agent", "Hello! Welcome", True, at(1)),
            Turn("caller", "My ID is 1001", False, at(3)),
        ),
        tool_calls=(ToolCallRecord("identify_user", arguments, result, at(4)),),
    )
    assert read_call(any_database, "daa2916a") == expected
    finish_call(any_database, "daa2916a", "goodbye", "CALLER INTENT\n…", at(60))
    ended = read_call(any_database, "daa2916a")
    assert ended is not None
    assert (ended.ended_at, ended.reason, ended.summary) == (at(60), "goodbye", "CALLER INTENT\n…")


def test_calls_do_not_mix(any_database: Database, now: datetime) -> None:
    for call_id in ("one", "two"):
        start_call(any_database, call_id, now)
        add_turn(any_database, call_id, "caller", f"I am {call_id}", False, now)
    two = read_call(any_database, "two")
    assert two is not None
    assert [turn.text for turn in two.turns] == ["I am two"]
    assert read_call(any_database, "three") is None


def test_strange_characters_do_not_stop_the_record(any_database: Database, now: datetime) -> None:
    start_call(any_database, "strange", now)
    add_turn(any_database, "strange", "caller", "a\0b\ud800c", False, now)
    add_tool_call(any_database, "strange", "x", {"a": "\0\ud800"}, {"status": "error"}, now)
    record = read_call(any_database, "strange")
    assert record is not None
    assert record.turns[0].text == "ab?c"
    assert record.tool_calls[0].arguments == {"a": "\0\ud800"}
