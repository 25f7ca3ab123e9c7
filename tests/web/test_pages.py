from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kavita.web.pages import STATIC, page_routes, security_headers

LOCK = "# made from abc\n0123  preact.js\n"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A small copy of the static folder, completely installed."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "VENDOR.lock").write_text(LOCK)
    (tmp_path / "vendor" / "preact.js").write_text("export {};")
    (tmp_path / "index.html").write_text("<h1>Kavita</h1>")
    return tmp_path


@pytest.fixture
def client(static: Path) -> TestClient:
    app = FastAPI()
    app.include_router(page_routes(static))
    return TestClient(app, base_url="http://clinic.example:8765")


def test_the_page_is_served_fresh_with_a_strict_policy(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.text == "<h1>Kavita</h1>"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self' ws://clinic.example:8765 wss://clinic.example:8765; "
        "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["permissions-policy"].startswith("microphone=(self)")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_module_is_javascript_and_is_asked_for_again_only_when_changed(
    client: TestClient,
) -> None:
    answer = client.get("/static/vendor/preact.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "content-security-policy" in answer.headers
    again = client.get(
        "/static/vendor/preact.js", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


def test_what_is_not_there_or_outside_is_not_found(client: TestClient, static: Path) -> None:
    (static.parent / "secret.txt").write_text("secret")
    for path in (
        "/static/none.js",
        "/static/",
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
    ):
        answer = client.get(path)
        assert answer.status_code == 404, path


def test_missing_javascript_is_said_on_the_page(client: TestClient, static: Path) -> None:
    (static / "vendor" / "preact.js").unlink()
    answer = client.get("/")
    assert answer.status_code == 503
    assert "make install" in answer.text
    (static / "vendor" / "VENDOR.lock").unlink()
    assert client.get("/").status_code == 503


@pytest.mark.parametrize("host", ["", "a b", "evil;script-src *", "x\ny", "[::1]evil"])
def test_a_strange_host_never_reaches_the_policy(host: str) -> None:
    policy = security_headers(host)["Content-Security-Policy"]
    assert "connect-src 'self';" in policy


def test_an_ipv6_host_may_be_connected_to() -> None:
    assert "ws://[::1]:8765" in security_headers("[::1]:8765")["Content-Security-Policy"]


def test_the_page_has_no_inline_script_or_style_and_names_no_other_origin() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert "<style" not in html
    assert "style=" not in html
    assert "://" not in html
    assert html.count("<script") == html.count('src="/static/js/')


def test_our_own_javascript_files_are_small_enough_to_read() -> None:
    lengths = {path: path.read_text().count("\n") for path in (STATIC / "js").rglob("*.js")}
    assert {path: length for path, length in lengths.items() if length > 250} == {}


def test_at_a_front_desk_the_plain_address_leads_to_its_page(static: Path) -> None:
    app = FastAPI()
    app.include_router(page_routes(static, own_desk="1"))
    client = TestClient(app, follow_redirects=False)
    assert client.get("/").headers["location"] == "/?desk=1"
    for own in ("/?desk=1", "/?audio=off", "/?audio=browser"):
        assert client.get(own).status_code == 200
