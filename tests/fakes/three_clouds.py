"""Kavita between the servers of all three vendors' protocols; starts in one line.

with three_clouds(folder, ["My ID is 1001."]) as clouds: ...
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kavita.settings import Settings
from tests.fakes import azure_speech_server, cartesia_server, openai_server
from tests.fakes.azure_speech_server import AzureSpeechServer
from tests.fakes.cartesia_server import CartesiaServer
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.running_server import RunningServer, running_server

KEYS = (azure_speech_server.KEY, openai_server.KEY, cartesia_server.KEY)


@dataclass
class ThreeClouds:
    """The vendors, and the server whose calls they serve."""

    azure: AzureSpeechServer
    model: OpenAIServer
    voice: CartesiaServer
    server: RunningServer


@contextmanager
def three_clouds(folder: Path, said: Sequence[str], **values: Any) -> Iterator[ThreeClouds]:
    """Serve until the block is left; Azure hears `said`, stretch by stretch of sound.

    `values` are further settings.
    """
    settings = Settings(_env_file=None)
    with (
        azure_speech_server.azure_speech_server(lambda n: said[min(n, len(said) - 1)]) as azure,
        openai_server.openai_server(
            settings.clinic(), lambda: datetime.now(settings.timezone())
        ) as model,
        cartesia_server.cartesia_server() as voice,
        running_server(
            folder,
            azure_speech_key=azure_speech_server.KEY,
            azure_speech_host=azure.host,
            openai_api_key=openai_server.KEY,
            openai_base_url=model.base_url,
            cartesia_api_key=cartesia_server.KEY,
            cartesia_url=voice.url,
            **values,
        ) as server,
    ):
        yield ThreeClouds(azure, model, voice, server)
