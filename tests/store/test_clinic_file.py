"""What `clinic.toml` may say, and how each mistake in it is named."""

from pathlib import Path

import pytest

from kavita.store.definition.clinic_file import ClinicFileError, read_clinic_file

ROOT = Path(__file__).resolve().parents[2]
CLINIC = '[clinic]\nname = "Sunrise Clinic"\ntimezone = "Asia/Kolkata"\n'
HOURS = '[hours]\nmonday = "09:00-13:00, 14:00-18:00"\n'
RAO = '[[practitioner]]\nkey = "rao"\nname = "Dr. Rao"\n'
MEHTA = '[[practitioner]]\nkey = "mehta"\nname = "Dr. Mehta"\n'
CHECKUP = '[[visit_type]]\nkey = "checkup"\nname = "Checkup"\nminutes = 30\n'
WHOLE = CLINIC + HOURS + CHECKUP + RAO


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(text: str) -> list[str]:
    path = Path("clinic.toml")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ClinicFileError) as refused:
        read_clinic_file(path)
    return str(refused.value).splitlines()


def test_the_example_is_a_valid_clinic() -> None:
    file = read_clinic_file(ROOT / "examples/clinic.toml")
    assert [one.name for one in file.practitioner] == ["Dr. Rao", "Dr. Mehta", "Dr. Iyer"]
    assert len({each.minutes for each in file.visit_type}) == 4
    assert any(each.buffer_after_minutes for each in file.visit_type)
    assert any(one.exception for one in file.practitioner)
    assert file.closure


def test_an_error_names_file_line_and_field(folder: Path) -> None:
    text = WHOLE + 'visit_types = ["checkup"]\n[practitioner.hours]\nmonday = "9 to 5"\n'
    assert problems(text) == [
        'clinic.toml, line 15, practitioner.1.hours.monday: write hours as "09:00-13:00, '
        '14:00-18:00"'
    ]


