"""The eight tools as a chat model sees them, and what it may send them."""

import inspect
import json
import re
from functools import cache
from typing import Any

from kavita.agent.tools import TOOL_NAMES, AppointmentTools

MAX_ARGUMENT_CHARS = 500
"""Longest argument that is passed on; a purpose or a name is far shorter."""


class Nonsense(Exception):
    """A tool call that means nothing; the message is for the model that made it."""


@cache
def tool_schemas() -> tuple[dict[str, Any], ...]:
    """The tools in OpenAI's format, from their signatures and docstrings."""
    return tuple(_schema(name) for name in TOOL_NAMES)


def check_arguments(name: str, raw: str) -> dict[str, str]:
    """Read what a model sent as the arguments of a tool.

    Raises:
        Nonsense: no such tool, no JSON object, an argument that the tool does not have, one that
            is missing, not a text or too long.
    """
    if name not in TOOL_NAMES:
        raise Nonsense(f"There is no such tool. The tools are {', '.join(TOOL_NAMES)}.")
    try:
        arguments = json.loads(raw or "{}")
    except (ValueError, RecursionError):
        raise Nonsense("The arguments are not complete JSON.") from None
    if not isinstance(arguments, dict):
        raise Nonsense("The arguments must be a JSON object.")
    parameters = _parameters(name)
    if not arguments.keys() <= parameters.keys():
        raise Nonsense(f"{name} has only these arguments: {', '.join(parameters)}.")
    missing = [
        each.name
        for each in parameters.values()
        if each.default is inspect.Parameter.empty and each.name not in arguments
    ]
    if missing:
        raise Nonsense(f"{name} needs {', '.join(missing)}.")
    for key, value in arguments.items():
        if not isinstance(value, str) or len(value) > MAX_ARGUMENT_CHARS:
            raise Nonsense(f"{key} must be a text of at most {MAX_ARGUMENT_CHARS} characters.")
    return arguments


@cache
def _parameters(name: str) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(getattr(AppointmentTools, name)).parameters
    return {key: each for key, each in parameters.items() if key != "self"}


def _schema(name: str) -> dict[str, Any]:
    documentation = inspect.getdoc(getattr(AppointmentTools, name)) or ""
    description, _, arguments = documentation.partition("\n\nArgs:\n")
    told = _argument_lines(arguments)
    parameters = _parameters(name)
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": " ".join(description.split()),
            "parameters": {
                "type": "object",
                "properties": {
                    key: {"type": "string", "description": told[key]} for key in parameters
                },
                "required": [
                    key
                    for key, each in parameters.items()
                    if each.default is inspect.Parameter.empty
                ],
                "additionalProperties": False,
            },
        },
    }


def _argument_lines(text: str) -> dict[str, str]:
    """What a docstring in Google's style says of each argument."""
    parts = re.split(r"^    (\w+): ", text, flags=re.MULTILINE)[1:]
    return {
        name: " ".join(told.split()) for name, told in zip(parts[::2], parts[1::2], strict=True)
    }
