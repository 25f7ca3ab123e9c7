"""What the tests of several packages share: a clinic, a pinned now, and real databases."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from kavita.scheduling.clinic import Clinic
from kavita.store.database import Database

if TYPE_CHECKING:
    from tests.fakes.postgres import PostgresServer

ZONE = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def clinic() -> Clinic:
    return Clinic(name="Sunrise Clinic", timezone=ZONE)


@pytest.fixture
def now() -> datetime:
    """A Monday morning, before the clinic opens."""
    return datetime(2026, 2, 9, 8, 0, tzinfo=ZONE)


@pytest.fixture(scope="session")
def new_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty book, made once; tests use copies."""
    path = tmp_path_factory.mktemp("new") / "book.db"
    database = Database(f"sqlite:///{path}")
    database.open()
    database.close()
    return path


@pytest.fixture
def database(new_book: Path, tmp_path: Path) -> Iterator[Database]:
    """An open, empty book in SQLite."""
    database = Database(f"sqlite:///{shutil.copy(new_book, tmp_path)}")
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator["PostgresServer"]:
    """A PostgreSQL server, started when the first test asks for it."""
    from tests.fakes.postgres import running_postgres

    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new book in SQLite and, once more, in PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'any.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def any_database(any_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An open, empty book at `any_url`."""
    if any_url.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("new_book"), any_url.removeprefix("sqlite:///"))
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        server.make_book(any_url)
    database = Database(any_url)
    yield database
    database.close()
