import numpy as np

from kavita.satellite.playout import Playout, Samples

RATE = 1000


def sound(count: int, value: int = 1000) -> Samples:
    return np.full(count, value, np.int16)


def playout_of(*sizes: int, ended: bool = False) -> Playout:
    playout = Playout(RATE)
    playout.begin("u1")
    for size in sizes:
        playout.put(sound(size))
    if ended:
        playout.end()
    return playout


def audible(samples: Samples) -> int:
    return int(np.count_nonzero(samples))


def test_it_waits_for_100_ms_of_sound_before_it_begins() -> None:
    playout = playout_of(99)
    assert audible(playout.take(10)) == 0
    playout.put(sound(1))
    assert audible(playout.take(10)) == 10


def test_an_utterance_shorter_than_that_begins_when_it_is_complete() -> None:
    playout = playout_of(30)
    assert audible(playout.take(10)) == 0
    playout.end()
    assert audible(playout.take(50)) == 30
    assert playout.underruns == 0


def test_what_comes_out_is_what_went_in_whatever_the_pieces() -> None:
    playout = Playout(RATE)
    ramp = np.arange(1, 501, dtype=np.int16)
    playout.begin("u1")
    for piece in np.split(ramp, [7, 100, 101, 333]):
        playout.put(piece)
    playout.end()
    out = np.concatenate([playout.take(count) for count in (3, 10, 200, 250, 100)])
    assert out[:500].tolist() == ramp.tolist()
    assert audible(out[500:]) == 0


def test_sound_that_comes_too_late_is_an_underrun_and_is_waited_for_anew() -> None:
    playout = playout_of(100)
    playout.take(100)
    assert playout.underruns == 1
    playout.put(sound(50))
    assert audible(playout.take(10)) == 0
    playout.put(sound(50))
    assert audible(playout.take(10)) == 10


def test_the_end_of_an_utterance_is_no_underrun() -> None:
    playout = playout_of(100, ended=True)
    playout.take(500)
    assert playout.underruns == 0


def test_the_next_utterance_follows_without_a_gap() -> None:
    playout = playout_of(100, ended=True)
    playout.begin("u2")
    playout.put(sound(100, 2000))
    out = playout.take(150)
    assert (out[:100].max(), out[100:].min()) == (1000, 2000)
    assert playout.played() == ("u2", 50)


def test_played_counts_the_milliseconds_of_the_utterance_handed_out_last() -> None:
    playout = playout_of(300, ended=True)
    assert playout.played() is None
    playout.take(120)
    assert playout.played() == ("u1", 120)
    playout.take(500)
    assert playout.played() == ("u1", 300)


def test_a_flush_fades_out_in_5_ms_and_leaves_nothing() -> None:
    playout = playout_of(500)
    playout.take(100)
    playout.flush()
    out = playout.take(100)
    assert audible(out) == 5
    assert out[0] == 1000
    assert list(out[:5]) == sorted(out[:5], reverse=True)


def test_sound_of_an_utterance_that_was_cut_is_dropped_when_it_comes_late() -> None:
    playout = playout_of(500)
    playout.take(100)
    playout.flush()
    playout.put(sound(500))
    playout.end()
    playout.take(5)
    assert audible(playout.take(500)) == 0
    playout.begin("u2")
    playout.put(sound(100))
    assert audible(playout.take(10)) == 10


def test_what_is_held_fades_out_and_goes_on_without_loss() -> None:
    playout = playout_of(500, ended=True)
    playout.take(100)
    playout.hold()
    held = playout.take(100)
    assert audible(held) == 5
    assert list(held[:5]) == sorted(held[:5], reverse=True)
    assert playout.played() == ("u1", 100)
    playout.go_on()
    again = playout.take(400)
    assert list(again[:5]) == sorted(again[:5])
    assert list(again[5:]) == [1000] * 395
    assert playout.underruns == 0


def test_what_is_lowered_is_what_waits_and_not_what_comes() -> None:
    playout = playout_of(200)
    playout.take(100)
    playout.lower(0.25)
    playout.put(sound(100))
    assert list(playout.take(200)) == [250] * 100 + [1000] * 100


def test_an_utterance_that_begins_is_not_held_because_the_one_before_was() -> None:
    playout = playout_of(200)
    playout.take(100)
    playout.hold()
    playout.take(5)
    playout.flush()
    assert audible(playout.take(10)) == 0, "it fell silent before"
    playout.begin("u2")
    playout.put(sound(100))
    assert audible(playout.take(50)) > 40
