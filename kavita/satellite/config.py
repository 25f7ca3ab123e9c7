"""What a satellite is told at its start, handed over in its environment."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

OWN_DESK = "1"
"""The desk of the machine that the server runs on."""

VARIABLE = "KAVITA_SATELLITE"
"""Not the command line: that can be read by every user of the machine, and the token is in it."""


@dataclass(frozen=True)
class SatelliteConfig:
    """Whose sound it is, and how it is made."""

    url: str
    """`ws://host:port/ws` of the server."""
    desk: str
    token: str
    input: str = ""
    """A microphone's name, or a part of it; empty: the system's default."""
    output: str = ""
    echo_cancellation: bool = True
    noise_suppression: bool = True
    gain_control: bool = False

    def environment(self) -> dict[str, str]:
        """The variable that hands it over."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "SatelliteConfig":
        """Take it from the environment; KeyError where nobody handed one over."""
        return cls(**json.loads(environment[VARIABLE]))
