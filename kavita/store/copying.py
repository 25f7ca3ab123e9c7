"""All rows of one book, put into another: in chunks, within the transactions of both."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import JSON, Table, delete, func, insert, select, text
from sqlalchemy.orm import Session

from kavita.store.columns import Base
from kavita.store.record_tables import JournalEntry

CHUNK = 1000

Rows = Iterable[Sequence[Any]]


def holds_anything(session: Session) -> bool:
    """Tell whether a book has more in it than what a clinic's definition puts there."""
    return any(
        session.scalar(select(func.count()).select_from(Base.metadata.tables[name]))
        for name in ("patient", "appointment", "journal", "call", "quarantine", "idempotency")
    )


def copy_all(source: Session, target: Session) -> None:
    """Copy every table into a book that holds nothing, in place of what it was created with."""
    tables = Base.metadata.sorted_tables
    for table in reversed(tables):
        if table is not JournalEntry.__table__:  # it is empty, and refuses every deletion
            target.execute(delete(table))
    if target.get_bind().dialect.name == "postgresql":
        with _foreign_keys_checked_at_the_end(target):
            for table in tables:
                _stream_in(target, table, _rows(source, table))
                _go_on_counting(target, table)
        target.execute(text("ANALYZE"))  # or what comes next would be planned for empty tables
        return
    for table in tables:
        _insert(target, table, _rows(source, table))


def _rows(source: Session, table: Table) -> Iterator[Sequence[Sequence[Any]]]:
    query = select(table).order_by(*table.primary_key)
    return iter(source.execute(query, execution_options={"yield_per": CHUNK}).partitions())


def _insert(target: Session, table: Table, chunks: Iterable[Rows]) -> None:
    names = [column.name for column in table.columns]
    for rows in chunks:
        target.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])


def _stream_in(target: Session, table: Table, chunks: Iterable[Rows]) -> None:
    """Use COPY: single INSERTs would take minutes for a large book."""
    quote = target.get_bind().dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in table.columns)
    are_json = [isinstance(column.type, JSON) for column in table.columns]
    connection: Any = target.connection().connection.driver_connection
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as stream:
            for rows in chunks:
                for row in rows:
                    values = zip(row, are_json, strict=True)
                    stream.write_row([_written(value, is_json) for value, is_json in values])


def _written(value: Any, is_json: bool) -> Any:
    return json.dumps(value) if is_json and value is not None else value


@contextmanager
def _foreign_keys_checked_at_the_end(target: Session) -> Iterator[None]:
    """Take PostgreSQL's foreign keys away meanwhile: all at once they are checked much faster."""
    keys = target.execute(
        text(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) "
            "FROM pg_constraint "
            "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
        )
    ).all()
    for table, name, _ in keys:
        target.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    yield
    for table, name, definition in keys:
        target.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))


def _go_on_counting(target: Session, table: Table) -> None:
    """Let PostgreSQL number new rows behind those that were copied."""
    column = table.autoincrement_column
    if column is None:
        return
    highest = target.scalar(select(func.max(column))) or 0
    target.execute(
        text("SELECT setval(pg_get_serial_sequence(:name, :column), :next, false)"),
        {"name": f'"{table.name}"', "column": column.name, "next": highest + 1},
    )
