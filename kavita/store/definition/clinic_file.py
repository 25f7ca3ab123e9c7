"""Reads `clinic.toml`; everything that is wrong with it is named with file, line and field."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kavita.store.definition.clinic_checks import problems_of_entries, problems_of_file
from kavita.store.definition.clinic_models import ClinicFile, PractitionerTable, VisitTypeTable
from kavita.store.definition.toml_file import Problem, TomlFileError, in_words, read_toml, told

M = TypeVar("M", bound=BaseModel)


class ClinicFileError(TomlFileError):
    """The clinic's definition cannot be used; a line of words for each problem."""


def read_clinic_file(path: Path) -> ClinicFile:
    """Read and check the whole file; raises ClinicFileError with all that is wrong."""
    try:
        text, content = read_toml(path)
    except TomlFileError as error:
        raise ClinicFileError(str(error)) from None
    try:
        file = ClinicFile.model_validate(content)
    except ValidationError as error:
        problems = [*map(in_words, error.errors(include_url=False)), *_problems_besides(content)]
    else:
        problems = [*_problems_besides(content), *problems_of_file(file)]
        if not problems:
            return file
    raise ClinicFileError("\n".join(told(path, text, problems)))


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
