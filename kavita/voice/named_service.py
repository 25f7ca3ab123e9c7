"""A service of Pipecat's that a setting names, with its options: checked, and built from them."""

import asyncio
import dataclasses
import inspect
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
from pipecat.processors.frame_processor import FrameProcessor

from kavita.settings import Settings, Stage
from kavita.voice.espeak import EngineMissing
from kavita.voice.service_class import find_class

_KEY, _SETTINGS, _SESSION = "api_key", "settings", "aiohttp_session"


class NamedService:
    """A class of service and what it is built with; every pipeline gets one of its own."""

    def __init__(self, settings: Settings, stage: Stage) -> None:
        """Find the class that the setting of `stage` names, and try it with its options.

        Raises:
            EngineMissing: there is none, a package or a key is missing, an option does not suit it.
        """
        self.label = label_of(getattr(settings, stage))
        """What log, record and price list call it."""
        self._stage = stage.upper()
        self._kind: Any = find_class(stage, getattr(settings, stage))
        self._options: dict[str, Any] = json.loads(_secret(settings, f"{stage}_options") or "{}")
        if key := _secret(settings, f"{stage}_api_key"):
            self._options[_KEY] = key
        self._session: aiohttp.ClientSession | None = None
        self._own = _parameters(self._kind)
        self._known = {name for base in inspect.getmro(self._kind) for name in _parameters(base)}
        self._fields = self._setting_fields()
        self._check()

    async def build(self) -> FrameProcessor:
        """Make one; raises EngineMissing when its options do not suit it."""
        given = {name: value for name, value in self._options.items() if name not in self._fields}
        fields = {name: value for name, value in self._options.items() if name in self._fields}
        if _SESSION in self._own:
            self._session = self._session or aiohttp.ClientSession()
            given[_SESSION] = self._session
        try:
            if fields:
                given[_SETTINGS] = self._kind.Settings(**fields)
            service: FrameProcessor = self._kind(**given)
        except Exception as error:  # noqa: BLE001  a foreign class may raise anything
            # What it says is not repeated: it may quote a key.
            words = f"{self.label} does not accept its options ({type(error).__name__})"
            if _KEY in self._known and _KEY not in self._options:
                words += f"; it may need {self._setting_of(_KEY)}"
            raise EngineMissing(f"{self._stage}: {words}") from None
        return service

    async def close(self) -> None:
        """Let go of what those that were built share."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _check(self) -> None:
        """Look whether it has every option given, and needs none that is not; EngineMissing."""
        for name in self._options:
            if name not in self._known | self._fields:
                takes = self._own.keys() | self._fields
                words = ", ".join(sorted(takes - {_SETTINGS, _SESSION}))
                raise EngineMissing(
                    f"{self._stage}: {self.label} has no use for {self._setting_of(name)}; "
                    f"it takes {words}"
                )
        needed = {name for name, one in self._own.items() if one.default is one.empty}
        if missing := sorted(needed - self._options.keys() - {_SESSION}):
            words = " and ".join(map(self._setting_of, missing))
            raise EngineMissing(f"{self._stage}: {self.label} needs {words}")
        # Some clients can only be made where a loop runs, and here one may be running already.
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(asyncio.run, self._try()).result()

    async def _try(self) -> None:
        try:
            await self.build()
        finally:
            await self.close()

    def _setting_fields(self) -> set[str]:
        """What the service's own class of settings holds: model, voice, language and the like."""
        kind = getattr(self._kind, "Settings", None)
        if _SETTINGS not in self._own or not dataclasses.is_dataclass(kind):
            return set()
        return {field.name for field in dataclasses.fields(kind)}

    def _setting_of(self, option: str) -> str:
        """Where an operator sets an option."""
        return (
            f"{self._stage}_API_KEY" if option == _KEY else f"{option!r} in {self._stage}_OPTIONS"
        )


def label_of(name: str) -> str:
    """What a named service is called: as the setting has it, or its class without the module."""
    return name.rpartition(":")[2]


def _secret(settings: Settings, name: str) -> str:
    value: str = getattr(settings, name).get_secret_value()
    return value


def _parameters(kind: type[Any]) -> dict[str, inspect.Parameter]:
    """What the constructor of a class takes by name."""
    collected = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    taken = inspect.signature(kind).parameters.values()
    return {one.name: one for one in taken if one.kind not in collected}
