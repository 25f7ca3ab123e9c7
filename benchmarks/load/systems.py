"""The systems of `benchmarks/capacity.py`: Kavita, and Pipecat's defaults with many calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from moonshine_voice import ModelArch, get_model_path
from moonshine_voice.transcriber import Transcriber as Moonshine
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.moonshine.stt import MoonshineSTTService
from turntaking.systems import Kavita, PipecatDefaults

from kavita.agent.budget import Count
from kavita.voice.local_stt import OnWords


class OwnMoonshine(MoonshineSTTService):
    """Pipecat's service, which loads a model for each call; the tiny one of the wheel."""

    def _load(self) -> Any:
        return Moonshine(str(get_model_path("tiny-en")), ModelArch.TINY)


@dataclass
class PipecatProcess(PipecatDefaults):
    """P1: every call has its own Silero, Smart Turn and Moonshine, as Pipecat loads them."""

    def stt(
        self, on_words: OnWords, on_failed: Callable[[str], Awaitable[None]], count: Count
    ) -> FrameProcessor:
        """A recogniser that no other call uses."""
        return OwnMoonshine()


SYSTEMS: dict[str, type[Kavita]] = {"kavita": Kavita, "P1": PipecatProcess}
