"""The lines of a TOML text: on which one each table and each value begins; tomllib tells none."""

import re
import tomllib
from collections.abc import Iterable
from typing import Any

TomlPath = tuple[str | int, ...]
"""The keys and indexes that lead from the whole document to a value."""

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_PART = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+)"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*", re.ASCII)
_ATOM = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^,\]}#\n]+",
    re.DOTALL,
)


def lines_of(text: str, paths: Iterable[TomlPath]) -> list[int]:
    """Return the line, from 1, of each of some tables and values in valid TOML.

    What is not in the text has the line of what it would be in.
    """
    offsets = _offsets(text)
    return [text.count("\n", 0, _nearest(path, offsets)) + 1 for path in paths]


def _nearest(path: TomlPath, offsets: dict[TomlPath, int]) -> int:
    while path and path not in offsets:
        path = path[:-1]
    return offsets.get(path, 0)


def _offsets(text: str) -> dict[TomlPath, int]:
    """Return where everything begins: a key with its value, an element, the header of a table."""
    offsets: dict[TomlPath, int] = {}
    last_index: dict[TomlPath, int] = {}
    table: TomlPath = ()
    offset = _skip(_BLANK, text, 0)
    while offset < len(text):
        if text[offset] == "[":
            is_element = text.startswith("[[", offset)
            begin = _skip(_SPACE, text, offset + 1 + is_element)
            end = _skip(_KEY, text, begin)
            table = _resolved(_parts(text[begin:end]), last_index, is_element)
            offsets[table] = offset
            for depth in range(1, len(table)):  # what it is in, when that has no header before it
                offsets.setdefault(table[:depth], offset)
            offset = text.index("]", end) + 1 + is_element
        else:
            offset = _read_pair(text, offset, table, offsets)
        offset = _skip(_BLANK, text, offset)
    return offsets


def _resolved(names: TomlPath, last_index: dict[TomlPath, int], is_element: bool) -> TomlPath:
    """Return what a header names: within arrays of tables, that of the latest element."""
    path: TomlPath = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in last_index:
            path = (*path, last_index[path])
    path = (*path, names[-1])
    if is_element:
        last_index[path] = last_index.get(path, -1) + 1
        path = (*path, last_index[path])
    return path


def _read_pair(text: str, offset: int, within: TomlPath, offsets: dict[TomlPath, int]) -> int:
    """Note a key and what its value holds; return where the value ends."""
    end = _skip(_KEY, text, offset)
    path = (*within, *_parts(text[offset:end]))
    offsets[path] = offset
    equals = _skip(_SPACE, text, end)
    return _read_value(text, _skip(_SPACE, text, equals + 1), path, offsets)


def _read_value(text: str, offset: int, path: TomlPath, offsets: dict[TomlPath, int]) -> int:
    if text[offset] not in "[{":
        return _skip(_ATOM, text, offset)
    is_array = text[offset] == "["
    offset = _skip(_BLANK, text, offset + 1)
    index = 0
    while text[offset] not in "]}":
        if is_array:
            offsets[*path, index] = offset
            offset = _read_value(text, offset, (*path, index), offsets)
        else:
            offset = _read_pair(text, offset, path, offsets)
        offset = _skip(_BLANK, text, offset)
        if text[offset] == ",":
            offset = _skip(_BLANK, text, offset + 1)
        index += 1
    return offset + 1


def _parts(key: str) -> TomlPath:
    """Return the parts of a key, however they are quoted."""
    content: Any = tomllib.loads(f"{key} = 0")
    parts: list[str | int] = []
    while isinstance(content, dict):
        part, content = next(iter(content.items()))
        parts.append(part)
    return tuple(parts)


def _skip(pattern: re.Pattern[str], text: str, offset: int) -> int:
    found = pattern.match(text, offset)
    return found.end() if found else offset
