"""A row as JSON and back: what the journal keeps of a write, and idempotency of a result."""

import json
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import inspect

from kavita.store.columns import Base, UtcDateTime

Snapshot = dict[str, Any]
"""Column by column; times in ISO format, UTC."""

R = TypeVar("R", bound=Base)


def snapshot(row: Base) -> Snapshot:
    """Return all columns of a row that was flushed."""
    return {name: _plain(getattr(row, name)) for name, _ in _columns(type(row))}


def restored(kind: type[R], content: Snapshot) -> R:
    """Return a row as it was, bound to no session; raises KeyError and ValueError."""
    return kind(**{name: _revived(content[name], read) for name, read in _columns(kind)})


def canonical(content: Any) -> str:
    """Write JSON in the one form that is hashed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _revived(value: Any, read: Any) -> Any:
    return read(value) if read and value is not None else value


@cache
def _columns(kind: type[Base]) -> tuple[tuple[str, Any], ...]:
    """The names of a table's columns, with what reads a column that JSON has no type for."""
    found = []
    for attribute in inspect(kind).column_attrs:
        column = attribute.columns[0]
        is_instant = isinstance(column.type, UtcDateTime)
        is_day = not is_instant and column.type.python_type is date
        read = datetime.fromisoformat if is_instant else date.fromisoformat if is_day else None
        found.append((attribute.key, read))
    return tuple(found)
