"""A small pipeline of Pipecat's around one named service: frames in, frames out, errors named."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

from pipecat.frames.frames import ErrorFrame, Frame, StartFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.errors import (
    ErrorCategory,
    classify_http_exception,
    classify_http_status_code,
)
from pipecat.workers.runner import WorkerRunner

from kavita import wire
from kavita.agent.circuit import ProviderFailed
from kavita.voice.espeak import EngineMissing
from kavita.voice.named_service import NamedService

VOICE_RATE = 24_000
"""Hz that a voice is asked for: Pipecat's default, which its services are made for."""

CLOSE_SECONDS = 2.0
"""A service may take so long to hang up before it is cut off."""

_CODES = {
    ErrorCategory.AUTHENTICATION: "bad_key",
    ErrorCategory.AUTHORIZATION: "not_allowed",
    ErrorCategory.INVALID_REQUEST: "bad_request",
    ErrorCategory.RATE_LIMIT: "too_many_requests",
    ErrorCategory.QUOTA: "no_credit",
    ErrorCategory.CONNECTIVITY: "unreachable",
}
_LASTING = ("bad_key", "not_allowed", "bad_request", "no_credit")
_STATUS = re.compile(r"(?:code|status|HTTP)\W{0,3}([45]\d\d)\b", re.IGNORECASE)


class _Tap(FrameProcessor):
    """Hands on every frame, and shows those that travel one way."""

    def __init__(self, direction: FrameDirection, show: Callable[[Frame], None]) -> None:
        super().__init__()
        self._direction = direction
        self._show = show

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction == self._direction:
            self._show(frame)
        await self.push_frame(frame, direction)


class ServicePipeline:
    """One service at work, from its start to its end."""

    def __init__(self, service: FrameProcessor) -> None:
        """Use ServicePool."""
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()
        self._started = asyncio.Event()
        before = _Tap(FrameDirection.UPSTREAM, self._came_back)
        behind = _Tap(FrameDirection.DOWNSTREAM, self._came_out)
        self._worker = PipelineWorker(
            Pipeline([before, service, behind]),
            params=PipelineParams(
                audio_in_sample_rate=wire.MICROPHONE_RATE,
                audio_out_sample_rate=VOICE_RATE,
                enable_metrics=True,
                enable_usage_metrics=True,
            ),
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
        )
        # A context of its own: it may serve other calls later, whose log is not this one's.
        self._running = asyncio.create_task(self._run(), context=Context())

    async def start(self) -> None:
        """Return when the service has started; raises ProviderFailed when it says it cannot."""
        started = asyncio.create_task(self._started.wait())
        await asyncio.wait({self._running, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        self.forget()
        if self._running.done():
            raise ProviderFailed("error")

    async def send(self, frame: Frame) -> None:
        """Give the service something to do."""
        await self._worker.queue_frame(frame)

    async def next(self) -> Frame:
        """What comes out next; raises ProviderFailed for an error of the service."""
        return _unless_failed(await self._frames.get())

    def forget(self) -> None:
        """Drop what has come out and belongs to nothing; raises ProviderFailed for an error."""
        while not self._frames.empty():
            _unless_failed(self._frames.get_nowait())

    async def close(self) -> None:
        """End it, by force when it does not end by itself."""
        ending = asyncio.create_task(self._worker.cancel())
        await asyncio.wait({self._running, ending}, timeout=CLOSE_SECONDS)
        for task in (self._running, ending):
            task.cancel()
        await asyncio.wait({self._running, ending}, timeout=CLOSE_SECONDS)

    async def _run(self) -> None:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self._worker)
        await runner.run()

    def _came_out(self, frame: Frame) -> None:
        if isinstance(frame, StartFrame):
            self._started.set()
        else:
            self._frames.put_nowait(frame)

    def _came_back(self, frame: Frame) -> None:
        if isinstance(frame, ErrorFrame):
            self._frames.put_nowait(frame)


class ServicePool:
    """The pipelines of one named service, in this process."""

    def __init__(
        self, named: NamedService, prepare: Callable[[Any], None] = lambda service: None
    ) -> None:
        """`named` is built anew for each pipeline; `prepare` is shown each that was."""
        self._named = named
        self._prepare = prepare
        self._idle: list[ServicePipeline] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self) -> ServicePipeline:
        """A pipeline that nobody uses, started; raises ProviderFailed."""
        while self._idle:
            pipeline = self._idle.pop()
            try:
                pipeline.forget()
            except ProviderFailed:
                self.discard(pipeline)
            else:
                return pipeline
        try:
            service = await self._named.build()
        except EngineMissing:
            raise ProviderFailed("error") from None
        self._prepare(service)
        pipeline = ServicePipeline(service)
        try:
            await pipeline.start()
        except BaseException:
            self.discard(pipeline)
            raise
        return pipeline

    def put_back(self, pipeline: ServicePipeline) -> None:
        """It has done all that it was asked for, and may serve the next."""
        self._idle.append(pipeline)

    def discard(self, pipeline: ServicePipeline) -> None:
        """End it, without waiting for that."""
        self.keep(pipeline.close())

    def keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside the call; nothing else has to remember it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End those that are idle, and wait for those that are ending."""
        while self._idle:
            self.discard(self._idle.pop())
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=2 * CLOSE_SECONDS)
        await self._named.close()


def _unless_failed(frame: Frame) -> Frame:
    """The frame; raises ProviderFailed when it tells of an error.

    The words of an error are not kept: they may quote the caller, or a key.
    """
    if not isinstance(frame, ErrorFrame):
        return frame
    code = _CODES.get(_category(frame), "error")
    raise ProviderFailed(code, lasting=code in _LASTING)


def _category(error: ErrorFrame) -> ErrorCategory:
    """What kind of error it is: as the service says, or by what caused it, or by its status."""
    category = error.category or ErrorCategory.UNKNOWN
    cause: BaseException | None = error.exception
    while category is ErrorCategory.UNKNOWN and cause is not None:
        category = classify_http_exception(cause)
        cause = cause.__cause__ or cause.__context__
    if category is ErrorCategory.UNKNOWN and (told := _STATUS.search(error.error)):
        category = classify_http_status_code(int(told[1]))
    return category
