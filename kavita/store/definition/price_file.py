"""Reads `prices.toml`: what the engines in the cloud cost, and how much a day may."""

from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from kavita.store.definition.toml_file import TomlFileError, in_words, read_toml, told
from kavita.store.usage import BILLION, Unit

MAX_PRICE = 1_000_000.0
MILLION = 1_000_000
MILLISECONDS_AN_HOUR = 3_600_000


def _a_currency(code: str) -> str:
    if len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):
        raise ValueError('write the three letters of a currency, such as "INR"')
    return code


Currency = Annotated[str, AfterValidator(_a_currency)]
Price = Annotated[float, Field(ge=0, le=MAX_PRICE, allow_inf_nan=False)]


class PriceFileError(TomlFileError):
    """The price list cannot be used; a line of words for each problem."""


class _Table(BaseModel):
    """A table of the file: nothing unknown in it, no number in quotes, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RecognitionPrice(_Table):
    """`[stt.NAME]`: `azure`, or what `STT` names."""

    per_hour: Price = Field(description="Of sound that it hears, also of silence")


class ModelPrice(_Table):
    """`[llm.NAME]`: a model, as `OPENAI_MODEL` or `LLM` names it."""

    per_million_input_tokens: Price = Field(description="Of instructions and conversation")
    per_million_cached_tokens: Price | None = Field(
        None, description="Of those that the provider still knew; left out: as the others"
    )
    per_million_output_tokens: Price = Field(description="Of answers")


class VoicePrice(_Table):
    """`[tts.NAME]`: a voice's model, as `CARTESIA_MODEL` or `TTS` names it."""

    per_million_characters: Price = Field(description="Of text, in words for the ear")


class PriceFile(_Table):
    """The whole file."""

    currency: Currency = Field(description='Of all its prices, three letters such as "INR"')
    daily_limit: Price = Field(
        0.0, description="More is not spent on a day of the clinic; 0: there is no limit"
    )
    stt: dict[str, RecognitionPrice] = {}
    llm: dict[str, ModelPrice] = {}
    tts: dict[str, VoicePrice] = {}

    def knows(self, engine: str) -> bool:
        """Whether the file has a price for an engine."""
        return engine in self.stt or engine in self.llm or engine in self.tts

    def cost(self, engine: str, unit: Unit, quantity: int) -> int:
        """What something costs, in billionths of the currency; nothing where there is no price."""
        return round(quantity * BILLION * self._each(engine, unit))

    def _each(self, engine: str, unit: Unit) -> float:
        """The price of one."""
        if unit == "milliseconds":
            return self.stt[engine].per_hour / MILLISECONDS_AN_HOUR if engine in self.stt else 0.0
        if unit == "characters":
            return self.tts[engine].per_million_characters / MILLION if engine in self.tts else 0.0
        model = self.llm.get(engine)
        if model is None:
            return 0.0
        if unit == "output tokens":
            return model.per_million_output_tokens / MILLION
        cached = model.per_million_cached_tokens
        if unit == "cached tokens" and cached is not None:
            return cached / MILLION
        return model.per_million_input_tokens / MILLION


def default_prices() -> Path:
    """The price list that holds where there is no file: the providers' list prices."""
    return Path(str(resources.files("kavita.store.definition") / "prices.toml"))


def read_prices(path: Path) -> PriceFile:
    """The prices of a file, or the default where there is none; raises PriceFileError."""
    chosen = path if path.exists() else default_prices()
    try:
        text, content = read_toml(chosen)
    except TomlFileError as error:
        raise PriceFileError(str(error)) from None
    try:
        return PriceFile.model_validate(content)
    except ValidationError as error:
        problems = [in_words(each) for each in error.errors(include_url=False)]
    raise PriceFileError("\n".join(told(chosen, text, problems)))
