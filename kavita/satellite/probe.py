"""Asks for the devices in a process of its own: a driver that crashes takes nothing else along."""

import json
import subprocess
import sys
from dataclasses import asdict

from kavita.satellite.devices import AudioUnavailable, Device, all_devices

PROBE_SECONDS = 20.0


def probe() -> list[Device]:
    """The devices of this machine. Raises AudioUnavailable."""
    command = (sys.executable, "-m", "kavita.satellite.probe")
    try:
        asked = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=PROBE_SECONDS
        )
        answer = json.loads(asked.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        raise AudioUnavailable("this machine's sound system does not answer") from None
    if "error" in answer:
        raise AudioUnavailable(answer["error"])
    return [Device(**each) for each in answer["devices"]]


def main() -> None:
    """Write the devices, or why there are none, to standard output as JSON."""
    try:
        answer: dict[str, object] = {"devices": [asdict(each) for each in all_devices()]}
    except AudioUnavailable as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
