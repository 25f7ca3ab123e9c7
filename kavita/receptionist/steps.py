"""The next step of a conversation: a tool while one is called for, else words for the caller."""

import re
from collections.abc import Collection
from datetime import date

from kavita.receptionist import replies
from kavita.receptionist.actions import CallTool, Say
from kavita.receptionist.conversation import Conversation, Goal
from kavita.receptionist.prompts import SORRY, next_prompt
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_time

MOST_CALLS = 5
"""Tools called in one turn, at most."""

SHORT = 4
"""Sentences of so few words ("Which works?") may come twice running."""

_REPEAT_OPENINGS = ("Of course. ", "Sure, once more. ")
_SLOW_OPENINGS = ("Of course, slowly. ", "Sure, piece by piece. ")


def next_step(
    talk: Conversation,
    clinic: Clinic,
    agent: str,
    tools: Collection[str],
    last_said: str,
    today: date,
) -> Say | CallTool:
    """What to do now; `last_said` is what the caller heard last and must not hear again."""
    if talk.urgent:
        return Say(_unsaid(replies.emergency(clinic.emergency_number), last_said))
    if talk.repeat == "wait":
        return Say(_unsaid(replies.TAKE_YOUR_TIME, last_said))
    if talk.repeat and last_said:
        return Say(_repeated(talk, last_said))
    wanted = _wanted_call(talk)
    news = [_worded(line, agent, clinic, last_said) for line in dict.fromkeys(talk.news)]
    done = [at for at, line in enumerate(news) if line.startswith("Done! ")]
    news = [line.removeprefix("Done! ") if at in done[1:] else line for at, line in enumerate(news)]
    if talk.ended:
        return _goodbye(talk, news, last_said)
    if wanted is not None and not _was_called(talk, wanted):
        if wanted.name in tools:
            return wanted
        if wanted.name == "end_conversation":
            return _goodbye(talk, news, last_said)
        news.append(replies.CANNOT_DO)
    return Say(_said(talk, news, last_said, today))


def _goodbye(talk: Conversation, news: list[str], last_said: str) -> Say:
    wordings = replies.goodbyes(talk.name)
    wordings = wordings[::-1] if talk.alarmed else wordings
    return Say(_unsaid(tuple(" ".join((*news, words)) for words in wordings), last_said))


def _wanted_call(talk: Conversation) -> CallTool | None:
    if talk.claim and not talk.tries_over:
        return CallTool("identify_user", {"user_id": talk.claim})
    if not talk.user_id:
        if talk.new_name:
            return CallTool("register_user", {"name": talk.new_name})
        return CallTool("end_conversation", {}) if talk.leaving else None
    patient = {"user_id": talk.user_id}
    if talk.listing:
        listed = CallTool("retrieve_appointments", patient)
        if not _was_called(talk, listed):
            return listed
    if talk.goal is Goal.CANCEL and talk.target is not None and talk.confirmed:
        target = {"appointment_id": talk.target.appointment_id}
        return CallTool("cancel_appointment", patient | target)
    if talk.goal is Goal.BOOK or (talk.goal is Goal.MOVE and talk.target is not None):
        return _booking_call(talk) or _ending_call(talk)
    return _ending_call(talk)


def _booking_call(talk: Conversation) -> CallTool | None:
    """Book or move once day and time are known, else look at the day."""
    if talk.day is None:
        return None
    day = talk.day.isoformat()
    if talk.wish is None or talk.wish.at is None:
        return CallTool("fetch_slots", {"date": day}) if talk.times is None else None
    at = format_time(talk.wish.at)
    if talk.goal is Goal.MOVE and talk.target is not None:
        target = {"user_id": talk.user_id, "appointment_id": talk.target.appointment_id}
        return CallTool("modify_appointment", target | {"new_date": day, "new_time_slot": at})
    patient = {"user_id": talk.user_id, "name": talk.name}
    purpose = talk.purpose or replies.DEFAULT_PURPOSE
    booking = {"date": day, "time_slot": at, "purpose": purpose}
    return CallTool("book_appointment", patient | booking)


def _ending_call(talk: Conversation) -> CallTool | None:
    """End the call when the caller takes leave and nothing is half done."""
    half_done = talk.goal is not None and bool(talk.calls)
    return CallTool("end_conversation", {}) if talk.leaving and not half_done else None


def _was_called(talk: Conversation, call: CallTool) -> bool:
    """Whether this turn has run the call already, or has run enough of them."""
    return (call.name, call.arguments) in talk.calls or len(talk.calls) >= MOST_CALLS


def _worded(line: str, agent: str, clinic: Clinic, last_said: str) -> str:
    """A sentence with the names filled in, in other words where it was said just before."""
    spoken = line.replace("{agent}", agent.capitalize()).replace("{clinic}", clinic.name)
    return replies.OTHERWISE.get(line, spoken) if spoken in last_said else spoken


def _said(talk: Conversation, news: list[str], last_said: str, today: date) -> str:
    """This turn's news and the next question, worded otherwise than what was said last."""
    prompts = next_prompt(talk, today)
    if talk.puzzled and not news:
        helping = prompts[1:3] if talk.puzzled % 2 else prompts[2:0:-1]
        ordered = (*helping, *prompts[3:], prompts[0])
    else:
        ordered = (prompts[0], *prompts[3:], prompts[2], prompts[1])
    if news and news[-1].endswith("?"):
        ordered = ("", *ordered)
    return _unsaid(tuple(" ".join((*news, prompt)).strip() for prompt in ordered), last_said)


def _unsaid(wordings: tuple[str, ...], last_said: str) -> str:
    """The first of the wordings that says the fewest sentences once more."""
    said = _sentences(last_said)

    def repetition(words: str) -> tuple[bool, int]:
        return words == last_said.strip(), len(_sentences(words) & said)

    return min(wordings, key=repetition)


def _sentences(text: str) -> set[str]:
    """The sentences that are long enough to be noticed when they come twice."""
    sentences = re.split(r"(?<=[.?!])\s+", text.strip())
    return {sentence for sentence in sentences if len(sentence.split()) > SHORT}


def _repeated(talk: Conversation, last_said: str) -> str:
    """What was said last, with an opening that changes from one repetition to the next."""
    slowly = talk.repeat == "slower"
    openings = _SLOW_OPENINGS if slowly else _REPEAT_OPENINGS
    plain = last_said
    for opening in (*_REPEAT_OPENINGS, *_SLOW_OPENINGS, SORRY):
        plain = plain.removeprefix(opening)
    if slowly:
        plain = re.sub(r", (and |or )?", lambda found: f". {(found[1] or '').capitalize()}", plain)
    return _unsaid(tuple(opening + plain for opening in openings), last_said)
