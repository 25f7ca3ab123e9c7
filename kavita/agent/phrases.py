"""Fixed phrases that the caller hears whatever the brain."""


def greeting(clinic_name: str) -> str:
    """Return the first words of every call; `clinic_name` as spoken, such as "our clinic"."""
    return f"Hello! Welcome to {clinic_name}. Could you please share your 4-digit user ID?"


INACTIVITY_NUDGE = "Are you still there? Take your time, I'm listening."
"""Said once when the caller has been silent for a while."""

INACTIVITY_GOODBYE = (
    "I haven't heard from you, so I'll end the call here. Please call again any time. Goodbye!"
)

FILLER = "One moment, please."
"""Said once when a tool or a model keeps the caller waiting."""

ANYTHING_ELSE = "Is there anything else I can help you with?"
"""Asked after a change when the brain leaves it at that."""

LOST = "I'm sorry, something went wrong on my side. Could you please say that again?"
"""For a turn that would otherwise end in silence."""

FIXED_PHRASES = (INACTIVITY_NUDGE, INACTIVITY_GOODBYE, LOST)
"""What is always said in these words."""
