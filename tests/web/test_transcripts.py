"""What is said is kept only where the clinic wants it kept."""

from pathlib import Path

import pytest

from kavita.store.calls import read_call
from tests.fakes.running_server import Page, page, running_server

CANARY = "Zanzibar"


def contents(folder: Path) -> bytes:
    """Every byte of the book."""
    return b"".join(path.read_bytes() for path in folder.glob("kavita.db*"))


@pytest.mark.parametrize("is_kept", [True, False])
async def test_a_transcript_is_in_the_book_only_where_the_clinic_wants_it(
    tmp_path: Path, is_kept: bool
) -> None:
    with running_server(tmp_path, keep_transcripts=is_kept) as server:
        async with page(server) as socket:
            mine = Page(socket)
            await mine.send(action="start", mode="text")
            await mine.until("listening", seconds=25)
            await mine.send(action="text", text=f"I come from {CANARY} and my ID is 1001")
            await mine.until("tool_call")
            await mine.send(action="end")
            summary = await mine.until("summary")
            await mine.until("shutdown")
        record = read_call(server.database, mine.events[0]["call_id"])
    assert record is not None
    assert [turn.speaker for turn in record.turns].count("caller") == int(is_kept)
    assert bool(record.turns) == is_kept
    assert [one.name for one in record.tool_calls] == ["identify_user"]
    assert record.summary == summary["text"]
    assert "Archit Ojha" in record.summary
    assert (CANARY.encode() in contents(tmp_path)) == is_kept
