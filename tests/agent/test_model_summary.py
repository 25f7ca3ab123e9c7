"""The summary in a model's words, with the facts of the tools."""

import time
from typing import Any

import pytest

from kavita.agent.text_call import TextCall
from tests.fakes.model_calls import BOOKING
from tests.fakes.openai_server import Brain, Fault, OpenAIServer, Reply

HEADINGS = ["CALLER INTENT", "ACTIONS TAKEN", "KEY DETAILS", "OUTCOME", "DURATION"]


def summarizing(server: OpenAIServer, words: str) -> Brain:
    """The server's model as it is, but for the summary, which has no tools."""
    usual = server.brain

    def reply(body: dict[str, Any]) -> Reply:
        if body.get("tools"):
            return usual(body)
        return Reply(words)

    return reply


async def summary_of(call: TextCall, server: OpenAIServer, fault: Fault | None = None) -> Any:
    await call.start()
    for turn in BOOKING[:-1]:
        await call.hear(turn)
    server.fault = fault
    events = await call.end("page")
    return events[0]


async def test_the_model_words_the_intent_and_adds_to_the_outcome(
    call: TextCall, server: OpenAIServer
) -> None:
    server.brain = summarizing(
        server, "INTENT: Archit wanted a lab visit this week.\nOUTCOME: He left in good spirits."
    )
    summary = await summary_of(call, server)
    assert summary.caller_intent == "Archit wanted a lab visit this week."
    assert summary.outcome.startswith("1 appointment booked.")
    assert summary.outcome.endswith("He left in good spirits.")
    assert [line for line in summary.text.splitlines() if line.isupper()] == HEADINGS
    assert any(action.startswith("Booked") for action in summary.actions_taken)


async def test_what_a_model_claims_of_the_book_is_left_out(
    call: TextCall, server: OpenAIServer
) -> None:
    server.brain = summarizing(
        server, "INTENT: To book.\nOUTCOME: Two appointments were booked and one was cancelled."
    )
    summary = await summary_of(call, server)
    assert summary.outcome == "1 appointment booked. The caller ended the call."


@pytest.mark.parametrize("words", ["", "Here you are!", "INTENT: " + 900 * "x" + " OUTCOME: "])
async def test_an_answer_of_another_form_leaves_the_summary_made_by_rule(
    call: TextCall, server: OpenAIServer, words: str
) -> None:
    server.brain = summarizing(server, words)
    summary = await summary_of(call, server)
    assert summary.caller_intent == "Archit Ojha (ID 1001) called to book an appointment."


@pytest.mark.parametrize("fault", ["hang", "slow", "500", "garbage", "cut"])
async def test_a_model_that_fails_costs_three_seconds_at_most(
    call: TextCall, server: OpenAIServer, fault: Fault
) -> None:
    server.brain = summarizing(server, "INTENT: " + 30 * "To ask. " + "OUTCOME: Open.")
    began = time.monotonic()
    summary = await summary_of(call, server, fault)
    assert time.monotonic() - began < 3 + 3, "three for the summary, and the turns before it"
    assert summary.caller_intent == "Archit Ojha (ID 1001) called to book an appointment."
