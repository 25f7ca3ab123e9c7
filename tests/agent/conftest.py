"""A call by text whose model stands behind a server of OpenAI's wire format."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import pytest

from kavita.agent.chat_model import ChatModel
from kavita.agent.text_call import TextCall
from kavita.scheduling.clinic import Clinic
from kavita.store.database import Database
from kavita.store.demo import seed_demo
from tests.fakes.openai_server import KEY, OpenAIServer, openai_server


@pytest.fixture
def server(clinic: Clinic, now: datetime) -> Iterator[OpenAIServer]:
    with openai_server(clinic, now) as server:
        yield server


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[ChatModel]:
    model = ChatModel("openai", server.model, KEY, server.base_url)
    yield model
    await model.close()


@pytest.fixture
def call(database: Database, clinic: Clinic, now: datetime, model: ChatModel) -> TextCall:
    seed_demo(database, clinic, now)
    return TextCall(database, clinic, "c0ffee00", lambda: now, models=[model])
