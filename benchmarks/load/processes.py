"""The processes of a run: servers, and the callers."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

ENDING_SECONDS = 20.0
BENCHMARKS = Path(__file__).resolve().parent.parent


class _Process:
    """A Python module that is asked by lines on its input and answers by lines of JSON."""

    def __init__(self, *module: str, pass_fds: tuple[int, ...] = ()) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=BENCHMARKS,
            env=os.environ | {"LOGURU_LEVEL": "ERROR"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=pass_fds,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Its input ends, and so does it; by force if it has not within some seconds."""
        try:
            self._process.communicate(timeout=ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def answer(self) -> Any:
        """What it says next; raises EOFError if it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise EOFError(f"{self._process.args} has ended")
        return json.loads(line)

    def ask(self, order: Any) -> Any:
        """What it answers; raises EOFError if it has ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self.answer()


class _Sized(_Process):
    def size(self) -> dict[str, Any]:
        """Memory, tasks, threads, descriptors, CPU time."""
        return dict(self.ask("size"))


class ServerProcess(_Sized):
    """One system, in one process or with more behind it."""

    def __init__(self, system: str, workers: int = 1) -> None:
        if workers > 1:
            super().__init__("load.workers", str(workers))
        else:
            super().__init__("load.serve", system)

    def url(self) -> str:
        """Where it answers, once it does; asked once."""
        return f"ws://127.0.0.1:{self.answer()}/ws"


class WorkerProcess(_Sized):
    """One of several that share a socket, and the book at `url`."""

    def __init__(self, sock: socket.socket, url: str) -> None:
        super().__init__("load.serve", "kavita", str(sock.fileno()), url, pass_fds=(sock.fileno(),))


class CallersProcess(_Process):
    """All callers."""

    def __init__(self, recordings: Path | None = None) -> None:
        """They say the `recordings` of a folder, or sentences of their own."""
        super().__init__("load.callers", *([str(recordings.resolve())] if recordings else []))

    def hold(self, url: str, calls: int, seconds: float, spread: float) -> dict[str, Any]:
        """So many calls talk for `seconds`, and stay on the line until `hang_up`.

        They begin within `spread` seconds.
        """
        order = {"hold": calls, "url": url, "seconds": seconds, "spread": spread}
        return dict(self.ask(order))

    def hang_up(self) -> None:
        """End the calls that are held."""
        self.ask("hang up")

    def row(self, url: str, calls: int, lanes: int) -> dict[str, Any]:
        """So many calls in a row, in `lanes` side by side."""
        return dict(self.ask({"row": calls, "url": url, "lanes": lanes}))
