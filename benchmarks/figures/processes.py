"""Worker processes: forked from one that has only loaded the code, or started anew each."""

import multiprocessing
from multiprocessing.context import BaseContext

PRELOADED = ["__main__", "benchmarks.figures.contention", "benchmarks.figures.race"]


def clean_processes() -> BaseContext:
    """Return what starts processes that have no connection, thread or lock of this one.

    Where the system can fork, the code is loaded once for all of them.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context
