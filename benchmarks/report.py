"""What a run of the benchmark found: as a table for people, and as JSON."""

import argparse
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 140
"""Of the table in a file, in characters."""


@dataclass(frozen=True)
class Measured:
    """One figure, on one database or under one condition."""

    figure: str
    on: str
    bound: str
    numbers: dict[str, Any]
    holds: bool
    seconds: float
    commit: str = ""
    date: str = ""
    load: float = 0.0
    """Of the machine, in the minute before it was done."""


@dataclass
class Report:
    """All that was measured, with what is needed to measure it again."""

    seed: int
    quick: bool
    databases: dict[str, str]
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    load_at_start: float = field(default_factory=lambda: os.getloadavg()[0])
    load_at_end: float = 0.0
    commit: str = field(default_factory=lambda: commit())
    date: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    figures: list[Measured] = field(default_factory=list)

    def failing(self) -> list[str]:
        """Return the names of the figures that do not hold, on any database."""
        return list(dict.fromkeys(each.figure for each in self.figures if not each.holds))

    def as_json(self) -> str:
        """Return one JSON object."""
        content = asdict(self) | {"holds": not self.failing(), "failing": self.failing()}
        return json.dumps(content, indent=2)

    def write(self, path: Path) -> None:
        """Write the JSON, with what the file has of other figures, each with its own commit."""
        path.parent.mkdir(exist_ok=True)
        kept = json.loads(path.read_text())["figures"] if path.exists() else []
        measured = {each.figure for each in self.figures}
        others = [Measured(**each) for each in kept if each["figure"] not in measured]
        everything = replace(self, figures=[*others, *self.figures])
        path.write_text(f"{everything.as_json()}\n")

    def show(self, console: Console) -> None:
        """Print the table."""
        console.print(_table(self.figures))
        for name, words in self.databases.items():
            console.print(f"{name}: {words}", highlight=False)
        console.print(
            f"seed {self.seed}, {self.cores} cores, load {self.load_at_start:.1f} at the start "
            f"and {self.load_at_end:.1f} at the end, commit {self.commit}, {self.date}",
            highlight=False,
        )
        failing = self.failing()
        console.print(f"Does not hold: {', '.join(failing)}" if failing else "Every figure holds.")


def known(wanted: list[str], names: list[str]) -> list[str]:
    """Return the figures that were asked for; raises ArgumentTypeError for a name that is none."""
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such figure: {', '.join(unknown)}")
    return wanted


def commit() -> str:
    """Return the commit that is measured; "+" after it for a tree with changes."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        return f"{head}+" if _git("status", "--porcelain", "kavita", "benchmarks") else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _table(figures: list[Measured]) -> Table:
    table = Table("Figure", "On", "Measured", "Must be", "Holds", show_lines=True)
    for each in figures:
        table.add_row(
            each.figure,
            each.on,
            ", ".join(_in_words(each.numbers)),
            each.bound,
            "yes" if each.holds else "[bold red]NO[/]",
        )
    return table


def _in_words(numbers: dict[str, Any]) -> Iterator[str]:
    for name, value in numbers.items():
        words = name.replace("_", " ")
        if name == "holds" or value in ((), [], {}):
            continue
        if isinstance(value, dict):
            yield f"{words} ({', '.join(_in_words(value))})"
        elif isinstance(value, (list, tuple)):
            yield f"{words}: {'; '.join(map(str, value))}"
        else:
            yield f"{words} {value:,}" if isinstance(value, (int, float)) else f"{words} {value}"
