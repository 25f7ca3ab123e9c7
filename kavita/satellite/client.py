"""The satellite's end of `/ws`: joins its desk, and carries sound and events both ways."""

import threading
from collections.abc import Callable

from loguru import logger
from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from kavita import wire
from kavita.satellite.config import SatelliteConfig
from kavita.satellite.sound import DriverStuck, Sound

RECONNECT_SECONDS = 0.3
OPEN_SECONDS = 3.0
PLAYED_EVERY = 20
"""Frames of 10 ms between two reports of what was played."""


OpenSound = Callable[
    [SatelliteConfig, int, Callable[[bytes], None], Callable[[wire.Device], None]], Sound
]


class Refused(Exception):
    """The server knows no such desk, or not this token."""


class OtherVoice(Exception):
    """The server came back with a voice of another rate: everything has to be opened anew."""


class Client:
    """One satellite on its line; the line is opened again whenever it breaks."""

    def __init__(self, config: SatelliteConfig, sound: OpenSound = Sound) -> None:
        """Nothing is opened yet; `sound` makes what plays and hears."""
        self._config = config
        self._open = sound
        self._closed = threading.Event()
        self._socket: ClientConnection | None = None
        self._sound: Sound | None = None
        self._voice_rate = 0
        self._device = wire.Device()
        self._in_call = False
        self._half = b""
        self._frames = 0
        self._reported: wire.Played | None = None

    def run(self) -> None:
        """Serve the desk until `close`. Raises Refused and OtherVoice."""
        while not self._closed.is_set():
            try:
                with connect(
                    self._config.url, open_timeout=OPEN_SECONDS, compression=None
                ) as socket:
                    self._serve(socket)
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                logger.debug("no line to the server")
            finally:
                self._socket, self._in_call = None, False
            self._closed.wait(RECONNECT_SECONDS)

    def close(self) -> None:
        """Hang up and let the devices go; for another thread than that of `run`."""
        self._closed.set()
        if self._sound is not None:
            self._sound.close()
        if self._socket is not None:
            self._socket.close()

    def _serve(self, socket: ClientConnection) -> None:
        config = self._config
        join = wire.Join(desk=config.desk, role="satellite", token=config.token)
        socket.send(join.model_dump_json())
        for message in socket:
            if isinstance(message, bytes):
                if self._sound is not None:
                    self._sound.say(message)
                continue
            try:
                event = wire.SERVER_MESSAGE.validate_json(message)
            except ValidationError:
                continue  # an event of a later version
            self._obey(event, socket)

    def _obey(self, event: wire.ServerMessage, socket: ClientConnection) -> None:
        match event:
            case wire.Hello(sample_rate=rate):
                self._open_sound(rate)
            case wire.Desk() if self._socket is None:
                self._socket = socket
                self._send(self._device)
            case wire.Error(code="no_desk", message=words):
                raise Refused(words)
            case wire.ConversationStarted():
                self._in_call = True
            case wire.Shutdown():
                self._in_call = False
                if self._sound is not None:
                    late, dry = self._sound.playout.underruns, self._sound.dry_devices
                    logger.info("sound so far: {} times late, {} times dry", late, dry)
            case _ if self._sound is not None:
                _play(event, self._sound)

    def _open_sound(self, rate: int) -> None:
        if self._sound is None:
            self._voice_rate = rate
            self._sound = self._open(self._config, rate, self._hear, self._tell)
            threading.Thread(target=self._run_sound, args=(self._sound,), daemon=True).start()
        elif rate != self._voice_rate:
            raise OtherVoice

    def _run_sound(self, sound: Sound) -> None:
        try:
            sound.run()
        except DriverStuck:
            self._tell(wire.Device(problem="the driver of the sound device does not answer"))
            raise

    def _tell(self, device: wire.Device) -> None:
        self._device = device
        self._send(device)

    def _hear(self, pcm: bytes) -> None:
        """10 ms of the microphone; they leave in pairs, and only during a call."""
        if not self._in_call:
            self._half = b""
            return
        self._half += pcm
        if len(self._half) >= 2 * wire.MICROPHONE_RATE * wire.MICROPHONE_FRAME_MS // 1000:
            frame, self._half = self._half, b""
            self._send(frame)
        self._frames += 1
        if self._frames % PLAYED_EVERY == 0:
            self._report()

    def _report(self) -> None:
        played = self._sound.playout.played() if self._sound is not None else None
        if self._sound is not None and played is not None:
            utterance, ms = played
            heard = max(0, ms - round(self._sound.latency * 1000))
            report = wire.Played(utterance=utterance, ms=heard)
            if report != self._reported:
                self._reported = report
                self._send(report)

    def _send(self, message: bytes | wire.Played | wire.Device) -> None:
        socket = self._socket
        if socket is None:
            return
        try:
            socket.send(message if isinstance(message, bytes) else message.model_dump_json())
        except ConnectionClosed:
            self._socket = None


def _play(event: wire.ServerMessage, sound: Sound) -> None:
    match event:
        case wire.SpeakingStart(utterance=utterance):
            sound.playout.begin(utterance)
        case wire.SpeakingEnd():
            sound.end()
        case wire.Interrupted():
            sound.playout.flush()
        case wire.Yielding(step="lower", gain=gain):
            sound.playout.lower(gain)
        case wire.Yielding(step="pause"):
            sound.playout.hold()
        case wire.Yielding(step="go_on"):
            sound.playout.go_on()
