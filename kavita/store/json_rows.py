"""JSON read value by value, so that what comes before a break is not lost, and lines are known."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any


class RepeatedKey(dict[str, Any]):
    """An object in which `key` occurs more than once."""

    key: str


class TooDeep:
    """Stands for a value that is nested too deeply to be read."""


class JsonText:
    """A place in a JSON text, which moves forward as values are read.

    Control characters within strings are taken as they are. Every number is a float.
    """

    def __init__(self, text: str) -> None:
        """Begin at the first value."""
        self.text = text
        self.offset = 0
        self.unread = 0
        """Where what could not be read begins, when reading has failed."""
        self._lines = (0, 1)
        self._decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=float, strict=False)
        self._go(0)

    @property
    def next(self) -> str:
        """The character at this place; empty at the end."""
        return self.text[self.offset : self.offset + 1]

    @property
    def line(self) -> int:
        """The line of this place, from 1."""
        offset, line = self._lines
        self._lines = (self.offset, line + self.text.count("\n", offset, self.offset))
        return self._lines[1]

    def children(self) -> Iterator[str]:
        """Go into the object or list that begins here, and stop at each of its values.

        Yields the value's key, in a list "". The value must be read, or gone into, before the next
        one. Raises JSONDecodeError.
        """
        has_keys = self.next == "{"
        end = "}" if has_keys else "]"
        self._go(self.offset + 1)
        is_first = True
        while not (is_first and self.next == end):
            self.unread = self.offset
            yield self._key() if has_keys else ""
            self.unread = self.offset
            is_first = False
            if self.next == end:
                break
            self._pass(",")
        self._go(self.offset + 1)
        self.unread = self.offset

    def read(self) -> tuple[Any, str]:
        """Read the value at this place, and go behind it; return its text too.

        An object with a repeated key becomes a RepeatedKey, one that is nested too deeply TooDeep.
        Raises JSONDecodeError.
        """
        begin = self.offset
        try:
            value, end = self._decoder.raw_decode(self.text, begin)
        except RecursionError:
            value, end = TooDeep, _end_of(self.text, begin)
        self._go(end)
        return value, self.text[begin:end]

    def finish(self) -> None:
        """Raise JSONDecodeError when there is more."""
        if self.next:
            raise json.JSONDecodeError("Extra data", self.text, self.offset)

    def _key(self) -> str:
        if self.next != '"':
            expected = "Expecting property name enclosed in double quotes"
            raise json.JSONDecodeError(expected, self.text, self.offset)
        key, _ = self.read()
        self._pass(":")
        return str(key)

    def _pass(self, character: str) -> None:
        if self.next != character:
            raise json.JSONDecodeError(f"Expecting '{character}'", self.text, self.offset)
        self._go(self.offset + 1)

    def _go(self, offset: int) -> None:
        space = _SPACE.match(self.text, offset)
        self.offset = space.end() if space else offset


_SPACE = re.compile(r"[ \t\r\n]*")
_BRACKET = re.compile(r'[\[{]|[\]}]|"(?:[^"\\]|\\.)*"', re.DOTALL)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    repeated = RepeatedKey(content)
    repeated.key = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return repeated


def _end_of(text: str, begin: int) -> int:
    """Return where a value ends, by its brackets alone; raises JSONDecodeError."""
    depth = 0
    for found in _BRACKET.finditer(text, begin):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    raise json.JSONDecodeError("Nested too deeply", text, begin)
