"""What steps of more and more calls say of a system, and what calls in a row leave behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from figures.percentiles import percentile
from load.caller import PATIENCE_SECONDS

GAP_RATIO = 1.5
"""The p95 gap may be so many times that of one call."""

LATE_MS = 20.0
"""Callers whose frames go out later than that (p99) were slowed themselves: the run is void."""


@dataclass(frozen=True)
class Step:
    """So many calls at a time, on one system."""

    calls: int
    gaps_ms: tuple[float, ...]
    unanswered: int
    cut_off: int
    holes_ms: tuple[float, ...]
    """Silences within sentences, behind the page's buffer of 100 ms."""
    lost: tuple[str, ...]
    """Why lines did not come to be, or broke."""
    share: float
    """Of the time that the callers spoke."""
    server_cores: float
    callers_cores: float
    late_p99_ms: float
    rss_mb: float

    @property
    def turns(self) -> int:
        """Those that were not cut off."""
        return len(self.gaps_ms) + self.unanswered

    @property
    def p50_ms(self) -> float:
        """The median gap."""
        return percentile(self._all_gaps, 0.5)

    @property
    def p95_ms(self) -> float:
        """The 95th percentile of the gaps; who was not answered has waited to the end."""
        return percentile(self._all_gaps, 0.95)

    @property
    def _all_gaps(self) -> list[float]:
        waited = [1000 * PATIENCE_SECONDS] * self.unanswered
        return [*self.gaps_ms, *waited] or [1000 * PATIENCE_SECONDS]

    def in_words(self) -> dict[str, Any]:
        """The row of the table."""
        return {
            "calls": self.calls,
            "turns": self.turns,
            "p50_ms": round(self.p50_ms),
            "p95_ms": round(self.p95_ms),
            "unanswered": self.unanswered,
            "cut_off": self.cut_off,
            "holes": len(self.holes_ms),
            "lost": len(self.lost),
            "speaking_share": self.share,
            "server_cores": self.server_cores,
            "callers_cores": self.callers_cores,
            "callers_late_p99_ms": self.late_p99_ms,
            "rss_mb": self.rss_mb,
        }


def step_of(found: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> Step:
    """Read what the callers found, and the server's size before they hung up."""
    heard = found["heard"]
    seconds = after["at"] - before["at"]
    talked = sum(each["talked_seconds"] for each in heard)
    return Step(
        calls=found["calls"],
        gaps_ms=tuple(gap for each in heard for gap in each["gaps_ms"]),
        unanswered=sum(each["unanswered"] for each in heard),
        cut_off=sum(each["cut_off"] for each in heard),
        holes_ms=tuple(hole for each in heard for hole in each["holes_ms"]),
        lost=tuple(each["lost"] for each in heard if each["lost"]),
        share=round(sum(each["spoken_seconds"] for each in heard) / talked, 2) if talked else 0.0,
        server_cores=round((after["cpu_seconds"] - before["cpu_seconds"]) / seconds, 2),
        callers_cores=found["callers_cores"],
        late_p99_ms=found["late_p99_ms"],
        rss_mb=after["rss_mb"],
    )


def fault(step: Step, one: Step) -> str:
    """Why a system does not hold so many calls, beside one call alone; empty when it does."""
    if step.lost:
        return f"{len(step.lost)} lines lost ({step.lost[0]})"
    if step.holes_ms:
        return f"an underrun of {max(step.holes_ms):.0f} ms"
    if step.p95_ms > GAP_RATIO * one.p95_ms:
        return f"p95 gap {step.p95_ms:.0f} ms, of one call {one.p95_ms:.0f} ms"
    return ""


def held(steps: Sequence[Step]) -> int:
    """The calls of the last step before the first with a fault; the first step is one call."""
    calls = 0
    for step in steps:
        if fault(step, steps[0]):
            break
        calls = step.calls
    return calls


def growth(warm: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    """What calls in a row have left behind, beyond what was there when the server was warm."""
    return {
        "memory_percent": round(100 * (last["rss_mb"] / warm["rss_mb"] - 1), 2),
        **{name: last[name] - warm[name] for name in ("tasks", "threads", "descriptors")},
    }
