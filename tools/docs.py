"""Writes what can be generated: docs/settings.md, docs/protocol.md and .env.example.

`python tools/docs.py` writes them; the tests compare them with the code.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from kavita import wire
from kavita.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def generated() -> dict[Path, str]:
    """Every generated file, by its path from the root of the project."""
    return {
        Path("docs/settings.md"): settings_page(),
        Path("docs/protocol.md"): protocol_page(),
        Path(".env.example"): env_example(),
    }


def settings_page() -> str:
    """The table of settings."""
    rows = [
        f"| `{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "Read from the environment and from `.env` in the folder where Kavita is started.",
            "Generated from `kavita/settings.py` by `make docs`.",
            "",
            "| variable | default | what it does |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def env_example() -> str:
    """A `.env` with every setting commented out at its default."""
    lines = ["# Copy to .env and change what you need. Everything has a default.", ""]
    for name, field in Settings.model_fields.items():
        lines += [f"# {field.description}", f"#{name.upper()}={_plain_default(field)}", ""]
    return "\n".join(lines)


def protocol_page() -> str:
    """Every message of `/ws`, with its fields."""
    intro = (
        (wire.__doc__ or "")
        .strip()
        .replace(
            "`docs/protocol.md` is generated from this module.", "Generated from `kavita/wire.py`."
        )
    )
    lines = ["# The protocol of `/ws`", "", intro.split("\n", 2)[2].strip(), ""]
    lines += [
        f"A message longer than {wire.MAX_MESSAGE_BYTES // 1024} KiB closes the socket (1009)."
    ]
    lines += ["", "## From the page", ""]
    lines += _messages(wire.ClientMessage, "action")
    lines += ["", "## To the page", ""]
    lines += _messages(wire.ServerMessage, "type")
    return "\n".join(lines).rstrip() + "\n"


def _messages(union: Any, tag: str) -> Iterator[str]:
    models: UnionType = get_args(union)[0]
    for model in get_args(models):
        yield from _message(model, tag)


def _message(model: type[BaseModel], tag: str) -> Iterator[str]:
    schema = model.model_json_schema()
    yield f"### `{model.model_fields[tag].default}`"
    yield ""
    yield (model.__doc__ or "").strip()
    yield ""
    fields = {name: field for name, field in model.model_fields.items() if name != tag}
    if fields:
        yield "| field | type | |"
        yield "|---|---|---|"
        for name, field in fields.items():
            kind = _kind(schema["properties"][name])
            optional = "" if field.is_required() else f"optional, `{json.dumps(field.default)}`"
            about = "; ".join(part for part in (field.description or "", optional) if part)
            yield f"| `{name}` | {kind} | {about} |"
        yield ""


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"])
    if "$ref" in schema:
        return f"object ({schema['$ref'].rsplit('/', 1)[-1]})"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("type", "any"))


def _default(field: FieldInfo) -> str:
    value = _plain_default(field)
    return f"`{value}`" if value else "(empty)"


def _plain_default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined or value is None:
        return ""
    if hasattr(value, "get_secret_value"):
        return str(value.get_secret_value())
    if isinstance(value, list | dict):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    if hasattr(value, "strftime"):
        return str(value.strftime("%H:%M"))
    return str(value)


def main() -> None:
    """Write them all."""
    for path, text in generated().items():
        (ROOT / path).write_text(text, encoding="utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
