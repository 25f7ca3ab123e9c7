"""Classes that a setting may name and that are not as Pipecat's own are."""

from collections.abc import AsyncGenerator

import aiohttp
from pipecat.frames.frames import Frame
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService


class SessionVoice(TTSService):
    """Is made with a session and a place to be, and says nothing."""

    Settings = TTSSettings

    def __init__(
        self,
        *,
        aiohttp_session: aiohttp.ClientSession,
        place: str,
        settings: TTSSettings | None = None,
    ) -> None:
        super().__init__(settings=TTSSettings(model="none", voice=None, language=None))
        assert not aiohttp_session.closed
        self.session = aiohttp_session
        self.place = place
        self.given = settings

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        yield None


class PickyVoice(SessionVoice):
    """Accepts nothing, and tells what it was given."""

    def __init__(self, *, api_key: str = "", place: str = "") -> None:
        raise ValueError(f"{api_key} is no key")
