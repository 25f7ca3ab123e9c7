"""What a turn of the caller may mean."""

from enum import Enum, auto


class Intent(Enum):
    """One thing that a turn may mean; a turn often means several."""

    BOOK = auto()
    CANCEL = auto()
    MOVE = auto()
    LIST = auto()
    DETAILS = auto()
    """The ID, day or time of the appointment that was spoken of last."""
    REGISTER = auto()
    LOST_ID = auto()
    YES = auto()
    NO = auto()
    NOTHING_MORE = auto()
    """Means goodbye once something was done, but not when a choice was offered."""
    WRONG = auto()
    """Finds fault with what was done."""
    NEVER_MIND = auto()
    CORRECTION = auto()
    THAT_ONE = auto()
    """Cancel or change "that": what is being talked about, not an appointment of the book."""
    MY_APPOINTMENT = auto()
    """An appointment of the book is spoken of."""
    CANNOT_COME = auto()
    LATER = auto()
    EARLIER = auto()
    OTHER_TIMES = auto()
    ANY_OF_THEM = auto()
    """No preference among what is offered, or for a day."""
    UNSURE = auto()
    """Wants to hear what there is."""
    OTHER_DAY = auto()
    SAME_DAY = auto()
    """The day of the appointment that was spoken of last."""
    COME_OTHERWISE = auto()
    """Come earlier or later than booked."""
    SAME_TIME = auto()
    SOONEST = auto()
    ALL = auto()
    TOO = auto()
    """The same once more, with another one."""
    GOODBYE = auto()
    BYE = auto()
    """A goodbye in so many words; "that's it" may be a misheard "at ten"."""
    THANKS = auto()
    WAIT = auto()
    GREETING = auto()
    STILL_THERE = auto()
    REPEAT = auto()
    SLOWER = auto()
    HOURS = auto()
    WHO = auto()
    ROBOT = auto()
    HUMAN = auto()
    MEDICAL = auto()
    ADVICE = auto()
    """A medical question, not only a medical word."""
    CLINIC_QUESTION = auto()
    WHY_ID = auto()
    """Asks why, or does not want to say."""
    LANGUAGE = auto()
    LATE = auto()
    UPSET = auto()
    SOMEONE_ELSE = auto()
    """Wants to know of, or change, another patient's appointments."""
    FOR_SOMEONE = auto()
    """Calls for somebody else."""
    OFF_TOPIC = auto()
    WAITLIST = auto()
    """Wants to be told of a time that becomes free."""
    OFF_WAITLIST = auto()
    """Does not want to be told any more."""
    PRACTITIONERS = auto()
    """Asks who works here."""
    VISIT_KINDS = auto()
    """Asks what can be booked."""
    OFFERED = auto()
    """Asks whether a kind of visit can be booked."""
    VISIT_LENGTH = auto()
    """Asks how long a visit takes."""
