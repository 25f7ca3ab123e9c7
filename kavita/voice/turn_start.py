"""When a caller's turn begins: sooner while nobody else speaks."""

from pipecat.frames.frames import BotStartedSpeakingFrame, BotStoppedSpeakingFrame, Frame
from pipecat.turns.types import ProcessFrameResult
from pipecat.turns.user_start import VADUserTurnStartStrategy

from kavita.voice.turn_models import SharedSilero

ONSET_SECONDS = 0.1
"""Voice that begins a turn while the agent is silent: "nope" holds no more without a gap."""

ONSET_OVER_AGENT_SECONDS = 0.2
"""The same while she speaks, where a turn stops her."""


class AttentiveTurnStart(VADUserTurnStartStrategy):
    """Takes the shortest word for a turn, unless that would interrupt the agent.

    A turn without words ends unnoticed, so that a click costs nothing; a "yes" that began none
    would never be answered.
    """

    def __init__(self, vad: SharedSilero) -> None:
        """`vad` is the ear of this call."""
        super().__init__()
        self._vad = vad

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        """Follow who speaks, and the VAD."""
        if isinstance(frame, BotStartedSpeakingFrame):
            self._vad.hear_onset_after(ONSET_OVER_AGENT_SECONDS)
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._vad.hear_onset_after(ONSET_SECONDS)
        return await super().process_frame(frame)
