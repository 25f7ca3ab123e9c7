"""The lines of TOML's tables and values, however the file is written."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from kavita.store.toml_lines import TomlPath, lines_of

TEXT = '''\
# a comment with [brackets] and key = 1

[clinic]
name = "Sunrise # [not a table]"   # line 4
"quoted key" = 'C:\\'
dotted . key = { a = 1, "b.c" = [
    10, # ten ]
    [11, 12],
], d = """
two "lines\\""""" }
when = 2026-02-09 08:00:00

[[people]]
name = \'\'\'
It's\'\'\'\'

[people.hours]
monday = "09:00-13:00"

[[people.exception]]
date = 2026-02-09
[[people.exception]]
date = 2026-02-10

[[people]]
tags = ["a", "b",
        "c"]
[[people.exception]]
date = 2026-02-11
'''


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ((), 1),
        (("clinic",), 3),
        (("clinic", "name"), 4),
        (("clinic", "quoted key"), 5),
        (("clinic", "dotted", "key", "a"), 6),
        (("clinic", "dotted", "key", "b.c", 0), 7),
        (("clinic", "dotted", "key", "b.c", 1, 1), 8),
        (("clinic", "dotted", "key", "d"), 9),
        (("clinic", "when"), 11),
        (("people", 0), 13),
        (("people", 0, "name"), 14),
        (("people", 0, "hours"), 17),
        (("people", 0, "hours", "monday"), 18),
        (("people", 0, "exception", 1, "date"), 23),
        (("people", 1), 25),
        (("people", 1, "tags", 2), 27),
        (("people", 1, "exception", 0, "date"), 29),
    ],
)
def test_every_value_has_the_line_it_begins_on(where: TomlPath, line: int) -> None:
    assert lines_of(TEXT, [where]) == [line]


def test_what_is_not_there_has_the_line_of_what_it_would_be_in() -> None:
    assert lines_of(TEXT, [("people", 1, "name"), ("clinic", "timezone"), ("nothing",)]) == [
        *(25, 3, 1)
    ]


def test_no_value_of_a_file_is_overlooked() -> None:
    lines = TEXT.splitlines()
    for path, value in _values(tomllib.loads(TEXT), ()):
        (line,) = lines_of(TEXT, [path])
        shown = value if isinstance(path[-1], int) else path[-1]
        assert str(shown) in lines[line - 1], path


def _values(content: Any, where: TomlPath) -> Iterator[tuple[TomlPath, Any]]:
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from _values(value, (*where, key))
        else:
            yield (*where, key), value
