"""When Python looks for garbage. While it looks, every call stands still."""

import gc


def keep_what_is_loaded() -> None:
    """Leave all that exists now out of later collections.

    Each would stop every call for about 80 ms (190,000 objects), which is most of the sound that a
    page has in hand. For a process that does nothing but serve.
    """
    gc.collect()
    gc.freeze()


def collect_what_calls_left() -> None:
    """Look now, some milliseconds, because nobody hears it; due before a call is alone on the line.

    A call leaves about 1,000 objects and 300 kB that only a collection frees; by itself Python
    looks after some 60 calls, for 100 ms, in the middle of one. Does nothing where what is loaded
    was not kept out of it, which takes too long.
    """
    if gc.get_freeze_count():
        gc.collect()
