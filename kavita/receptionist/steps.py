"""The next step of a conversation: a tool while one is called for, else words for the caller."""

import re
from collections.abc import Collection
from datetime import date

from kavita.receptionist import replies
from kavita.receptionist.actions import CallTool, Say
from kavita.receptionist.calls import wanted_call, was_called
from kavita.receptionist.conversation import Conversation
from kavita.receptionist.prompts import SORRY, next_prompt
from kavita.scheduling.clinic import Clinic

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
    wanted = wanted_call(talk, clinic)
    news = [_worded(line, agent, clinic, last_said) for line in dict.fromkeys(talk.news)]
    done = [at for at, line in enumerate(news) if line.startswith("Done! ")]
    news = [line.removeprefix("Done! ") if at in done[1:] else line for at, line in enumerate(news)]
    if talk.ended:
        return _goodbye(talk, news, last_said)
    if wanted is not None and not was_called(talk, wanted):
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
