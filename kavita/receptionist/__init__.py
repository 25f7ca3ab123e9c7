"""The keyless brain: a rule-based chat model, a pure function of the conversation so far."""

from kavita.receptionist.actions import CallTool, Say
from kavita.receptionist.receptionist import Receptionist

__all__ = ["CallTool", "Receptionist", "Say"]
