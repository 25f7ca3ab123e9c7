"""The language model's figures under faults: python benchmarks/faults.py [--quick] [--json].

Exits with 0 only if every figure that was measured holds, and names those that do not.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from loguru import logger

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.model.bad_calls import bad_calls  # noqa: E402
from benchmarks.model.cutting_in import cut_in  # noqa: E402
from benchmarks.model.injections import inject  # noqa: E402
from benchmarks.model.line import Books  # noqa: E402
from benchmarks.model.matrix import fault_matrix  # noqa: E402
from tests.fakes.openai_server import FAULTS, Fault  # noqa: E402

QUICK_FAULTS: tuple[Fault, ...] = ("hang", "402", "cut_in_call")
SEED = 2026


async def measure(quick: bool, only: str) -> dict[str, list[Any]]:
    """Each figure's results."""
    books = Books()
    figures = {
        "fault matrix": lambda: fault_matrix(books, QUICK_FAULTS if quick else FAULTS),
        "bad tool calls": lambda: bad_calls(books, 100 if quick else 10_000, SEED),
        "cutting in": lambda: cut_in(books, 1 if quick else 20, 10 if quick else 1),
        "injections": lambda: inject(books, 30 if quick else 300),
    }
    found: dict[str, list[Any]] = {}
    try:
        for name, figure in figures.items():
            if only in name:
                began = time.monotonic()
                results = await figure()
                found[name] = results if isinstance(results, list) else [results]
                print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    finally:
        books.close()
    return found


def main() -> int:
    """Measure, tell, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a sample, in less than a minute")
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument("--only", default="", help="figures whose name holds this")
    chosen = options.parse_args()
    logger.remove()
    load = os.getloadavg()[0]
    found = asyncio.run(measure(chosen.quick, chosen.only))
    failing = [name for name, results in found.items() if not all(one.holds for one in results)]
    rows = {
        name: [asdict(one) | {"holds": one.holds} for one in results]
        for name, results in found.items()
    }
    if chosen.json:
        about = {"seed": SEED, "quick": chosen.quick, "load": load}
        print(json.dumps(about | {"figures": rows, "failing": failing}))
    else:
        for name, results in rows.items():
            print(f"\n{name} (load {load:.1f})")
            for row in results:
                print("  " + "  ".join(f"{key}={_short(value)}" for key, value in row.items()))
        print(f"\n{'All hold.' if not failing else 'Do not hold: ' + ', '.join(failing)}")
    return 1 if failing else 0


def _short(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
