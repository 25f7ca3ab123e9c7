"""The process that serves."""

import gc

from kavita.app import keep_what_is_loaded


def test_a_collection_need_not_look_at_what_was_loaded_before_the_calls() -> None:
    loaded: list[list[int]] = [[]]
    keep_what_is_loaded()
    try:
        assert not any(each is loaded for each in gc.get_objects())
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
    assert any(each is loaded for each in gc.get_objects())
