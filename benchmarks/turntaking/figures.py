"""Medians, tails, and the interval of a ratio; and which of the goals hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from turntaking.call import Trial
from turntaking.callers import Utterance

RESAMPLES = 2_000
SEED = 1
OURS = "kavita"


@dataclass
class Run:
    """The trials of one brain's pace: one row an utterance, one trial a system."""

    pace: str
    rows: list[tuple[Utterance, dict[str, Trial]]] = field(default_factory=list)

    def gaps(self, system: str) -> list[float]:
        """Gaps in ms of the turns that were neither cut off nor left unanswered."""
        gaps = (trials[system].gap_ms for _, trials in self.rows)
        return [gap for gap in gaps if gap is not None]

    def cut_offs(self, system: str, with_pauses: bool | None = None) -> tuple[int, int]:
        """How many turns were cut off, of how many; `with_pauses` picks those, or the rest."""
        trials = [
            trials[system]
            for utterance, trials in self.rows
            if with_pauses is None or utterance.has_pauses is with_pauses
        ]
        return sum(trial.cut_off for trial in trials), len(trials)

    def unanswered(self, system: str) -> int:
        """Turns that got no answer in 8 s."""
        return sum(
            trials[system].gap_ms is None and not trials[system].cut_off for _, trials in self.rows
        )

    def figures(self, system: str) -> dict[str, float | int | None]:
        """The row of the table."""
        gaps = self.gaps(system)
        cut, turns = self.cut_offs(system)
        pauses_cut, pauses = self.cut_offs(system, with_pauses=True)
        return {
            "turns": turns,
            "mean_ms": round(float(np.mean(gaps))) if gaps else None,
            "p50_ms": round(float(np.median(gaps))) if gaps else None,
            "p95_ms": round(float(np.percentile(gaps, 95))) if gaps else None,
            "cut_off": cut,
            "with_pauses": pauses,
            "with_pauses_cut_off": pauses_cut,
            "unanswered": self.unanswered(system),
        }


@dataclass(frozen=True)
class Goal:
    """One figure against what it has to be."""

    pace: str
    name: str
    value: float | None
    bound: float
    at_least: bool
    interval: tuple[float, float] | None = None

    @property
    def holds(self) -> bool:
        """Whether the figure itself, not its interval, is on the right side."""
        if self.value is None:
            return False
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return float(np.mean(values))


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return float(np.percentile(values, 95))


def ratio_goal(run: Run, peer: str, statistic: str, bound: float) -> Goal:
    """The ratio of a statistic of the gaps, peer to ours, with its bootstrap interval of 95 %."""
    name = f"{statistic} gap {peer}/{OURS}"
    of = {"mean": mean, "p95": p95}[statistic]
    theirs, ours = run.gaps(peer), run.gaps(OURS)
    if not theirs or not ours:
        return Goal(run.pace, name, None, bound, at_least=True)
    chance = np.random.default_rng(SEED)
    drawn = [
        of(chance.choice(theirs, len(theirs))) / of(chance.choice(ours, len(ours)))
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    value = round(of(theirs) / of(ours), 2)
    return Goal(run.pace, name, value, bound, True, (round(float(low), 2), round(float(high), 2)))


def goals(at_once: Run, as_model: Run) -> list[Goal]:
    """Every goal that the two runs can tell of."""
    found = [
        ratio_goal(at_once, "P0", "mean", 6),
        ratio_goal(at_once, "P1", "mean", 2.5),
        ratio_goal(at_once, "P1", "p95", 4),
        ratio_goal(as_model, "P0", "mean", 3),
        ratio_goal(as_model, "P1", "mean", 1.5),
    ]
    ours, pace = at_once.figures(OURS), at_once.pace
    found.append(Goal(pace, "p50 gap, ms", ours["p50_ms"], 400, at_least=False))
    found.append(Goal(pace, "p95 gap, ms", ours["p95_ms"], 800, at_least=False))
    for run in (at_once, as_model):
        found += _losses(run)
    return found


def _losses(run: Run) -> list[Goal]:
    """What must not be paid for being quick."""
    peers = ("P0", "P1")
    cut, turns = run.cut_offs(OURS)
    fewest = min(run.cut_offs(peer)[0] for peer in peers)
    name = f"cut-offs of {turns}, against the better peer"
    found = [Goal(run.pace, name, cut, fewest, False)]
    cut, turns = run.cut_offs(OURS, with_pauses=True)
    if turns:
        share = round(100 * cut / turns, 1)
        found.append(Goal(run.pace, f"cut-offs in {turns} turns with pauses, %", share, 3, False))
    fewest = min(run.unanswered(peer) for peer in peers)
    unanswered = run.unanswered(OURS)
    found.append(Goal(run.pace, "turns left unanswered", unanswered, fewest, False))
    return found
