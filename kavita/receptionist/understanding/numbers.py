"""Spoken numbers: "ten oh one", "one thousand and one", "double zero", and the user ID in them."""

from kavita.receptionist.understanding.words import Words, word_numbers, word_set

ID_DIGITS = 4
"""Digits of a user ID."""
LEAST_PIN_DIGITS = 4
"""Fewer are only a part of a PIN."""

_UNITS = word_numbers("zero oh o nought nil,one,two,three,four,five,six,seven,eight,nine niner", 0)
_TEENS = word_numbers(
    "ten,eleven,twelve,thirteen,fourteen,fifteen,sixteen,seventeen,eighteen,nineteen", 10
)
_TENS = word_numbers("twenty,thirty,forty fourty,fifty,sixty,seventy,eighty,ninety", 20, step=10)
_REPEATS = {"double": 2, "triple": 3, "treble": 3}
_SOUND_ALIKES = {
    "won": "one", "wan": "one", "to": "two", "too": "two", "tree": "three", "free": "three",
    "for": "four", "fore": "four", "fife": "five", "sex": "six", "sics": "six", "ate": "eight",
    "nein": "nine", "or": "oh", "owe": "oh", "ow": "oh", "hero": "zero", "xero": "zero",
}  # fmt: skip
_JOINERS = frozenset({"and", "then", "dash"})
_ID_TALK = word_set(
    "my id ids idea aid is it its the number user patient please yes no sorry i said that thats "
    "a digit digits im hi hello in was and then sure ok okay"
)


def read_below_hundred(words: Words, at: int) -> tuple[int, int] | None:
    """A number from 0 to 99 that starts at word `at`: (value, index after it)."""
    if at >= len(words):
        return None
    word = words[at]
    if word.isdecimal() and len(word) <= 2:
        return int(word), at + 1
    if word in _TEENS:
        return _TEENS[word], at + 1
    if word in _TENS:
        unit = _UNITS.get(words[at + 1], 0) if at + 1 < len(words) else 0
        named = unit > 0 and words[at + 1] not in {"oh", "o"}
        return (_TENS[word] + unit, at + 2) if named else (_TENS[word], at + 1)
    if word in _UNITS:
        return _UNITS[word], at + 1
    return None


def _read_scaled(words: Words, at: int) -> tuple[int, int] | None:
    """A number with "hundred" or "thousand" in it: "one thousand and one", "a thousand"."""
    head = (1, at + 1) if words[at] == "a" else read_below_hundred(words, at)
    if head is None or head[1] >= len(words):
        return None
    value, after = head
    scale = {"hundred": 100, "thousand": 1000}.get(words[after])
    if scale is None:
        return None
    total, after = value * scale, after + 1
    rest_at = after + 1 if after < len(words) and words[after] == "and" else after
    rest = None
    if rest_at < len(words):
        rest = _read_scaled(words, rest_at) or read_below_hundred(words, rest_at)
    if rest is not None and rest[0] < scale:
        return total + rest[0], rest[1]
    return total, after


def _read_digits(words: Words, at: int) -> tuple[str, int] | None:
    """The digits that one group of words stands for: "ten" -> "10", "double oh" -> "00"."""
    word = words[at]
    if word.isdecimal():
        return word, at + 1
    if ":" in word:
        return word.replace(":", ""), at + 1
    if word in _REPEATS and at + 1 < len(words):
        unit = read_below_hundred(words, at + 1)
        if unit is not None and unit[0] < 10:
            return str(unit[0]) * _REPEATS[word], unit[1]
        return None
    number = _read_scaled(words, at) or read_below_hundred(words, at)
    return None if number is None else (str(number[0]), number[1])


def digit_runs(words: Words) -> list[str]:
    """Every run of digits said without other words between: "ten oh one" -> ["1001"]."""
    runs: list[str] = []
    run, at = "", 0
    while at < len(words):
        group = _read_digits(words, at)
        if group is not None:
            run, at = run + group[0], group[1]
        elif run and words[at] in _JOINERS:
            at += 1
        else:
            runs, run, at = ([*runs, run] if run else runs), "", at + 1
    return [*runs, run] if run else runs


def is_id_talk(words: Words) -> bool:
    """Whether nothing is said but digits, words that sound like them, and "my ID is ...".

    Only then may a short run be the first half of an ID, and "for" be a four.
    """
    return all(
        word in _ID_TALK or word in _REPEATS or _read_digits((_SOUND_ALIKES.get(word, word),), 0)
        for word in words
    )


def sounds_like_digits(word: str) -> str:
    """The number that a word may be a mishearing of ("for": "four"), else the word."""
    return _SOUND_ALIKES.get(word, word)


def find_user_id(words: Words) -> str:
    """The last run of four digits, else (in talk of nothing else) the digits so far, else "".

    Four figures written as one word are whole, whatever is beside them ("I have one, 1001").
    Where digits alone do not make four, words that sound like digits may ("too zero for five").
    """
    written = [word for word in words if word.isdecimal() and len(word) == ID_DIGITS]
    runs = digit_runs(words)
    whole = [run for run in runs if len(run) == ID_DIGITS] or written
    if whole or not runs or not is_id_talk(words):
        return whole[-1] if whole else ""
    alike = digit_runs(tuple(_SOUND_ALIKES.get(word, word) for word in words))
    whole = [run for run in alike if len(run) == ID_DIGITS]
    return whole[-1] if whole and len("".join(runs)) >= 2 else "".join(runs)


def find_pin(words: Words) -> str:
    """The digits of a PIN: all where nothing else is said, else the longest run that can be one."""
    spoken = tuple(word for word in words if word != "pin")
    runs = digit_runs(spoken)
    if not is_id_talk(spoken):
        longest = max(runs, key=len, default="")
        return longest if len(longest) >= LEAST_PIN_DIGITS else ""
    digits = "".join(runs)
    alike = "".join(digit_runs(tuple(_SOUND_ALIKES.get(word, word) for word in spoken)))
    return alike if runs and len(digits) < LEAST_PIN_DIGITS <= len(alike) else digits
