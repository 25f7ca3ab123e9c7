import pytest

from kavita.agent.sentences import Sentences, claims_a_change, speakable
from kavita.agent.tool_schemas import tool_schemas
from kavita.agent.tools import TOOL_NAMES


@pytest.mark.parametrize(
    "sentence",
    [
        "I've booked you for Thursday.",
        "Done!",
        "All set, see you on Thursday.",
        "Your appointment has been cancelled.",
        "It is now moved to Friday, is there anything else?",
        "You're confirmed for noon.",
        "I put you on the waiting list.",
    ],
)
def test_what_may_be_taken_for_a_change_of_the_book_is_a_claim(sentence: str) -> None:
    assert claims_a_change(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Shall I cancel it?",
        "Would you like me to have that booked?",
        "I have 9:30 AM, 12 PM, and 3:30 PM.",
        "11 AM is taken.",
        "Which day would you like?",
        "I'm sorry, we are closed on Sundays.",
    ],
)
def test_offers_questions_and_news_are_no_claims(sentence: str) -> None:
    assert not claims_a_change(sentence)


def test_a_sentence_is_given_out_when_the_next_one_begins() -> None:
    sentences = Sentences()
    assert sentences.add("Hello. I ha") == ["Hello."]
    assert sentences.add("ve 9:30 a.m. with Dr. Rao") == []
    assert sentences.add(" free! Which") == ["I have 9:30 a.m. with Dr. Rao free!"]
    assert sentences.rest() == ["Which"]
    assert sentences.rest() == []


@pytest.mark.parametrize("silent", ["", "  ", "**", "...", "- ", "😀"])
def test_what_has_no_words_is_not_spoken(silent: str) -> None:
    assert speakable(silent) == ""


def test_each_tool_is_described_with_all_its_arguments() -> None:
    functions = [schema["function"] for schema in tool_schemas()]
    assert tuple(function["name"] for function in functions) == TOOL_NAMES
    for function in functions:
        parameters = function["parameters"]
        assert function["description"]
        assert set(parameters["required"]) <= set(parameters["properties"])
        assert all(each["description"] for each in parameters["properties"].values())
        assert parameters["additionalProperties"] is False