def test_all_problems_are_named_in_the_order_of_the_file(folder: Path) -> None:
    text = (
        CLINIC.replace("Asia/Kolkata", "Moon/Base")
        + HOURS.replace("14:00", "12:00")
        + CHECKUP.replace("30", "500")
        + RAO
        + 'visit_types = ["surgery"]\n'
        + RAO
    )
    assert problems(text) == [
        "clinic.toml, line 3, clinic.timezone: 'Moon/Base' is not an IANA time zone; "
        'write one such as "Asia/Kolkata"',
        "clinic.toml, line 5, hours.monday: 09:00-13:00 and 12:00-18:00 overlap",
        "clinic.toml, line 9, visit_type.1.minutes: it should be less than or equal to 120",
        "clinic.toml, line 13, practitioner.1.visit_types.1: there is no visit_type with key "
        '"surgery"',
        'clinic.toml, line 15, practitioner.2.key: "rao" is already the name or key of '
        "practitioner.1",
        'clinic.toml, line 16, practitioner.2.name: "Dr. Rao" is already the name or key of '
        "practitioner.1",
    ]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ('"13:00-09:00"', "13:00-09:00 ends before it begins"),
        ('"09:00-09:00"', "09:00-09:00 ends before it begins"),
        ('"09:00-12:07"', "12:07 is not on a five-minute mark"),
        ('"09:00-24:00"', "there is no 24:00; a day goes from 00:00 to 23:55"),
        (
            '"09:00-12:00, 12:00-15:00"',
            '09:00-12:00 and 12:00-15:00 have no break between them: write "09:00-15:00"',
        ),
        ('""', 'write hours as "09:00-13:00, 14:00-18:00"'),
        ("9", 'write hours as "09:00-13:00, 14:00-18:00"'),
        ('["09:00-13:00"]', 'write hours as "09:00-13:00, 14:00-18:00"'),
        (f'"{", ".join(f"{n:02}:00-{n:02}:30" for n in range(9))}"', "write at most 8 stretches"),
    ],
)
def test_hours_that_cannot_be_are_refused(folder: Path, hours: str, words: str) -> None:
    (problem,) = problems(f"{CLINIC}[hours]\nfriday = {hours}\n")
    assert problem.startswith(f"clinic.toml, line 5, hours.friday: {words}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1, clinic: it is missing"),
        (WHOLE + "pager = 1\n", "line 13, practitioner.1.pager: there is no such field"),
        (WHOLE.replace("Dr. Rao", " "), "line 12, practitioner.1.name: write a name of 1 to 80"),
        (WHOLE.replace("rao", "Rao"), "line 11, practitioner.1.key: write a short word in small"),
        (WHOLE.replace("rao", ""), "line 11, practitioner.1.key: write a short word in small"),
        (WHOLE.replace("rao", "clinic"), 'line 11, practitioner.1.key: "clinic" is reserved'),
        (WHOLE.replace("30", '"30"'), "line 9, visit_type.1.minutes: write a whole number"),
        (WHOLE.replace("30", "32"), "line 9, visit_type.1.minutes: write a multiple of 5"),
        (WHOLE.replace("30", "10"), "line 9, visit_type.1.minutes: it should be greater than or"),
        (WHOLE + 'languages = "English"\n', "line 13, practitioner.1.languages: write a list"),
        (WHOLE + "visit_types = []\n", "line 13, practitioner.1.visit_types: it should have at"),
        (CLINIC + HOURS + CHECKUP + 'name = "x"\n', "line 10: broken TOML: Cannot overwrite a"),
        (CLINIC + "x = \n", "line 4: broken TOML: Invalid value"),
        (CLINIC + 'x = "', "line 4: broken TOML: Unterminated string"),
        (WHOLE + "[[closure]]\n", "line 13, closure.1: write either date, or from and until"),
        (
            WHOLE + "[[closure]]\nfrom = 2026-03-02\nuntil = 2026-03-01\n",
            "line 13, closure.1: until is before from",
        ),
        (
            WHOLE + '[[closure]]\ndate = "2026-02-30"\n',
            "line 14, closure.1.date: there is no such day in the calendar",
        ),
        (
            WHOLE + "[[closure]]\ndate = 2026-02-09T09:00:00\n",
            "line 14, closure.1.date: write the day as 2026-12-25",
        ),
        (
            WHOLE + "[[practitioner.exception]]\ndate = 2026-03-02\n",
            "line 13, practitioner.1.exception.1: write either hours, or away = true",
        ),
        (
            WHOLE + "[[practitioner.exception]]\ndate = 2026-03-02\naway = true\n"
            "[[practitioner.exception]]\nfrom = 2026-03-01\nuntil = 2026-03-03\naway = true\n",
            "line 16, practitioner.1.exception.2: 2026-03-02 is in an earlier exception too",
        ),
        (
            CLINIC + RAO,
            "line 4, practitioner.1: nobody can be booked without hours: write [hours]",
        ),
        (
            CLINIC + RAO + '[[practitioner.exception]]\ndate = 2026-03-02\nhours = "09:00-13:00"\n',
            "line 1, somebody must have weekly hours",
        ),
        (CLINIC, "line 1, hours: the clinic has no hours"),
        (
            CLINIC
            + "slot_minutes = 120\n"
            + HOURS
            + RAO
            + '[practitioner.hours]\nmonday = "09:00-10:00"',
            "line 4, clinic.slot_minutes: it is longer than anybody works without a break",
        ),
        (
            WHOLE.replace("= 30", "= 120").replace("13:00", "10:00").replace("18:00", "15:00"),
            "line 9, visit_type.1.minutes: nobody who offers it works that long",
        ),
        (
            CLINIC + "minimum_notice_minutes = 1440\nhorizon_days = 1\n" + HOURS + RAO,
            "line 4, clinic.minimum_notice_minutes: it is longer than the 1 horizon_days",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(folder: Path, text: str, problem: str) -> None:
    (said,) = problems(text)
    assert said.startswith(f"clinic.toml, {problem}")


def test_a_visit_type_that_nobody_offers_is_refused(folder: Path) -> None:
    other = CHECKUP.replace("checkup", "scan").replace("Checkup", "Scan")
    text = CLINIC + HOURS + CHECKUP + other + RAO + 'visit_types = ["scan"]\n'
    assert problems(text) == ["clinic.toml, line 6, visit_type.1: nobody offers it"]


def test_a_name_that_is_the_key_of_another_is_refused(folder: Path) -> None:
    text = WHOLE + MEHTA.replace("Dr. Mehta", "Rao")
    assert problems(text) == [
        'clinic.toml, line 15, practitioner.2.name: "Rao" is already the name or key of '
        "practitioner.1"
    ]


def test_files_that_are_no_text_or_too_long_are_refused(folder: Path) -> None:
    path = Path("clinic.toml")
    for data, words in (
        (b"# one\n\xff\xfe", "clinic.toml, line 2: this is not UTF-8 text"),
        (b"#" * 1_000_001, "clinic.toml: it is longer than 1000000 bytes"),
        (b"x = " + b"[" * 5000, "clinic.toml: nested too deeply"),
        (b"x = " + b"9" * 5000, "clinic.toml: broken TOML"),
    ):
        path.write_bytes(data)
        with pytest.raises(ClinicFileError) as refused:
            read_clinic_file(path)
        assert str(refused.value).startswith(words)
    path.unlink()
    path.mkdir()
    with pytest.raises(ClinicFileError, match=r"clinic\.toml: "):
        read_clinic_file(path)


def test_windows_line_ends_and_a_byte_order_mark_are_read(folder: Path) -> None:
    path = Path("clinic.toml")
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert read_clinic_file(path).practitioner[0].key == "rao"
    assert problems((WHOLE + "x = 1\n").replace("\n", "\r\n"))[0].startswith("clinic.toml, line 13")
