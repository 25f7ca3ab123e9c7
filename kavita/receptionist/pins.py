"""The PIN that a clinic may ask for before an appointment is changed; it is never said back."""

from dataclasses import replace

from kavita.receptionist import replies
from kavita.receptionist.conversation import Conversation
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.numbers import LEAST_PIN_DIGITS
from kavita.receptionist.understanding.understanding import Heard


def take_pin(talk: Conversation, heard: Heard) -> Conversation:
    """Take the answer to the question for the PIN."""
    if heard.pin:
        if len(heard.pin) < LEAST_PIN_DIGITS:
            return talk.tell(replies.PIN_SHORT)
        return replace(talk, pin=heard.pin)
    if heard.means(Intent.LOST_ID):
        return drop_change(talk, replies.PIN_OVER)
    if heard.means(Intent.NO, Intent.WHY_ID) and not heard.has_content:
        return drop_change(talk, replies.KEPT)
    return talk


def drop_change(talk: Conversation, reason: str) -> Conversation:
    """Leave the appointment as it is."""
    return replace(talk.begin(None), later=(), served=True).tell(reason)
