"""What the log says of a bug: where it is, and nothing that a caller may have said."""

import traceback


def place_of(error: BaseException) -> str:
    """The kind of an exception and the lines that led to it; its message may quote a caller."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    lines = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {lines}"
