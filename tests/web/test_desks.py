import asyncio
import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from tests.fakes.running_server import Page, RunningServer, page, running_server

pytestmark = pytest.mark.live

TOKEN = "a token of sixteen characters and more"
DEVICE = {"action": "device", "microphone": "Test microphone", "speaker": "Test speaker"}
OWN_TOKEN = "the token of this machine's own satellite"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    tokens = {"2": TOKEN, "3": TOKEN[::-1]}
    folder = tmp_path_factory.mktemp("book")
    with running_server(folder, max_calls=3, desk_tokens=tokens) as server:
        server.lines.desks.open_own("1", OWN_TOKEN)
        yield server


async def joined(socket: object, desk: str, role: str, token: str = TOKEN) -> Page:
    mine = Page(socket)  # type: ignore[arg-type]
    await mine.send(action="join", desk=desk, role=role, token=token)
    if role == "satellite":
        await mine.send(**DEVICE)
        while (await mine.until("desk"))["sound"] != "ready":
            pass
    return mine


async def test_the_pages_of_a_desk_start_and_show_a_call_whose_sound_the_satellite_has(
    server: RunningServer,
) -> None:
    async with page(server) as sound, page(server) as face, page(server) as second:
        satellite = await joined(sound, "2", "satellite")
        mine = await joined(face, "2", "page")
        watcher = await joined(second, "2", "watcher")
        assert (await mine.until("desk"))["microphone"] == "Test microphone"
        await mine.send(action="start")
        for each in (satellite, mine, watcher):
            assert (await each.until("speaking_start"))["text"].startswith("Hello!")
        for each in (satellite, mine, watcher):
            await each.until("listening")
        assert len(satellite.sound) > 22_050
        assert not mine.sound
        assert not watcher.sound
        await mine.send(action="text", text="My ID is 1001")
        assert (await watcher.until("tool_call"))["function"] == "identify_user"
        await mine.send(action="end")
        for each in (satellite, mine, watcher):
            assert (await each.until("shutdown"))["reason"] == "page"


async def test_the_next_call_of_a_desk_is_a_new_one(server: RunningServer) -> None:
    async with page(server) as face:
        mine = await joined(face, "2", "page")
        for user_id in ("1001", "2045"):
            await mine.send(action="start", mode="text")
            await mine.until("speaking_start")
            await mine.send(action="text", text=f"My ID is {user_id}")
            found = await mine.until("tool_call")
            assert found["result"]["user"]["user_id"] == user_id
            await mine.send(action="end")
            await mine.until("shutdown")
    started = [event["type"] for event in mine.events].count("conversation_started")
    assert started == 2


async def test_a_page_that_comes_later_is_shown_the_call_so_far(server: RunningServer) -> None:
    async with page(server) as face:
        mine = await joined(face, "2", "page")
        await mine.send(action="start", mode="text")
        await mine.until("speaking_start")
        await mine.send(action="text", text="My ID is 1001")
        await mine.until("tool_call")
        async with page(server) as late:
            watcher = await joined(late, "2", "watcher")
            await watcher.until("tool_call")
            assert watcher.kinds()[:4] == [
                "hello",
                "desk",
                "conversation_started",
                "speaking_start",
            ]
        await mine.send(action="end")
        await mine.until("shutdown")
        async with page(server) as later:
            watcher = await joined(later, "2", "watcher")
            await watcher.until("desk")
            with pytest.raises(TimeoutError):
                await watcher.until("conversation_started", seconds=0.3)


async def test_a_call_outlives_its_satellite_and_the_sentence_goes_on_in_the_next_one(
    server: RunningServer,
) -> None:
    async with page(server) as face:
        async with page(server) as sound:
            satellite = await joined(sound, "2", "satellite")
            mine = await joined(face, "2", "page")
            await mine.send(action="start")
            spoken = await satellite.until("speaking_start")
            await satellite.until("audio_energy")
        while (await mine.until("desk"))["sound"] != "missing":
            pass
        await asyncio.sleep(0.5)
        assert "speaking_end" not in mine.kinds()
        async with page(server) as again:
            other = await joined(again, "2", "satellite")
            assert spoken in other.events
            await mine.until("listening")
            await other.until("listening")
            assert len(other.sound) / 2 / 22_050 > 2
            await mine.send(action="text", text="My ID is 1001")
            assert (await other.until("tool_call"))["result"]["status"] == "found"
            await mine.send(action="end")
            await mine.until("shutdown")


