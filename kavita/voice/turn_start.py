"""When a caller's turn begins: sooner while nobody else speaks."""

from pipecat.frames.frames import BotStartedSpeakingFrame, BotStoppedSpeakingFrame, Frame
from pipecat.turns.types import ProcessFrameResult
from pipecat.turns.user_start import VADUserTurnStartStrategy

from kavita.voice.turn_models import CLEAR_VOICE, SHORTEST_WORD, SharedSilero


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
            self._vad.expect(CLEAR_VOICE)
        elif isinstance(frame, BotStoppedSpeakingFrame):
            self._vad.expect(SHORTEST_WORD)
        return await super().process_frame(frame)
