"""A TOML file that a person writes; what is wrong with it is named with file, line and field."""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from kavita.store.definition.toml_lines import TomlPath, lines_of

MAX_BYTES = 1_000_000

Problem = tuple[TomlPath, str]
"""Where in the file, and what is wrong there."""


class TomlFileError(Exception):
    """The file cannot be used; a line of words for each problem."""


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a file and its content; raises TomlFileError."""
    text = _text(path)
    return text, _parsed(path, text)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TomlFileError(f"{path}: {error.strerror or 'it cannot be read'}") from None
    if len(data) > MAX_BYTES:
        raise TomlFileError(f"{path}: it is longer than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TomlFileError(f"{path}, line {line}: this is not UTF-8 text") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words, _, place = str(error).partition(" (at ")
        found = re.search(r"line (\d+)", place)
        line = found[1] if found else text.count("\n") + 1
        raise TomlFileError(f"{path}, line {line}: broken TOML: {words}") from None
    except ValueError as error:  # a number of thousands of digits
        raise TomlFileError(f"{path}: broken TOML: {error}") from None
    except RecursionError:
        raise TomlFileError(f"{path}: nested too deeply") from None


def told(path: Path, text: str, problems: list[Problem]) -> list[str]:
    """A line of words for each problem, in the order of the file."""
    lines = lines_of(text, [where for where, _ in problems])
    told = sorted(zip(lines, problems, strict=True), key=lambda each: each[0])
    return [f"{path}, line {line}, {_field(where)}{words}" for line, (where, words) in told]


def _field(where: TomlPath) -> str:
    """Name a field; entries are counted from 1."""
    parts = [str(part + 1) if isinstance(part, int) else part for part in where]
    return f"{'.'.join(parts)}: " if parts else ""


def in_words(problem: ErrorDetails) -> Problem:
    """What a model found wrong, as a person would say it."""
    words = _WORDS.get(problem["type"])
    if problem["type"] == "value_error":
        words = str(problem["ctx"]["error"])
    return problem["loc"], words or problem["msg"].replace("Input", "it").replace("List", "it")


_WORDS = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "string_type": 'write text in quotes, as in "this"',
    "int_type": "write a whole number",
    "float_type": "write a number",
    "finite_number": "write a number",
    "bool_type": "write true or false",
    "list_type": "write a list",
    "model_type": "write a table",
}
