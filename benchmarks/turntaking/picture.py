"""The gaps of a run as a picture: one dot a turn, one row a system. SVG."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

import numpy as np
from turntaking.figures import OURS, Run

WIDTH, LEFT, RIGHT = 860, 90, 190
ROW, HEAD, FOOT = 46, 34, 36
LONGEST_MS = 5_000
"""Longer gaps stand at the edge."""

LABELS = {OURS: "Kavita"}
STYLE = (
    "text{font:13px sans-serif;fill:#444}.title{font-weight:bold}.small{font-size:11px}"
    ".dot{fill:#888;fill-opacity:.45}.ours{fill:#0a7d5a;fill-opacity:.6}"
    ".mark{stroke:#444;stroke-width:2}.grid{stroke:#999;stroke-opacity:.35}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.mark{stroke:#ddd}}"
)


def picture(runs: Sequence[Run], systems: Sequence[str], caption: str) -> str:
    """Both paces, one above the other."""
    panel = HEAD + ROW * len(systems)
    height = panel * len(runs) + 2 * FOOT
    parts = [part for at, run in enumerate(runs) for part in _panel(run, systems, at * panel)]
    parts += _axis(panel * len(runs), caption)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f"<title>From the end of the caller's speech to the agent's first sound</title>"
        f"<style>{STYLE}</style>{''.join(parts)}</svg>\n"
    )


def _panel(run: Run, systems: Sequence[str], top: int) -> Iterator[str]:
    yield f'<text class="title" x="{LEFT}" y="{top + 22}">{escape(f"Brain: {run.pace}")}</text>'
    for row, system in enumerate(systems):
        middle = top + HEAD + ROW * row + ROW // 2
        yield f'<text x="8" y="{middle + 4}">{escape(LABELS.get(system, system))}</text>'
        kind = "ours" if system == OURS else "dot"
        for index, gap in enumerate(run.gaps(system)):
            shift = (index * 7) % 19 - 9
            yield f'<circle class="{kind}" r="4" cx="{_x(gap):.1f}" cy="{middle + shift}"/>'
        yield from _marks(run, system, middle)


def _marks(run: Run, system: str, middle: int) -> Iterator[str]:
    gaps = run.gaps(system)
    for percentile in (50, 95) if gaps else ():
        x = _x(float(np.percentile(gaps, percentile)))
        yield f'<path class="mark" d="M{x:.1f} {middle - 15}v30"/>'
        yield f'<text class="small" x="{x + 3:.1f}" y="{middle - 10}">p{percentile}</text>'
    cut, turns = run.cut_offs(system)
    words = f"{cut} of {turns} cut off"
    if unanswered := run.unanswered(system):
        words += f", {unanswered} unanswered"
    yield f'<text class="small" x="{WIDTH - RIGHT + 12}" y="{middle + 4}">{words}</text>'


def _axis(bottom: int, caption: str) -> Iterator[str]:
    for ms in range(0, LONGEST_MS + 1, 1_000):
        x = _x(ms)
        yield f'<path class="grid" d="M{x:.1f} {HEAD}V{bottom}"/>'
        yield f'<text class="small" x="{x - 16:.1f}" y="{bottom + 16}">{ms} ms</text>'
    yield f'<text class="small" x="{LEFT}" y="{bottom + FOOT + 10}">{escape(caption)}</text>'


def _x(ms: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(ms, LONGEST_MS) / LONGEST_MS
