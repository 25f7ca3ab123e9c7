"""Silero and Smart Turn, each loaded once for all calls of the process."""

import asyncio
from copy import copy

import numpy as np
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VAD_START_SECS, VADAnalyzer, VADParams, VADState


class SharedSilero(SileroVADAnalyzer):
    """One call's ear for speech: a state of its own, the model of another analyzer.

    An ONNX session may be run from several threads, and Silero's recurrent state is passed in and
    out of it.
    """

    def __init__(self, loaded: SileroVADAnalyzer, params: VADParams) -> None:
        """`loaded` lends its session."""
        VADAnalyzer.__init__(self, params=params)
        self._model = copy(loaded._model)
        self._model.reset_states()
        self._windows_since_reset = self._low_confidence_windows = 0

    async def analyze_audio(self, buffer: bytes) -> VADState:
        """Cross into the thread only when a window is full."""
        if len(self._vad_buffer) + len(buffer) < self._vad_frames_num_bytes:
            self._vad_buffer += buffer
            return self._vad_state
        return await super().analyze_audio(buffer)

    def hear_onset_after(self, seconds: float) -> None:
        """From now on so much voice counts as speaking; whoever speaks already goes on speaking."""
        self._params = self._params.model_copy(update={"start_secs": seconds})
        if self.sample_rate:
            self._vad_start_frames = round(seconds * self.sample_rate / self.num_frames_required())

    @property
    def hears_voice(self) -> bool:
        """Whether the last window was speech, also before that counts as the caller speaking."""
        return self._vad_state in (VADState.STARTING, VADState.SPEAKING)


class TurnJudge(LocalSmartTurnAnalyzerV3):
    """Smart Turn without a call: sound in, probability out, one after another in one thread."""

    async def probability(self, pcm: bytes) -> float:
        """That the speaker of 16 kHz PCM16 has finished; the last 8 s count."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._model_executor, self._judge, pcm)

    def _judge(self, pcm: bytes) -> float:
        samples = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768
        return float(self._predict_endpoint(samples)["probability"])


class TurnModels:
    """What listens for turns, shared by all calls."""

    def __init__(self) -> None:
        """Load both; about a tenth of a second."""
        self._silero = SileroVADAnalyzer()
        self.judge = TurnJudge()

    def vad(self, stop_seconds: float, start_seconds: float = VAD_START_SECS) -> SharedSilero:
        """For one call; silence counts after `stop_seconds` of it, voice after `start_seconds`."""
        params = VADParams(start_secs=start_seconds, stop_secs=stop_seconds)
        return SharedSilero(self._silero, params)
