"""Whether what a language model asks for is what the caller wants.

A model can be talked into things, by a caller or by what stands in a name or a purpose. Whether the
caller agreed is read from their own words, by the receptionist's understanding.
"""

from datetime import date

from kavita.agent.choices import says_yes
from kavita.agent.history import History
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.understanding import Question, understand
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.details import clean_id

ASK_FIRST = "The caller has not agreed to that. Name what you would do and ask; do it after a yes."

_AGREEING = (
    *(Intent.YES, Intent.BOOK, Intent.MOVE, Intent.REGISTER, Intent.SOONEST),
    *(Intent.ANY_OF_THEM, Intent.LATER, Intent.EARLIER, Intent.SAME_TIME, Intent.SAME_DAY),
)
_CHANGES = ("book_appointment", "modify_appointment", "register_user")


def has_consent(
    tool: str, arguments: dict[str, str], history: History, clinic: Clinic, today: date
) -> bool:
    """Tell whether the caller's own words ask for a tool, or agree to it.

    An ID must have been said in this call. A cancellation needs a yes to a question that spoke of
    it; leaving the waiting list needs that, or a wish for it. Booking, moving and registering need
    a yes, a wish for it, or what it needs: a day, a time, a name. What only looks something up
    needs nothing.
    """
    if tool == "identify_user":
        return clean_id(arguments["user_id"]) in _digits_said(history, clinic, today)
    if tool != "cancel_appointment" and tool not in _CHANGES:
        return True
    asked, said = _last_exchange(history)
    heard = understand(said, Question.CONFIRM, clinic, today)
    if tool == "cancel_appointment" and says_yes(arguments.get("waitlist", "")):
        return heard.means(Intent.OFF_WAITLIST) or (heard.means(Intent.YES) and "list" in asked)
    if tool == "cancel_appointment":
        return heard.means(Intent.YES) and "cancel" in asked.lower() and "?" in asked
    return heard.has_content or heard.means(*_AGREEING)


def _digits_said(history: History, clinic: Clinic, today: date) -> str:
    """The digits of IDs in all turns of the caller; an ID may come in two turns."""
    turns = [one["content"] for one in history.get_messages() if one["role"] == "user"]
    heard = (understand(str(turn), Question.USER_ID, clinic, today) for turn in turns)
    return "".join(one.digits for one in heard)


def _last_exchange(history: History) -> tuple[str, str]:
    """What the caller heard last, as far as they heard it, and what they said to it."""
    asked = said = ""
    for message in reversed(history.get_messages()):
        content = message.get("content")
        if message["role"] == "user" and not said:
            said = content if isinstance(content, str) else ""
        elif message["role"] == "assistant" and said and isinstance(content, str):
            asked = content
            break
    return asked, said
