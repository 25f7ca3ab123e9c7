"""Kavita, or Pipecat's example with functions, in a process of its own; prints its port.

Both read the vendors' addresses and keys from Kavita's settings (the environment).
"""

import asyncio
import os
import socket
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import LLMRunFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.services.azure.stt import AzureSTTService
from pipecat.services.cartesia.tts import CartesiaTTSService
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

from kavita import wire
from kavita.app import Server, create_app
from kavita.settings import Settings
from kavita.store.first_start import open_book
from kavita.voice.serializer import PageSerializer

SYSTEMS = ("kavita", "example")
EXAMPLE_RATE = 24_000
"""Hz: what a pipeline speaks in unless it is told otherwise."""

PROMPT = "You are a helpful assistant in a voice conversation. Be brief; your words are spoken."


async def current_weather(params: FunctionCallParams, location: str, unit: str) -> None:
    """Get the current weather.

    Args:
        params: How the result is given back.
        location: The city and state.
        unit: Celsius or fahrenheit.
    """
    await params.result_callback({"conditions": "nice", "temperature": "75", "unit": unit})


async def restaurant(params: FunctionCallParams, location: str) -> None:
    """Get a recommendation for a restaurant.

    Args:
        params: How the result is given back.
        location: The city and state.
    """
    await params.result_callback({"name": "The Golden Dragon", "location": location})


async def hold_example_call(settings: Settings, websocket: WebSocket) -> None:
    """One call of the pipeline of Pipecat's examples/getting-started/07-function-calling.py.

    Its parts and their order are the example's; Azure takes the place of Deepgram, and the socket
    that of WebRTC, so that both systems have the same vendors and the same wire.
    """
    await websocket.accept()
    await websocket.send_json({"type": "hello", "sample_rate": EXAMPLE_RATE})
    transport = FastAPIWebsocketTransport(
        websocket,
        FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=PageSerializer()
        ),
    )
    stt = AzureSTTService(
        api_key=settings.azure_speech_key.get_secret_value(),
        private_endpoint=settings.azure_speech_host,
    )
    tts = CartesiaTTSService(
        api_key=settings.cartesia_api_key.get_secret_value(),
        url=settings.cartesia_url,
        settings=CartesiaTTSService.Settings(voice=settings.cartesia_voice),
    )
    llm = OpenAILLMService(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_base_url,
        settings=OpenAILLMService.Settings(model=settings.openai_model, system_instruction=PROMPT),
    )

    async def check_first(*_: object) -> None:
        await tts.queue_frame(TTSSpeakFrame("Let me check on that."))

    llm.add_event_handler("on_function_calls_started", check_first)
    context = LLMContext(tools=[current_weather, restaurant])
    user, assistant = LLMContextAggregatorPair(
        context, user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    )
    worker = PipelineWorker(
        Pipeline([transport.input(), stt, user, llm, tts, transport.output(), assistant]),
        params=PipelineParams(
            enable_metrics=True,
            enable_usage_metrics=True,
            audio_in_sample_rate=wire.MICROPHONE_RATE,
        ),
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)

    async def introduce(*_: object) -> None:
        context.add_message({"role": "developer", "content": "Please introduce yourself."})
        await worker.queue_frames([LLMRunFrame()])

    async def leave(*_: object) -> None:
        await runner.cancel()

    transport.add_event_handler("on_client_connected", introduce)
    transport.add_event_handler("on_client_disconnected", leave)
    await runner.run()


def example() -> uvicorn.Server:
    """A server of the example's calls."""
    settings, app = Settings(_env_file=None), FastAPI()

    @app.websocket("/ws")
    async def call(websocket: WebSocket) -> None:
        await hold_example_call(settings, websocket)

    return uvicorn.Server(uvicorn.Config(app, log_level="error"))


def kavita(folder: Path) -> uvicorn.Server:
    """Kavita's own server, over a demo book."""
    settings = Settings(
        _env_file=None, database_url=f"sqlite:///{folder / 'kavita.db'}", show_conversation=False
    )
    plain, none = settings.clinic(), folder / "none"
    database, clinic = open_book(
        settings.database_url, none, True, none, plain, datetime.now(plain.timezone)
    )
    return Server(*create_app(settings, clinic, database, lambda _: None))


def main(system: str) -> None:
    """Print the port and serve until killed."""
    logger.remove()
    logger.add(sys.stderr, level=os.environ.get("LOG_LEVEL", "ERROR"))
    with tempfile.TemporaryDirectory(prefix="kavita-bench-") as folder:
        server = kavita(Path(folder)) if system == "kavita" else example()
        with socket.create_server(("127.0.0.1", 0)) as sock:
            print("port", sock.getsockname()[1], flush=True)
            asyncio.run(server.serve(sockets=[sock]))


if __name__ == "__main__":
    main(sys.argv[1])
