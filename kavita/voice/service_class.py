"""Finds the class of Pipecat's that a setting names: `deepgram`, or `module:Class`."""

import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

import pipecat.services
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService

from kavita.settings import Stage
from kavita.voice.espeak import EngineMissing

_BASES: dict[Stage, type[FrameProcessor]] = {
    "stt": STTService,
    "llm": LLMService,
    "tts": TTSService,
}
_HOME = pipecat.services.__name__


def find_class(stage: Stage, name: str) -> type[FrameProcessor]:
    """The class that `name` stands for; raises EngineMissing with what is wrong, in words."""
    try:
        if ":" in name:
            return _by_path(stage, *name.split(":"))
        return _by_provider(stage, name)
    except EngineMissing as error:
        raise EngineMissing(f"{stage.upper()}: {error}") from None


def _by_path(stage: Stage, module_name: str, class_name: str) -> type[FrameProcessor]:
    kind = getattr(_import(module_name), class_name, None)
    if kind is None:
        raise EngineMissing(f"there is no {class_name} in {module_name}")
    if not _is_service(kind, stage):
        raise EngineMissing(
            f"{class_name} is no {_BASES[stage].__name__} of Pipecat's that can be used"
        )
    return kind


def _by_provider(stage: Stage, name: str) -> type[FrameProcessor]:
    """The class that is called after the provider, or the only one that they have."""
    providers = _providers(stage)
    if name not in providers:
        raise EngineMissing(f"Pipecat has no {name!r}; it has {', '.join(providers)}")
    module = _import(f"{_HOME}.{name}.{stage}")
    kinds = [
        kind
        for kind in vars(module).values()
        if _is_service(kind, stage) and kind.__module__ == module.__name__
    ]
    called = f"{name.replace('_', '')}{stage}service"
    chosen = [kind for kind in kinds if kind.__name__.lower() == called] or kinds
    if not chosen:
        raise EngineMissing(f"there is nothing to be used in {module.__name__}")
    if len(chosen) > 1:
        paths = " or ".join(f"{module.__name__}:{kind.__name__}" for kind in kinds)
        raise EngineMissing(f"{name} has several: write {paths}")
    return chosen[0]


def _is_service(kind: object, stage: Stage) -> TypeGuard[type[FrameProcessor]]:
    is_one = inspect.isclass(kind) and issubclass(kind, _BASES[stage])
    return is_one and not inspect.isabstract(kind)


def _providers(stage: Stage) -> list[str]:
    """Those for whom Pipecat has something in a stage."""
    home = Path(pipecat.services.__path__[0])
    return sorted(path.parent.name for path in home.glob(f"*/{stage}.py"))


def _import(module_name: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except Exception as error:  # noqa: BLE001  a foreign module may raise anything
        raise EngineMissing(_why_not_imported(module_name, error)) from None


def _why_not_imported(module_name: str, error: BaseException | None) -> str:
    """In words: no such module, or the package that it needs is not installed."""
    while error is not None and not isinstance(error, ModuleNotFoundError):
        error = error.__cause__ or error.__context__
    package = error.name if error is not None else None
    if package is None:
        return f"{module_name} cannot be imported"
    if f"{module_name}.".startswith(f"{package}."):
        return f"there is no module {module_name}"
    hint = ""
    if module_name.startswith(f"{_HOME}."):
        provider = module_name.removeprefix(f"{_HOME}.").partition(".")[0]
        hint = f": pip install 'pipecat-ai[{provider}]'"
    return f"{module_name} needs the package {package!r}, which is not installed{hint}"
