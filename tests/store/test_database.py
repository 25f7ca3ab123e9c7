"""Opening, migrating and failing: what the operator sees."""

import logging
import sqlite3
import stat
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kavita.store.database import Database, StoreUnavailable
from kavita.store.fair_lock import FairLock, TurnTimeout
from kavita.store.tables import Base, Patient, Practitioner
from tests.fakes.postgres import PostgresServer


def test_the_migrations_make_exactly_the_tables_of_the_code(any_database: Database) -> None:
    with any_database.transaction() as session:
        context = MigrationContext.configure(
            session.connection(), opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_opening_twice_changes_nothing(any_database: Database) -> None:
    any_database.open()
    with any_database.transaction() as session:
        assert len(session.scalars(select(Practitioner)).all()) == 1


def test_two_processes_may_open_a_new_book_at_once(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    for url in (f"sqlite:///{tmp_path / 'new.db'}", postgres.new_database()):
        databases = [Database(url) for _ in range(4)]
        threads = [threading.Thread(target=database.open) for database in databases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for database in databases:
            with database.transaction() as session:
                assert session.scalar(select(Practitioner.name)) == "The clinic"
            database.close()


def test_a_new_sqlite_book_gets_its_folder_and_is_readable_by_its_owner_only(
    tmp_path: Path,
) -> None:
    path = tmp_path / "data" / "100%" / "book.db"
    database = Database(f"sqlite:///{path}")
    database.open()
    database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sqlite_avoids_the_wal_that_old_versions_can_corrupt(database: Database) -> None:
    with database.transaction() as session:
        journal = session.scalar(text("PRAGMA journal_mode"))
        synchronous = session.scalar(text("PRAGMA synchronous"))
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
    old = sqlite3.sqlite_version_info < (3, 51, 3)
    assert (journal, synchronous) == (("truncate", 3) if old else ("wal", 2))


def test_work_that_raises_leaves_nothing(any_database: Database) -> None:
    def add_and_fail() -> None:
        with any_database.transaction() as session:
            session.add(Patient(id="1001", name="Archit Ojha"))
            session.flush()
            raise KeyError("the work failed")

    with pytest.raises(KeyError):
        add_and_fail()
    with any_database.transaction() as session:
        assert session.scalars(select(Patient)).all() == []


def test_a_broken_constraint_is_not_an_unavailable_store(any_database: Database) -> None:
    with pytest.raises(IntegrityError), any_database.transaction() as session:
        session.add_all([Patient(id="1001", name="A"), Patient(id="1001", name="B")])


def test_transient_conflicts_are_tried_again(any_database: Database) -> None:
    attempts: list[int] = []

    def work(_session: object) -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise StoreUnavailable("another one was faster", transient=True)
        return "done"

    assert any_database.run(work) == "done"
    assert len(attempts) == 3


def test_threads_that_come_back_at_once_do_not_keep_others_from_the_book(
    database: Database,
) -> None:
    turns = [0] * 4
    end = time.monotonic() + 1

    def work(number: int) -> None:
        while time.monotonic() < end:
            with database.transaction():
                turns[number] += 1
                time.sleep(0.005)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(turns) > max(turns) / 2


def test_who_waits_too_long_for_the_book_is_told_so_and_the_others_go_on() -> None:
    lock = FairLock(wait_seconds=0.05)
    with lock.turn():
        with pytest.raises(TurnTimeout), ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: lock.turn().__enter__()).result()
    with lock.turn():
        pass


def order_of(turns: Sequence[tuple[str, bool]], give_way_seconds: float) -> list[str]:
    """In which order those come who asked for it while the lock was taken; True gives way."""
    lock = FairLock(5.0, give_way_seconds)
    came: list[str] = []

    def come(name: str, gives_way: bool) -> None:
        with lock.turn(gives_way):
            came.append(name)

    threads = [threading.Thread(target=come, args=turn) for turn in turns]
    with lock.turn():
        for thread in threads:
            thread.start()
            time.sleep(0.05)  # so that each has asked before the next one
    for thread in threads:
        thread.join()
    return came


def test_who_gives_way_comes_behind_the_others_but_does_not_wait_for_ever() -> None:
    turns = [("record", True), ("caller", False), ("another record", True), ("last", False)]
    assert order_of(turns, 60.0) == ["caller", "last", "record", "another record"]
    assert order_of(turns[:2], 0.01) == ["record", "caller"]


def test_who_gives_way_gives_up_like_the_others() -> None:
    lock = FairLock(wait_seconds=0.05)
    with lock.turn():
        with pytest.raises(TurnTimeout), ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: lock.turn(gives_way=True).__enter__()).result()
    with lock.turn(gives_way=True):
        pass


def test_a_lasting_failure_is_not_tried_again(database: Database) -> None:
    attempts: list[int] = []

    def work(_session: object) -> None:
        attempts.append(1)
        raise StoreUnavailable("the disk is full")

    with pytest.raises(StoreUnavailable):
        database.run(work)
    assert len(attempts) == 1


def test_a_deadlock_in_postgresql_is_resolved_by_trying_again(postgres: PostgresServer) -> None:
    database = Database(postgres.new_database())
    database.open()
    with database.transaction() as session:
        session.add_all([Patient(id=key, name="Test Patient") for key in ("1", "2")])
    both_hold_one = threading.Barrier(2, timeout=10)
    attempts: list[str] = []

    def rename(first: str, second: str) -> None:
        def work(session: Session) -> None:
            attempts.append(first)
            lock = "UPDATE patient SET name = name || :by WHERE id = :id"
            session.execute(text(lock), {"id": first, "by": first})
            if len(attempts) <= 2:
                both_hold_one.wait()
            session.execute(text(lock), {"id": second, "by": first})

        database.run(work)

    threads = [threading.Thread(target=rename, args=pair) for pair in (("1", "2"), ("2", "1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.transaction() as session:
        names = [sorted(name) for name in session.scalars(select(Patient.name))]
    assert names[0] == names[1] == sorted("Test Patient12")
    assert len(attempts) == 3
    database.close()


@pytest.mark.parametrize("where", ["", "file/book.db"], ids=["a folder", "below a file"])
def test_an_impossible_path_is_named(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / where
    with pytest.raises(StoreUnavailable, match=str(path)):
        Database(f"sqlite:///{path}").open()


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    path.write_text("these are my notes, not a database, and they are longer than a header" * 9)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match=r"book\.db.*not a database"):
        Database(f"sqlite:///{path}").open()
    assert path.read_bytes() == before


def test_a_full_disk_is_a_clear_refusal_and_the_book_still_reads(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(StoreUnavailable, match="full"), database.transaction() as session:
        session.add_all([Patient(id=str(i), name="Test Patient" * 100) for i in range(999)])
    with database.transaction() as session:
        assert session.scalars(select(Patient)).all() == []


def test_a_book_that_another_process_holds_is_unavailable_not_broken(
    tmp_path: Path, database: Database
) -> None:
    with database.transaction() as session:
        session.execute(text("PRAGMA busy_timeout = 1"))
    other = sqlite3.connect(tmp_path / "book.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="locked") as refused:
        database.open()
    assert refused.value.transient
    other.execute("ROLLBACK")
    database.open()


def test_a_book_of_a_newer_kavita_is_left_alone(any_database: Database) -> None:
    with any_database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'tomorrow'"))
    with pytest.raises(StoreUnavailable, match="newer Kavita"):
        any_database.open()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clerk:s3cret@127.0.0.1:9/book",
        "postgresql://127.0.0.1:9/book?user=clerk&password=s3cret",
        "postgres://clerk:s3cret@127.0.0.1:nine/book",
        "postgresql+asyncpg://clerk:s3cret@127.0.0.1/book",
        "mysql://clerk:s3cret@127.0.0.1/book",
        "s3cret",
        "",
    ],
)
def test_no_error_repeats_a_password(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreUnavailable) as refused:
        Database(url).open()
    assert "s3cret" not in str(refused.value) + caplog.text
