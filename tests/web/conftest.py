from collections.abc import Iterator

import pytest

from tests.fakes.running_server import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("book"), max_calls=3, max_sockets=6) as server:
        yield server
