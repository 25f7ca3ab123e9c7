import pytest

from kavita.web.origins import is_welcome

LOOPBACK, ANYWHERE = "127.0.0.1", "0.0.0.0"


@pytest.mark.parametrize(
    ("origin", "host", "listens_on"),
    [
        (None, "127.0.0.1:8765", LOOPBACK),
        ("http://localhost:8765", "localhost:8765", LOOPBACK),
        ("http://LOCALHOST:8765", "localhost:8765", LOOPBACK),
        ("http://127.0.0.1:8765", "127.0.0.1:8765", LOOPBACK),
        ("http://[::1]:8765", "[::1]:8765", "::1"),
        ("http://desk.example", "desk.example", ANYWHERE),
        ("https://Desk.Example", "desk.example:443", ANYWHERE),
        ("https://kavita.example", "127.0.0.1:8765", LOOPBACK),
        ("https://kavita.example:443", "127.0.0.1:8765", LOOPBACK),
    ],
)
def test_our_own_page_and_allowed_origins_are_let_in(
    origin: str | None, host: str, listens_on: str
) -> None:
    assert is_welcome(origin, host, listens_on, ["https://kavita.example"])


@pytest.mark.parametrize(
    ("origin", "host", "listens_on"),
    [
        ("http://evil.example", "127.0.0.1:8765", LOOPBACK),
        ("http://evil.example:8765", "evil.example:8765", LOOPBACK),
        ("http://localhost:9999", "localhost:8765", LOOPBACK),
        ("http://kavita.example", "127.0.0.1:8765", LOOPBACK),
        ("http://desk.example.evil.example", "desk.example", ANYWHERE),
        ("null", "", LOOPBACK),
        ("", "", LOOPBACK),
        ("http://[", "127.0.0.1:8765", LOOPBACK),
        ("http://localhost:port", "localhost:8765", LOOPBACK),
        ("chrome-extension://abc", "abc", ANYWHERE),
        ("file://", "localhost:8765", LOOPBACK),
    ],
)
def test_every_other_page_is_refused(origin: str, host: str, listens_on: str) -> None:
    assert not is_welcome(origin, host, listens_on, ["https://kavita.example"])
