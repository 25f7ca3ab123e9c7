"""The clinic in the book: kept as `clinic.toml` last said, with a row for whatever is booked."""

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import OWN_KEY, Clinic
from kavita.store import tables
from kavita.store.clinic_file import ClinicFileError, read_clinic_file
from kavita.store.clinic_models import ClinicFile
from kavita.store.database import Database, insert_new
from kavita.store.defined_clinic import defined_clinic


def load_clinic(database: Database, path: Path, plain: Clinic, now: datetime) -> Clinic:
    """Return the clinic of the file at `path`, or as an earlier file said, or the `plain` one.

    What the file says is kept in the book. Raises ClinicFileError and StoreUnavailable.
    """
    if path.exists():
        return keep_clinic(database, read_clinic_file(path), now)
    return read_clinic(database) or plain


def preview_clinic(database: Database, path: Path, plain: Clinic) -> Clinic:
    """Return the clinic that `load_clinic` would, and change nothing.

    Whoever is new in the file has an ID below zero. Raises ClinicFileError and StoreUnavailable.
    """
    if not path.exists():
        return read_clinic(database) or plain
    file = read_clinic_file(path)
    with database.snapshot() as session:
        people, visits = _ids(session)
    for ids, entries in ((people, file.practitioner), (visits, file.visit_type)):
        new = [entry.key for entry in entries if entry.key not in ids]
        ids.update({key: -number for number, key in enumerate(new, start=1)})
    return defined_clinic(file, people, visits)


def keep_clinic(database: Database, file: ClinicFile, now: datetime) -> Clinic:
    """Write the definition into the book, with a row for each practitioner and visit type.

    Rows that are no longer in the file become inactive; a key that comes back gets its old row.
    """

    def work(session: Session) -> Clinic:
        content = file.content()
        first = {"id": 1, "content": content, "loaded_at": now}
        insert_new(session, tables.ClinicDefinition, first)
        kept = session.get_one(tables.ClinicDefinition, 1, with_for_update=True)
        if kept.content != content:
            kept.content, kept.loaded_at = content, now
        _sync(session, tables.Practitioner, _practitioner_rows(file))
        _sync(session, tables.VisitType, _visit_type_rows(file))
        return defined_clinic(file, *_ids(session))

    return database.run(work)


def read_clinic(database: Database) -> Clinic | None:
    """Return the clinic that the book holds, if `clinic.toml` was ever read.

    Raises ClinicFileError when another version of Kavita has written it, and StoreUnavailable.
    """
    with database.transaction() as session:
        kept = session.get(tables.ClinicDefinition, 1)
        if kept is None:
            return None
        try:
            return defined_clinic(ClinicFile.model_validate(kept.content), *_ids(session))
        except ValidationError:
            raise ClinicFileError(
                "the book holds a clinic that this version of Kavita cannot read: "
                "give it its clinic.toml again"
            ) from None


def _practitioner_rows(file: ClinicFile) -> dict[str, dict[str, Any]]:
    if not file.practitioner:
        return {OWN_KEY: {}}
    return {
        one.key: {"name": one.name, "specialty": one.specialty, "languages": one.languages}
        for one in file.practitioner
    }


def _visit_type_rows(file: ClinicFile) -> dict[str, dict[str, Any]]:
    return {each.key: {"name": each.name, "minutes": each.minutes} for each in file.visit_type}


def _sync(
    session: Session,
    table: type[tables.Practitioner] | type[tables.VisitType],
    wanted: dict[str, dict[str, Any]],
) -> None:
    """Give each key its row, up to date; whoever is not wanted is not active."""
    kept: list[tables.Practitioner | tables.VisitType] = list(session.scalars(select(table)))
    rows = {row.key: row for row in kept}
    for key, row in rows.items():
        row.is_active = key in wanted
        for column, value in wanted.get(key, {}).items():
            setattr(row, column, value)
    new = {key: values for key, values in wanted.items() if key not in rows}
    session.add_all(table(key=key, is_active=True, **values) for key, values in new.items())
    session.flush()


def _ids(session: Session) -> tuple[dict[str, int], dict[str, int]]:
    """The rows of practitioners and of visit types, by their keys."""
    people = session.execute(select(tables.Practitioner.key, tables.Practitioner.id)).tuples()
    visits = session.execute(select(tables.VisitType.key, tables.VisitType.id)).tuples()
    return dict(people.all()), dict(visits.all())
