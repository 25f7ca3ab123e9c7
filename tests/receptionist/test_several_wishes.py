"""Several wishes in one turn are heard one after the other; one wish stays one."""

from datetime import date

import pytest

from kavita.receptionist.understanding.clauses import understand_wishes
from kavita.receptionist.understanding.understanding import Question
from kavita.scheduling.clinic import Clinic

TODAY = date(2026, 2, 9)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("cancel my checkup and book me for Thursday at noon", 2),
        ("move my checkup to Friday at 10 and cancel the follow-up", 2),
        ("cancel the checkup and also cancel the follow-up", 2),
        ("what appointments do I have and can I book one for Friday?", 2),
        ("book Thursday noon and Friday noon", 2),
        ("I need two appointments, one on Thursday and one on Friday", 2),
        ("cancel the checkup, move the follow-up to Thursday and book Friday at 10", 3),
        ("book me for Friday. I need a checkup.", 1),
        ("I'd like an appointment, what times do you have on Friday?", 1),
        ("book Thursday at 11, and if that's not free then 11:30", 1),
        ("move my appointment to Friday and make it 10", 1),
        ("my ID is 1001 and I want to book for Thursday", 1),
        ("book for Thursday at noon and that's all, bye", 1),
        ("I have an appointment on Tuesday and I need to move it to Friday", 1),
        ("Thursday and Friday are both fine", 1),
        ("cancel my appointment and book it again", 1),
        ("", 1),
    ],
)
def test_wishes_are_counted(text: str, count: int, clinic: Clinic) -> None:
    assert len(understand_wishes(text, Question.NEED, clinic, TODAY)) == count


def test_a_long_story_is_read_as_one_wish(clinic: Clinic) -> None:
    story = "and so on, " * 60 + "cancel the checkup and book Friday"
    assert len(understand_wishes(story, Question.NEED, clinic, TODAY)) == 1
