"""Answers to what has nothing to do with the book; the talk then goes on where it was."""

from dataclasses import replace
from datetime import date

from kavita.receptionist import clinic_facts, replies
from kavita.receptionist.conversation import Conversation
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.understanding import Heard, Question
from kavita.scheduling.clinic import Clinic

_DOES_SOMETHING = (Intent.BOOK, Intent.CANCEL, Intent.MOVE, Intent.LIST)
_ALWAYS: tuple[tuple[Intent, str], ...] = (
    (Intent.STILL_THERE, replies.HERE),
    (Intent.HUMAN, replies.HUMAN),
    (Intent.ROBOT, replies.ROBOT),
    (Intent.WHO, replies.WHO),
)
"""Answered even where something else is said besides."""
_ALONE: tuple[tuple[Intent, str], ...] = (
    (Intent.LATE, replies.LATE),
    (Intent.LANGUAGE, replies.LANGUAGE),
    (Intent.OFF_TOPIC, replies.OFF_TOPIC),
    (Intent.UPSET, replies.UPSET),
)
"""Answered where nothing else is said that can be acted on."""


def answer_aside(
    talk: Conversation, heard: Heard, clinic: Clinic, today: date
) -> tuple[Conversation, Heard]:
    """Answer an aside; what is left of the turn is heard as if it had not been said."""
    if talk.question is Question.NAME and heard.name:
        return talk, heard
    if heard.means(Intent.FOR_SOMEONE) and not (talk.user_id or heard.digits or heard.purpose):
        return talk.tell(replies.PATIENTS_ID), heard
    told = "" if clinic.is_plain else _clinic_fact(heard, clinic)
    if told:
        return talk.tell(told), replace(heard, purpose="", visit_type="", practitioner="")
    if heard.stranger:
        talk = talk.tell(clinic_facts.stranger(clinic))
    if heard.means(Intent.CLINIC_QUESTION):
        return _answer_clinic_question(talk, heard)
    if heard.means(*_DOES_SOMETHING):
        return talk, heard
    if heard.means(Intent.HOURS):
        day = heard.day.day if heard.day else None
        answer = clinic_facts.opening_hours(clinic, day, today, heard.practitioner)
        return talk.tell(answer), replace(heard, day=None, wish=None, practitioner="")
    if heard.means(Intent.SOMEONE_ELSE) and not heard.digits:
        return talk.tell(replies.SOMEONE_ELSE), heard
    for intent, answer in _ALWAYS:
        if heard.means(intent):
            return talk.tell(answer), heard
    return _answer_alone(talk, heard)


def _clinic_fact(heard: Heard, clinic: Clinic) -> str:
    """The answer to a question about the clinic's practitioners and visits, or ""."""
    if heard.day or heard.wish:
        return ""
    if heard.means(Intent.PRACTITIONERS):
        return clinic_facts.practitioners(clinic)
    if heard.visit_type and heard.means(Intent.OFFERED):
        return clinic_facts.offered(heard.visit_type)
    if heard.means(Intent.VISIT_KINDS):
        return clinic_facts.visit_kinds(clinic)
    if heard.means(Intent.VISIT_LENGTH):
        return clinic_facts.visit_length(clinic, heard.visit_type)
    return ""


def _answer_clinic_question(talk: Conversation, heard: Heard) -> tuple[Conversation, Heard]:
    """ "How much is a checkup?" names a purpose, but wants no booking yet."""
    if not (heard.day or heard.wish or heard.means(*_DOES_SOMETHING)):
        heard = replace(heard, purpose="")
    return talk.tell(replies.ASK_THE_DESK), heard


def _answer_alone(talk: Conversation, heard: Heard) -> tuple[Conversation, Heard]:
    if heard.means(Intent.ADVICE):
        heard = replace(heard, purpose="")
    if heard.has_content:
        return talk, heard
    if heard.means(Intent.ADVICE, Intent.MEDICAL):
        suggestion = replace(talk, suggestion="book") if talk.goal is None else talk
        offer = replies.MEDICAL_OFFER if talk.goal is None and talk.user_id else replies.MEDICAL
        return suggestion.tell(offer), heard
    return next(
        ((talk.tell(answer), heard) for intent, answer in _ALONE if heard.means(intent)),
        (talk, heard),
    )
