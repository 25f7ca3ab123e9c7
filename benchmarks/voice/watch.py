"""Tells, on standard output, when a pipeline has its words and when it rules a turn to be over.

Pipecat loads this into every pipeline of a process that has its path in `PIPECAT_SETUP_FILES`.
"""

import time

from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    TranscriptionFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.pipeline.worker import PipelineWorker
from pipecat.workers.runner import WorkerRunner

MARKS = {
    EagerTranscriptionFrame: "words",
    TranscriptionFrame: "words",
    UserStoppedSpeakingFrame: "over",
}


class TurnWatch(BaseObserver):
    """Prints a mark and the seconds of `time.monotonic` for each first push."""

    async def on_push_frame(self, data: FramePushed) -> None:
        """The pipeline's clock tells when a frame was pushed; this may be a little later."""
        mark = MARKS.get(type(data.frame))
        if mark is not None and data.first_push:
            late = (data.source.get_clock().get_time() - data.timestamp) / 1e9
            print(mark, time.monotonic() - late, flush=True)


async def setup_pipeline_worker(worker: PipelineWorker) -> None:
    """Watch a pipeline."""
    worker.add_observer(TurnWatch())


async def setup_worker_runner(_: WorkerRunner) -> None:
    """Nothing to do: Pipecat warns of a file without this."""
