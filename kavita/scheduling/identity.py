"""How often somebody may say who they are: limits and waiting times, as pure numbers."""

MAX_TRIES_A_CALL = 3
MAX_FAILURES_A_DAY = 10
"""For one ID, in all calls together; then only the front desk can help."""

FREE_FAILURES = 3
LONGEST_WAIT_SECONDS = 8.0


def wait_seconds(failures_today: int) -> float:
    """Return how long an answer about an ID is kept back, after so many failures with it today.

    Nothing for the first three, then 1, 2, 4 and at most 8 seconds; right and wrong details alike.
    """
    over = failures_today - FREE_FAILURES
    return 0.0 if over < 0 else min(2.0**over, LONGEST_WAIT_SECONDS)
