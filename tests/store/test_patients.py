from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import insert

from kavita.scheduling.errors import NoFreeId
from kavita.store.database import Database
from kavita.store.patients import find_patient, register_patient
from kavita.store.tables import Patient


def test_a_new_patient_gets_a_four_digit_id_and_is_found_by_it(
    any_database: Database, now: datetime
) -> None:
    patient = register_patient(any_database, "Test Patient", now, "+919876543210")
    assert len(patient.id) == 4
    assert patient.id.isdigit()
    found = find_patient(any_database, patient.id)
    assert found is not None
    assert (found.name, found.phone) == ("Test Patient", "+919876543210")
    assert find_patient(any_database, "0000") is None


def test_registering_at_once_never_gives_an_id_twice(any_database: Database, now: datetime) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = [f"Test Patient {number}" for number in range(24)]
        patients = list(pool.map(lambda name: register_patient(any_database, name, now), names))
    assert len({patient.id for patient in patients}) == 24


def test_the_last_free_id_is_given_and_then_no_more(any_database: Database, now: datetime) -> None:
    with any_database.transaction() as session:
        taken = [{"id": str(number), "name": "Test Patient"} for number in range(1001, 10_000)]
        session.execute(insert(Patient), taken)
    assert register_patient(any_database, "Test Patient", now).id == "1000"
    with pytest.raises(NoFreeId):
        register_patient(any_database, "Test Patient", now)
