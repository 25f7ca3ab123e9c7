"""A PulseAudio server of our own: a loudspeaker nobody hears, and a microphone that is fed."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes.util import find_library
from pathlib import Path

PROGRAMS, LIBRARIES = ("pulseaudio", "pactl"), ("portaudio",)
START_SECONDS = 10.0


def hurry() -> None:
    """The room is physics: it does not wait for other work, where the system lets us say so."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(9))


class PulseMissing(Exception):
    """PulseAudio is not on this machine; the words say how to get it."""


def missing() -> list[str]:
    """What has to be installed first."""
    programs = [program for program in PROGRAMS if shutil.which(program) is None]
    return programs + [name for name in LIBRARIES if find_library(name) is None]


def require_pulse() -> None:
    """Raises PulseMissing where something is not there."""
    if absent := missing():
        raise PulseMissing(
            f"{', '.join(absent)} is missing: apt-get install pulseaudio pulseaudio-utils "
            "libasound2-plugins libportaudio2"
        )


class Pulse:
    """The server; it can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        """Its socket lies in `folder`."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program use it."""
        return {"PULSE_SERVER": f"unix:{self._folder / 'socket'}"}

    def start(self) -> None:
        """Start it; returns when it answers."""
        socket = self._folder / "socket"
        # Without `norewinds` a null sink lets the first of a stream wait for two seconds.
        modules = (
            f"module-native-protocol-unix socket={socket} auth-anonymous=1",
            "module-null-sink sink_name=speaker rate=48000 channels=1 norewinds=yes",
            "module-null-sink sink_name=air rate=48000 channels=1 norewinds=yes",
            "module-remap-source source_name=microphone master=air.monitor",
        )
        state = os.environ | {"HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)}
        self._process = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
            + [f"--load={module}" for module in modules],
            env=state | {"PULSE_RUNTIME_PATH": str(self._folder)},
            preexec_fn=hurry,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > until:
                raise PulseMissing("PulseAudio does not start here")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        (self._folder / "socket").unlink(missing_ok=True)

    def _answers(self) -> bool:
        asked = subprocess.run(
            ["pactl", "info"], env=os.environ | self.environment, capture_output=True, check=False
        )
        return asked.returncode == 0 and b"microphone" in asked.stdout


@contextmanager
def pulse_server() -> Iterator[Pulse]:
    """A running server until the block is left. Raises PulseMissing."""
    require_pulse()
    with tempfile.TemporaryDirectory(prefix="kavita-room-") as folder:
        pulse = Pulse(Path(folder))
        pulse.start()
        try:
            yield pulse
        finally:
            pulse.stop()