async def test_the_newest_satellite_has_the_desk(server: RunningServer) -> None:
    async with page(server) as old, page(server) as new:
        first = await joined(old, "2", "satellite")
        await joined(new, "2", "satellite")
        with pytest.raises(ConnectionClosed):
            await first.until("nothing")


async def test_what_is_wrong_with_the_device_is_told_to_the_pages(server: RunningServer) -> None:
    async with page(server) as sound, page(server) as face:
        satellite = await joined(sound, "2", "satellite")
        mine = await joined(face, "2", "page")
        assert (await mine.until("desk"))["sound"] == "ready"
        await satellite.send(action="device", problem="the microphone was unplugged")
        state = await mine.until("desk")
        assert (state["sound"], state["problem"]) == ("failed", "the microphone was unplugged")
        await mine.send(action="start")
        assert (await mine.until("error"))["code"] == "no_sound"


async def test_a_call_at_a_desk_without_sound_can_be_typed(server: RunningServer) -> None:
    async with page(server) as face:
        mine = await joined(face, "3", "page", TOKEN[::-1])
        assert (await mine.until("desk"))["sound"] == "missing"
        await mine.send(action="start", mode="text")
        await mine.until("speaking_start")
        await mine.send(action="end")
        await mine.until("summary")


async def test_a_watcher_and_a_foreign_role_change_nothing(server: RunningServer) -> None:
    async with page(server) as sound, page(server) as second:
        satellite = await joined(sound, "2", "satellite")
        watcher = await joined(second, "2", "watcher")
        await watcher.send(action="start")
        assert (await watcher.until("error"))["code"] == "not_yours"
        await second.send(bytes(640))
        assert (await watcher.until("error"))["code"] == "bad_audio"
        await satellite.send(action="end")
        assert (await satellite.until("error"))["code"] == "not_yours"
        await watcher.send(action="ping")
        await watcher.until("pong")


@pytest.mark.parametrize(
    ("desk", "role", "token"),
    [
        ("2", "page", ""),
        ("2", "watcher", TOKEN[::-1]),
        ("2", "satellite", TOKEN[::-1]),
        ("9", "page", TOKEN),
        ("1", "satellite", ""),
        ("1", "satellite", TOKEN),
    ],
)
async def test_without_the_desks_token_nobody_joins(
    server: RunningServer, desk: str, role: str, token: str
) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="join", desk=desk, role=role, token=token)
        assert (await mine.until("error"))["code"] == "no_desk"
        with pytest.raises(ConnectionClosed):
            await mine.until("desk")


async def test_pages_of_this_machine_may_join_its_own_desk(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = await joined(socket, "1", "page", "")
        assert (await mine.until("desk"))["desk"] == "1"
    forwarded = {"X-Forwarded-For": "192.0.2.7"}
    async with page(server, additional_headers=forwarded) as socket:
        mine = await joined(socket, "1", "page", "")
        assert (await mine.until("error"))["code"] == "no_desk"


async def test_two_desks_hold_calls_that_hear_nothing_of_each_other(server: RunningServer) -> None:
    async with page(server) as face, page(server) as other:
        mine = await joined(face, "2", "page")
        theirs = await joined(other, "3", "page", TOKEN[::-1])
        for each in (mine, theirs):
            await each.send(action="start", mode="text")
            await each.until("speaking_start")
        await mine.send(action="text", text="My ID is 1001")
        await mine.until("tool_call")
        await theirs.send(action="end")
        await theirs.until("shutdown")
        assert "tool_call" not in theirs.kinds()
        assert "1001" not in json.dumps(theirs.events)
        await mine.send(action="end")
        await mine.until("shutdown")


async def test_joining_a_desk_in_the_middle_of_a_call_is_refused(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start", mode="text")
        await mine.until("conversation_started")
        await mine.send(action="join", desk="2", token=TOKEN)
        assert (await mine.until("error"))["code"] == "already_started"


async def test_a_desk_whose_call_finds_no_free_line_says_busy(tmp_path: object) -> None:
    folder = tmp_path
    with running_server(folder, max_calls=1, desk_tokens={"2": TOKEN}) as server:  # type: ignore[arg-type]
        async with page(server) as socket, page(server) as face:
            other = Page(socket)
            await other.send(action="start", mode="text")
            await other.until("conversation_started")
            mine = await joined(face, "2", "page")
            await mine.send(action="start", mode="text")
            assert (await mine.until("busy"))["retry_after"] > 0
            await other.send(action="end")
            await other.until("shutdown")
            await mine.send(action="start", mode="text")
            await mine.until("conversation_started")
