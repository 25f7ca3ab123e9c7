"""Writes what can be generated: docs/settings.md, docs/protocol.md, docs/costs.md and .env.example.

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
from kavita.store.definition.price_file import (
    ModelPrice,
    PriceFile,
    RecognitionPrice,
    VoicePrice,
    default_prices,
)

ROOT = Path(__file__).resolve().parent.parent


def generated() -> dict[Path, str]:
    """Every generated file, by its path from the root of the project."""
    return {
        Path("docs/settings.md"): settings_page(),
        Path("docs/protocol.md"): protocol_page(),
        Path("docs/costs.md"): costs_page(),
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


def costs_page() -> str:
    """How costs are counted, each field of the price list, and the list that holds without one."""
    lines = [
        "# Costs",
        "",
        "Generated from `kavita/store/definition/price_file.py` by `make docs`.",
        "",
        "What a call uses of engines in the cloud is kept with its record: tokens as the provider",
        "counts them (a quarter of the characters where it does not), the sound that a recogniser",
        "was given, the characters that a voice was asked to speak. `kavita costs` shows it.",
        "Probes of a provider that is left alone are not counted.",
        "",
        "Prices stand in `prices.toml` (`PRICES_FILE`); without it the list below holds. When the",
        "`daily_limit` is reached no provider is asked any more: the local engines take over until",
        "midnight on the clinic's clock, in calls that go on too. The log tells it once, `kavita",
        "check` as long as it is so, and the record of each call names its turns. What has begun",
        "is finished, so that a day may cost one turn of each call more than its limit.",
        "",
    ]
    for model in (PriceFile, RecognitionPrice, ModelPrice, VoicePrice):
        lines += [(model.__doc__ or "").strip(), "", "| field | default | |", "|---|---|---|"]
        for name, field in model.model_fields.items():
            if field.description:
                default = "needed" if field.is_required() else _default(field)
                lines.append(f"| `{name}` | {default} | {field.description} |")
        lines.append("")
    defaults = default_prices().read_text(encoding="utf-8").strip()
    return "\n".join(
        [*lines, "The list that holds without a file:", "", "```toml", defaults, "```", ""]
    )


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
