"""The recogniser in a process of its own: what it computes does not hold up the calls' event loop.

`python -m kavita.voice.recogniser_process FOLDER` is that process. Over its standard input comes
sound, over its output go words; it ends when its input does.
"""

import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from loguru import logger

from kavita import wire
from kavita.agent.faults import place_of

if TYPE_CHECKING:
    from kavita.voice.recogniser import Recogniser

COMMAND = (sys.executable, "-m", "kavita.voice.recogniser_process")

_HEADER = struct.Struct("<?I")
"""Of each message: whether all went well, and how many bytes follow."""

CLOSING_SECONDS = 5.0


class RecogniserLost(Exception):
    """The process ends whenever it is asked."""


class RecogniserProcess:
    """Asked by one thread at a time; a process that has died is replaced."""

    def __init__(self, folder: Path, command: Sequence[str] = COMMAND) -> None:
        """`folder` holds the model. Returns at once; the first answer comes when it is loaded."""
        self._command = (*command, str(folder))
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Of the process as it is now."""
        return self._process.pid

    def hear(self, pcm: bytes) -> str:
        """The words in 16 kHz PCM16 mono; empty when nobody speaks in it, or it cannot be heard.

        Raises:
            RecogniserLost: the process has ended, and the next one too.
        """
        for _ in range(2):
            with suppress(OSError, EOFError):
                return self._ask(pcm)
            self._replace()
        raise RecogniserLost

    def close(self) -> None:
        """Let the process end, and wait for that."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):  # of what it can no longer be told
                pipe.close()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, pcm: bytes) -> str:
        asks, answers = self._process.stdin, self._process.stdout
        assert asks is not None
        assert answers is not None
        _write(asks, True, pcm)
        is_heard, found = _read(answers)
        if not is_heard:
            seconds = len(pcm) / 2 / wire.MICROPHONE_RATE
            logger.error("{:.1f} s of sound could not be heard: {}", seconds, found.decode())
            return ""
        return found.decode()

    def _replace(self) -> None:
        self.close()
        code = self._process.returncode
        logger.error("the recogniser has ended ({}) and is started again", code)
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )


def main(folder: Path) -> None:
    """Answer until the input ends."""
    # A signal to all processes of a service must not take the words of calls that are being ended.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logger.remove()
    asks, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    from kavita.voice.recogniser import Recogniser

    recogniser = Recogniser(folder)
    with suppress(EOFError, BrokenPipeError):
        while True:
            _, pcm = _read(asks)
            _write(answers, *_heard(recogniser, pcm))


def _heard(recogniser: "Recogniser", pcm: bytes) -> tuple[bool, bytes]:
    try:
        return True, recogniser.hear(pcm).encode()
    except Exception as error:  # noqa: BLE001  one sound must not cost all others their ears
        return False, place_of(error).encode()


def _write(pipe: IO[bytes], is_well: bool, data: bytes) -> None:
    pipe.write(_HEADER.pack(is_well, len(data)) + data)
    pipe.flush()


def _read(pipe: IO[bytes]) -> tuple[bool, bytes]:
    """Raises EOFError when the other side has ended."""
    is_well, length = _HEADER.unpack(_exactly(pipe, _HEADER.size))
    return is_well, _exactly(pipe, length)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


if __name__ == "__main__":
    main(Path(sys.argv[1]))
