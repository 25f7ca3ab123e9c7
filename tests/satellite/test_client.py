import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np
import pytest
from websockets.sync.server import ServerConnection, serve

from kavita import wire
from kavita.satellite.client import Client, Refused
from kavita.satellite.config import SatelliteConfig
from kavita.satellite.sound import Sound
from tests.fakes.running_server import Page, RunningServer, page, running_server
from tests.fakes.sound_devices import FakeDevices, FakeLoudspeaker

pytestmark = pytest.mark.live

HELLO = wire.Hello(
    call_id="fake0001",
    agent_name="kavita",
    clinic_name="Sunrise Clinic",
    engines=wire.Engines(stt="none", llm="none", tts="none"),
    demo=True,
    sample_rate=22_050,
    emergency_number="112",
)
TOKEN = "a token of sixteen characters and more"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("book"), desk_tokens={"2": TOKEN}) as server:
        yield server


def orders(server: RunningServer, token: str = TOKEN) -> SatelliteConfig:
    return SatelliteConfig(server.ws, "2", token, "", "", False, False, False)


@pytest.fixture
def speaker(server: RunningServer) -> Iterator[FakeLoudspeaker]:
    """The loudspeaker of a satellite that serves desk 2."""
    with satellite(server) as devices:
        yield devices.opened[0][1]


@contextmanager
def satellite(server: RunningServer) -> Iterator[FakeDevices]:
    devices = FakeDevices()
    client = Client(orders(server), partial(Sound, opening=devices.open))
    thread = threading.Thread(target=client.run, daemon=True)
    thread.start()
    until = time.monotonic() + 5
    while not devices.opened:
        assert time.monotonic() < until
        time.sleep(0.01)
    yield devices
    client.close()
    thread.join(5)


async def ready(socket: object) -> Page:
    """A page of the desk, once its sound is there."""
    mine = Page(socket)  # type: ignore[arg-type]
    await mine.send(action="join", desk="2", token=TOKEN)
    while (await mine.until("desk"))["sound"] != "ready":
        pass
    return mine


async def end(mine: Page) -> None:
    await mine.send(action="end")
    await mine.until("shutdown")


async def test_it_plays_what_the_agent_says_and_reports_what_was_played(
    server: RunningServer, speaker: FakeLoudspeaker
) -> None:
    async with page(server) as socket:
        mine = await ready(socket)
        await mine.send(action="start")
        for _ in range(30):
            await mine.until("audio_energy")
        await mine.send(action="stop_speaking")
        cut = await mine.until("interrupted")
        sounding = np.count_nonzero(np.frombuffer(b"".join(p for _, p in speaker.played), "<i2"))
        assert sounding > 22_050 / 2
        assert 300 < cut["heard_ms"] < 1500
        await end(mine)


async def test_it_is_silent_within_50_ms_of_an_interruption(
    server: RunningServer, speaker: FakeLoudspeaker
) -> None:
    async with page(server) as socket:
        mine = await ready(socket)
        await mine.send(action="start")
        for _ in range(20):
            await mine.until("audio_energy")
        await mine.send(action="stop_speaking")
        await mine.until("interrupted")
        told = time.monotonic()
        await end(mine)
        assert speaker.audible()[-1] - told < 0.05


def test_the_microphone_is_sent_only_during_a_call() -> None:
    sent: dict[str, list[str | bytes]] = {"before": [], "during": [], "after": []}

    def serve_desk(socket: ServerConnection) -> None:
        socket.send(HELLO.model_dump_json())
        socket.send(wire.Desk(desk="2", sound="missing").model_dump_json())
        for part, event in (
            ("before", wire.ConversationStarted()),
            ("during", wire.Shutdown(reason="page")),
            ("after", None),
        ):
            until = time.monotonic() + 0.4
            while (left := until - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    sent[part].append(socket.recv(timeout=left))
            if event is not None:
                socket.send(event.model_dump_json())

    with serve(serve_desk, "127.0.0.1", 0) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{listener.socket.getsockname()[1]}"
        client = Client(
            SatelliteConfig(url, "2", "", "", "", False, False, False),
            partial(Sound, opening=FakeDevices().open),
        )
        thread = threading.Thread(target=client.run, daemon=True)
        thread.start()
        time.sleep(1.6)
        client.close()
        thread.join(5)
        listener.shutdown()
    frames = {
        part: [message for message in messages if isinstance(message, bytes)]
        for part, messages in sent.items()
    }
    assert {len(frame) for frame in frames["during"]} == {640}
    assert len(frames["during"]) > 10
    assert (len(frames["before"]), len(frames["after"]) <= 2) == (0, True)


def test_what_it_has_in_hand_is_held_while_somebody_speaks_and_played_on_afterwards() -> None:
    moments: dict[str, float] = {}

    def serve_desk(socket: ServerConnection) -> None:
        def tell(event: wire.ServerMessage) -> None:
            socket.send(event.model_dump_json())

        tell(HELLO)
        tell(wire.Desk(desk="2", sound="missing"))
        time.sleep(0.2)
        tell(wire.SpeakingStart(text="A second of sound.", utterance="u1", turn_id=1))
        socket.send(np.full(HELLO.sample_rate, 1000, "<i2").tobytes())
        time.sleep(0.3)
        tell(wire.Yielding(step="pause"))
        moments["paused"] = time.monotonic()
        time.sleep(0.5)
        tell(wire.Yielding(step="go_on"))
        moments["went on"] = time.monotonic()
        time.sleep(1.0)

    with serve(serve_desk, "127.0.0.1", 0) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{listener.socket.getsockname()[1]}"
        devices = FakeDevices()
        config = SatelliteConfig(url, "2", "", "", "", False, False, False)
        client = Client(config, partial(Sound, opening=devices.open))
        thread = threading.Thread(target=client.run, daemon=True)
        thread.start()
        time.sleep(2.2)
        client.close()
        thread.join(5)
        listener.shutdown()
    sounded = devices.opened[0][1].audible()
    silence = [moments["paused"] + 0.1 < at < moments["went on"] for at in sounded]
    assert not any(silence)
    assert any(at < moments["paused"] for at in sounded)
    assert any(at > moments["went on"] for at in sounded)


async def test_a_satellite_whose_line_breaks_comes_back_into_the_same_call(
    server: RunningServer, speaker: FakeLoudspeaker
) -> None:
    async with page(server) as socket:
        mine = await ready(socket)
        await mine.send(action="start")
        await mine.until("audio_energy")
        async with page(server) as other:
            await Page(other).send(action="join", desk="2", role="satellite", token=TOKEN)
            while (await mine.until("desk"))["sound"] == "ready":
                pass
        while (await mine.until("desk"))["sound"] != "ready":
            pass
        before = len(speaker.audible())
        for _ in range(10):
            await mine.until("audio_energy")
        assert len(speaker.audible()) > before
        await end(mine)
    assert "conversation_started" in mine.kinds()
    assert mine.kinds().count("summary") == 1


def test_a_wrong_token_is_refused(server: RunningServer) -> None:
    devices = FakeDevices()
    client = Client(orders(server, "wrong"), partial(Sound, opening=devices.open))
    with pytest.raises(Refused):
        client.run()
    client.close()
