"""JSON with a memory for places: parsing that notices repeated keys, and the line of a value."""

import json
import re
from collections.abc import Iterator
from typing import Any

JsonPath = tuple[str | int, ...]
"""The keys and indexes that lead from the whole document to a value."""

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_int=float)


class RepeatedKey(dict[str, Any]):
    """An object in which `key` occurs more than once."""

    key: str


def parse_json(text: str) -> Any:
    """Parse; an object with a repeated key becomes a RepeatedKey, every number a float.

    Raises JSONDecodeError, or RecursionError for deep nesting.
    """
    return json.loads(text, object_pairs_hook=_object, parse_int=float)


def line_of(text: str, where: JsonPath) -> int:
    """Return the line, from 1, on which a value of valid JSON begins; of repeated keys the last."""
    offset = _skip_space(text, 0)
    for step in where:
        offset = [at for key, at in _children(text, offset) if key == step][-1]
    return text.count("\n", 0, offset) + 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    keys = [key for key, _ in pairs]
    repeated = RepeatedKey(content)
    repeated.key = next(key for key in keys if keys.count(key) > 1)
    return repeated


def _children(text: str, offset: int) -> Iterator[tuple[str | int, int]]:
    """Yield key or index, and offset, of each value in the container at `offset`."""
    is_object = text[offset] == "{"
    offset = _skip_space(text, offset + 1)
    index = 0
    while text[offset] not in "}]":
        key: str | int = index
        if is_object:
            key, offset = _DECODER.raw_decode(text, offset)
            offset = _skip_space(text, _skip_space(text, offset) + 1)
        yield key, offset
        _, offset = _DECODER.raw_decode(text, offset)
        offset = _skip_space(text, offset)
        if text[offset] == ",":
            offset = _skip_space(text, offset + 1)
        index += 1


def _skip_space(text: str, offset: int) -> int:
    found = _SPACE.match(text, offset)
    return found.end() if found else offset
