"""Which times to offer: at most three, well spaced, in what the caller wished for."""

from collections.abc import Collection, Sequence
from datetime import time

from kavita.receptionist.understanding.clock_times import TimeWish

MOST = 3
"""More than three times cannot be remembered by ear."""


def spread(free: Sequence[time]) -> tuple[time, ...]:
    """Three times early, about a third and three quarters into what is free (or all, if fewer)."""
    count = len(free)
    chosen = sorted({count // 12, count // 3, count * 3 // 4}) if count > MOST else range(count)
    return tuple(free[index] for index in chosen)


def nearest(free: Sequence[time], to: time) -> tuple[time, ...]:
    """The time itself if it is free, else the three nearest ones, in order of the day."""
    if to in free:
        return (to,)
    if to < time(6) and (other_half := to.replace(hour=to.hour + 12)) in free:
        return (other_half,)
    return tuple(sorted(sorted(free, key=lambda at: abs(_minutes(at) - _minutes(to)))[:MOST]))


def within(free: Sequence[time], wish: TimeWish) -> tuple[time, ...]:
    """The free times from `after` until before `before`."""
    return tuple(
        at
        for at in free
        if (wish.after is None or at >= wish.after) and (wish.before is None or at < wish.before)
    )


def choose_offers(
    free: Sequence[time], wish: TimeWish | None, avoid: Collection[time] = ()
) -> tuple[time, ...]:
    """The times to offer for a wish; () where none of the free ones fits it."""
    left = [at for at in free if at not in avoid]
    if wish is None:
        return spread(left)
    about = wish.at or wish.near
    return nearest(left, about) if about else spread(within(left, wish))


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
