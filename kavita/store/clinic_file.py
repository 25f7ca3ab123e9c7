"""Reads `clinic.toml`; everything that is wrong with it is named with file, line and field."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kavita.store.clinic_checks import Problem, problems_of_entries, problems_of_file
from kavita.store.clinic_models import ClinicFile, PractitionerTable, VisitTypeTable
from kavita.store.toml_lines import TomlPath, lines_of

MAX_BYTES = 1_000_000

M = TypeVar("M", bound=BaseModel)


class ClinicFileError(Exception):
    """The clinic's definition cannot be used; a line of words for each problem."""


def read_clinic_file(path: Path) -> ClinicFile:
    """Read and check the whole file; raises ClinicFileError with all that is wrong."""
    text = _read_text(path)
    content = _parse(path, text)
    try:
        file = ClinicFile.model_validate(content)
    except ValidationError as error:
        problems = [*map(_in_words, error.errors(include_url=False)), *_problems_besides(content)]
    else:
        problems = [*_problems_besides(content), *problems_of_file(file)]
        if not problems:
            return file
    raise ClinicFileError("\n".join(_told(path, text, problems)))


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ClinicFileError(f"{path}: {error.strerror or 'it cannot be read'}") from None
    if len(data) > MAX_BYTES:
        raise ClinicFileError(f"{path}: it is longer than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ClinicFileError(f"{path}, line {line}: this is not UTF-8 text") from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words, _, place = str(error).partition(" (at ")
        found = re.search(r"line (\d+)", place)
        line = found[1] if found else text.count("\n") + 1
        raise ClinicFileError(f"{path}, line {line}: broken TOML: {words}") from None
    except ValueError as error:  # a number of thousands of digits
        raise ClinicFileError(f"{path}: broken TOML: {error}") from None
    except RecursionError:
        raise ClinicFileError(f"{path}: nested too deeply to be a clinic") from None


def _problems_besides(content: dict[str, Any]) -> Iterator[Problem]:
    """Find what is wrong between the entries that are valid, whether others are or not."""
    visits = _entries(content, "visit_type")
    return problems_of_entries(
        _valid(VisitTypeTable, visits),
        _valid(PractitionerTable, _entries(content, "practitioner")),
        {key for visit in visits if isinstance(key := visit.get("key"), str)},
    )


def _entries(content: dict[str, Any], table: str) -> list[dict[str, Any]]:
    entries = content.get(table)
    return [
        entry if isinstance(entry, dict) else {}
        for entry in (entries if isinstance(entries, list) else [])
    ]


def _valid(model: type[M], entries: list[dict[str, Any]]) -> dict[int, M]:
    valid = {}
    for index, entry in enumerate(entries):
        try:
            valid[index] = model.model_validate(entry)
        except ValidationError:  # told already
            continue
    return valid


def _told(path: Path, text: str, problems: list[Problem]) -> list[str]:
    lines = lines_of(text, [where for where, _ in problems])
    told = sorted(zip(lines, problems, strict=True), key=lambda each: each[0])
    return [f"{path}, line {line}, {_field(where)}{words}" for line, (where, words) in told]


def _field(where: TomlPath) -> str:
    """Name a field; entries are counted from 1."""
    parts = [str(part + 1) if isinstance(part, int) else part for part in where]
    return f"{'.'.join(parts)}: " if parts else ""


def _in_words(problem: ErrorDetails) -> Problem:
    words = _WORDS.get(problem["type"])
    if problem["type"] == "value_error":
        words = str(problem["ctx"]["error"])
    return problem["loc"], words or problem["msg"].replace("Input", "it").replace("List", "it")


_WORDS = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "string_type": 'write text in quotes, as in "this"',
    "int_type": "write a whole number",
    "bool_type": "write true or false",
    "list_type": "write a list",
    "model_type": "write a table",
}
