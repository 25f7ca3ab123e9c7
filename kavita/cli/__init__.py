"""The command line: serve, talk, demo, devices, satellite, check, costs, import, export, seed."""

import sys

from kavita.cli import book, checking, costs, demo, devices, serving, talking, upkeep, workers
from kavita.cli.program import cli

__all__ = [
    "book",
    "checking",
    "costs",
    "demo",
    "devices",
    "main",
    "serve_default",
    "serving",
    "talking",
    "upkeep",
    "workers",
]


def main() -> None:
    """The `kavita` command."""
    cli()


def serve_default() -> None:
    """What `python main.py` does: serve, with the settings as they are."""
    sys.argv[1:1] = ["serve"]
    main()
