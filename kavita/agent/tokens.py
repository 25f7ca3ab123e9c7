"""The tokens of one response: as the server counts them, or else estimated."""

from dataclasses import dataclass
from typing import Any

from kavita.store.usage import Used

CHARS_A_TOKEN = 4
"""Of English, about: https://help.openai.com/en/articles/4936856"""


@dataclass
class Tokens:
    """Counts one response. A server tells at its end, which a caller who cuts in does not await."""

    prompt_chars: int
    answer_chars: int = 0
    _told: tuple[int, int, int] | None = None

    def take(self, chunk: Any) -> None:
        """Look whether a chunk tells the tokens; what makes no sense counts as not told."""
        usage = getattr(chunk, "usage", None)
        details = getattr(usage, "prompt_tokens_details", None)
        prompt = _number(getattr(usage, "prompt_tokens", None))
        cached = _number(getattr(details, "cached_tokens", None))
        answer = _number(getattr(usage, "completion_tokens", None))
        self.tell(prompt, cached, answer)

    def tell(self, prompt: int, cached: int, answer: int) -> None:
        """Take the tokens of a prompt, of those the ones from a cache, and of the answer."""
        if prompt or answer:
            self._told = prompt - min(cached, prompt), min(cached, prompt), answer

    def used(self, model: str) -> list[Used]:
        """What was used of `model`."""
        told = self._told or (_estimated(self.prompt_chars), 0, _estimated(self.answer_chars))
        new, cached, answer = told
        return [
            Used("llm", model, "input tokens", new),
            Used("llm", model, "cached tokens", cached),
            Used("llm", model, "output tokens", answer),
        ]


def _number(told: object) -> int:
    return told if isinstance(told, int) and told > 0 else 0


def _estimated(chars: int) -> int:
    return -(-chars // CHARS_A_TOKEN)
