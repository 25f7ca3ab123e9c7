"""Which web pages may open a call: ours, and those that the operator allows."""

from collections.abc import Collection
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
DEFAULT_PORTS = {"http": 80, "https": 443}


def is_welcome(origin: str | None, host: str, listens_on: str, allowed: Collection[str]) -> bool:
    """Whether a socket with these Origin and Host headers may be opened.

    A browser always sends Origin, so that another site cannot use a visitor's browser to call;
    programs (the satellite, the demo) send none. `allowed` are further origins. A server that
    listens on loopback only also looks at the name it is called by, since a foreign site can make
    its own name point here (DNS rebinding).
    """
    if origin is None:
        return True
    try:
        ours = any(origin_of(origin) == origin_of(each) for each in allowed)
        return ours or _is_same_site(origin, host, listens_on)
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a web origin; raises ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("not a web origin")
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]


def _is_same_site(origin: str, host: str, listens_on: str) -> bool:
    scheme, name, port = origin_of(origin)
    if (name, port) != origin_of(f"{scheme}://{host}")[1:]:
        return False
    return listens_on not in LOOPBACK or name in LOOPBACK
