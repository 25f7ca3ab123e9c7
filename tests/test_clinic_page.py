"""docs/clinic.md tells every field of clinic.toml as it is, and every example in it works."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from kavita.store.clinic_file import read_clinic_file
from kavita.store.clinic_models import (
    ClinicFile,
    ClinicTable,
    ClosureTable,
    ExceptionTable,
    HoursTable,
    IdentityTable,
    PractitionerTable,
    VisitTypeTable,
)

PAGE = (Path(__file__).resolve().parents[1] / "docs/clinic.md").read_text(encoding="utf-8")
TABLES = {
    "[clinic]": ClinicTable,
    "[identity]": IdentityTable,
    "[hours]": HoursTable,
    "[[visit_type]]": VisitTypeTable,
    "[[practitioner]]": PractitionerTable,
    "[[practitioner.exception]]": ExceptionTable,
    "[[closure]]": ClosureTable,
}
SNIPPETS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
RESTS = {
    "[clinic]": '[clinic]\nname = "Sunrise Clinic"\ntimezone = "Asia/Kolkata"\n',
    "[hours]": '[hours]\nmonday = "09:00-13:00"\n',
    "[[practitioner]]": '[[practitioner]]\nkey = "rao"\nname = "Dr. Rao"\n',
}


def table_of(model: type[Any]) -> list[str]:
    """The lines of the page's table for a part of the file."""
    fields = [(field.alias or name, field) for name, field in model.model_fields.items()]
    return [
        "| field | default | what it says |",
        "|---|---|---|",
        *(f"| `{name}` | {default(field)} | {about(field)} |" for name, field in fields),
    ]


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    return "" if field.default in (None, (), []) else f"`{json.dumps(field.default)}`"


def about(field: FieldInfo) -> str:
    bounds = {name: getattr(each, name) for each in field.metadata for name in vars_of(each)}
    words = field.description or ""
    return f"{words}; {bounds['ge']} to {bounds['le']}" if "ge" in bounds else words


def vars_of(constraint: object) -> list[str]:
    return [name for name in ("ge", "le") if hasattr(constraint, name)]


@pytest.mark.parametrize("header", TABLES)
def test_the_page_has_every_field_with_its_default_and_bounds(header: str) -> None:
    section = re.search(rf"^### `{re.escape(header)}`\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.M)
    assert section, f"a section for {header}"
    rows = [line for line in section[1].splitlines() if line.startswith("|")]
    assert rows == table_of(TABLES[header])


def test_the_page_has_every_table_of_the_file() -> None:
    headers = {header.strip("[]") for header in TABLES} - {"practitioner.exception"}
    assert headers == set(ClinicFile.model_fields)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_every_example_of_the_page_is_a_clinic(snippet: str, tmp_path: Path) -> None:
    needed = "".join(rest for header, rest in RESTS.items() if header not in snippet)
    if "[[practitioner]]" not in snippet and "[practitioner." in snippet:
        needed, snippet = needed + snippet, ""
    file = tmp_path / "clinic.toml"
    file.write_text(f"{needed}\n{snippet}", encoding="utf-8")
    assert read_clinic_file(file).clinic.name


def test_the_page_has_examples() -> None:
    assert len(SNIPPETS) >= 4
