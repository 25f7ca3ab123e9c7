"""What a synthetic caller wants, and what it says to get it: an agenda, not a script."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, time

from kavita.caller import wording
from kavita.caller.questions import Asked, Facts, Topic, understand

MAX_TRIES = 6
"""How often the caller says the same thing before it gives up."""

MAX_GOODBYES = 3
"""How often the caller says goodbye to an agent that goes on."""


@dataclass(frozen=True)
class Agenda:
    """An appointment to be booked, and what the caller knows to get it."""

    user_id: str
    day: date
    time: time
    purpose: str
    today: date
    """Settles what "Thursday" means."""
    name: str = ""
    """The patient's name as the clinic knows it; empty: the caller does not listen for it."""


class Caller:
    """Answers what the agent says until the appointment is booked, then says goodbye.

    It hears words only: no tool result and no event of the page.
    """

    def __init__(self, agenda: Agenda) -> None:
        """Take the caller's part for one call."""
        self.booked = False
        """The agent has confirmed the appointment, on the day and at the time that are wanted."""
        self.gave_up = ""
        """Why the caller ended the call without an appointment; empty when it did not."""
        self._agenda = agenda
        self._tries: Counter[Topic] = Counter()
        self._last_topic = Topic.NEED
        self._last_said = ""
        self._saying_goodbye = False

    @property
    def wants(self) -> Agenda:
        """The agenda as it stands; day and time move when the agent says that they are taken."""
        return self._agenda

    def answer(self, agent_text: str) -> str | None:
        """What to say to `agent_text`, the whole of the agent's turn; None: nothing any more."""
        asked = understand(agent_text, self._agenda.today)
        self._make_do(asked)
        topic = self._topic(asked)
        if topic is Topic.GOODBYE and (asked.topic is topic or self._tries[topic] >= MAX_GOODBYES):
            return None
        self._last_topic = topic
        return self._say(topic, asked.facts)

    def repeat(self) -> str:
        """What was said last, in other words: the line stayed silent."""
        return self._say(self._last_topic, Facts())

    def _make_do(self, asked: Asked) -> None:
        """Take the nearest day or time on offer where the wished one cannot be had."""
        wants = self._agenda
        if asked.closed and asked.facts.day not in (None, wants.day):
            self._agenda = replace(wants, day=asked.facts.day or wants.day)
        free = [at for at in asked.facts.times if at not in asked.taken]
        refused = wants.time in asked.taken or (asked.unavailable and wants.time not in free)
        if refused and free:
            near = min(free, key=lambda at: abs(_minutes(at) - _minutes(wants.time)))
            self._agenda = replace(wants, time=near)

    def _topic(self, asked: Asked) -> Topic:
        """What to answer: the question, corrected by what the agent has got wrong."""
        if self.gave_up:
            return Topic.GOODBYE
        if asked.topic is Topic.GOODBYE:
            return Topic.GOODBYE if self._saying_goodbye else Topic.NEED
        if asked.booked:
            self.booked = self._agrees(asked.facts)
            return Topic.GOODBYE if self.booked else Topic.CORRECTION
        if asked.welcomed and self._agenda.name and asked.welcomed not in self._agenda.name:
            return Topic.USER_ID
        match asked.topic:
            case Topic.NEED | Topic.ANYTHING_ELSE:
                return Topic.GOODBYE if self.booked else Topic.NEED
            case Topic.TIME | Topic.CONFIRM if not self._is_day(asked.facts):
                return Topic.DAY
            case Topic.CONFIRM if not self._is_time(asked.facts):
                return Topic.TIME
            case Topic.AGAIN:
                return self._last_topic
            case topic:
                return topic

    def _agrees(self, facts: Facts) -> bool:
        return self._is_day(facts) and self._is_time(facts)

    def _is_day(self, facts: Facts) -> bool:
        return facts.day in (None, self._agenda.day)

    def _is_time(self, facts: Facts) -> bool:
        return not facts.times or facts.times[-1] == self._agenda.time

    def _say(self, topic: Topic, facts: Facts) -> str:
        """One wording of `topic`, never the one that was said last."""
        if topic is not Topic.GOODBYE and self._tries[topic] >= MAX_TRIES:
            self.gave_up = f"was asked for the {topic.value} {MAX_TRIES + 1} times"
            topic = Topic.GOODBYE
        wordings = self._wordings(topic, facts)
        first = self._tries[topic] % len(wordings)
        rotated = wordings[first:] + wordings[:first]
        said = next(words for words in rotated if words != self._last_said)
        self._tries[topic] += 1
        self._last_said = said
        self._saying_goodbye = self._saying_goodbye or topic is Topic.GOODBYE
        return said

    def _wordings(self, topic: Topic, facts: Facts) -> tuple[str, ...]:
        wants = self._agenda
        match topic:
            case Topic.USER_ID:
                return wording.user_id(wants.user_id)
            case Topic.DAY:
                return wording.day(wants.day, wants.today)
            case Topic.TIME:
                return wording.clock(wants.time, facts.times)
            case Topic.PURPOSE:
                return wording.purpose(wants.purpose)
            case Topic.CONFIRM:
                return wording.YES
            case Topic.REFUSE:
                return wording.NO
            case Topic.CORRECTION:
                return wording.correction(wants.day, wants.time, wants.today)
            case Topic.GOODBYE:
                return wording.GIVE_UP if self.gave_up else wording.GOODBYE
            case _:
                return wording.need(wants.purpose, wants.day, wants.today)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
