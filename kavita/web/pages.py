"""The patient page and its files, with the headers that keep foreign script, style and data out."""

import re
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).with_name("static")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src {connect}; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

PLAIN_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""Named here because the operating system's own table may call a module text/plain."""

NOT_INSTALLED = """<!doctype html>
<html lang="en">
<title>Kavita is not installed completely</title>
<h1>The page's JavaScript is missing</h1>
<p>Run <code>make install</code> in Kavita's folder, then load this page again.</p>
</html>
"""


def security_headers(host: str) -> dict[str, str]:
    """The headers of every answer; `host` is the request's Host, named for the WebSocket."""
    connect = "'self'"
    if PLAIN_HOST.fullmatch(host):
        connect += f" ws://{host} wss://{host}"
    return {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY.format(connect=connect),
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def vendor_is_complete(static: Path) -> bool:
    """Whether every file that vendor/VENDOR.lock names is there."""
    lock = static / "vendor" / "VENDOR.lock"
    if not lock.is_file():
        return False
    lines = lock.read_text(encoding="utf-8").splitlines()
    names = [line.split("  ", 1)[-1] for line in lines if not line.startswith("#")]
    return all((lock.parent / name).is_file() for name in names)


def page_routes(static: Path = STATIC, own_desk: str = "") -> APIRouter:
    """GET / and /static/...; `static` is the folder that holds index.html and the rest.

    Where this machine is a desk itself, `own_desk`, its page is the one without a query.
    """
    router = APIRouter(include_in_schema=False)
    files = StaticFiles(directory=static)

    @router.api_route("/", methods=["GET", "HEAD"])
    def page(request: Request) -> Response:
        headers = security_headers(request.headers.get("host", ""))
        headers["Cache-Control"] = "no-store"
        if not vendor_is_complete(static):
            return HTMLResponse(NOT_INSTALLED, status_code=503, headers=headers)
        if own_desk and not request.url.query:
            return RedirectResponse(f"/?desk={own_desk}", headers=headers)
        return FileResponse(static / "index.html", media_type="text/html", headers=headers)

    @router.api_route("/static/{path:path}", methods=["GET", "HEAD"])
    async def file(path: str, request: Request) -> Response:
        headers = security_headers(request.headers.get("host", ""))
        try:
            response = await files.get_response(path, request.scope)
        except HTTPException as error:
            raise HTTPException(error.status_code, headers=headers) from error
        if (media_type := MEDIA_TYPES.get(Path(path).suffix)) and response.status_code == 200:
            response.headers["Content-Type"] = f"{media_type}; charset=utf-8"
        response.headers.update(headers)
        response.headers["Cache-Control"] = "no-cache"
        return response

    return router
