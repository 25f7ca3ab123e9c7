"""What the receptionist can do next: say something, or call one tool."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Say:
    """Words for the caller, written as for a screen."""

    text: str


@dataclass(frozen=True)
class CallTool:
    """A tool to run; the turn goes on when its result is in the conversation."""

    name: str
    arguments: dict[str, Any]
