"""`kavita devices` and `kavita satellite`: the microphone and loudspeaker of this machine."""

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

import typer

from kavita.cli.program import STOPPED, cli, plain_errors, settings_with, start_log
from kavita.satellite.config import SatelliteConfig
from kavita.satellite.devices import DeviceError, choose
from kavita.satellite.probe import probe
from kavita.satellite.supervision import supervise
from kavita.settings import Settings

InputOption = Annotated[str | None, typer.Option(help="Microphone, instead of AUDIO_INPUT")]
OutputOption = Annotated[str | None, typer.Option(help="Loudspeaker, instead of AUDIO_OUTPUT")]


@cli.command()
def devices(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list")] = False,
) -> None:
    """List the microphones and loudspeakers of this machine; * marks the defaults."""
    with plain_errors():
        found = probe()
    if as_json:
        typer.echo(json.dumps([asdict(device) for device in found]))
        return
    typer.echo("Microphones:")
    for device in found:
        if device.fits("input"):
            typer.echo(f"  {'*' if device.is_default_input else ' '} {device.name}")
    typer.echo("Loudspeakers:")
    for device in found:
        if device.fits("output"):
            typer.echo(f"  {'*' if device.is_default_output else ' '} {device.name}")


@cli.command()
def satellite(
    server: Annotated[str, typer.Option(help="Its address, for example wss://kavita.example/ws")],
    desk: Annotated[str, typer.Option(help="The desk that is here")],
    input: InputOption = None,
    output: OutputOption = None,
) -> None:
    """Be the microphone and loudspeaker of a desk of a server elsewhere, until Ctrl+C.

    SATELLITE_TOKEN is the desk's, as DESK_TOKENS of the server says.
    """
    with plain_errors():
        settings = settings_with(audio_input=input, audio_output=output)
        start_log(settings.log_level)
        if urlsplit(server).scheme not in ("ws", "wss"):
            raise DeviceError("the server's address begins with ws:// or wss://")
        typer.echo(f"Using: {microphone_in_use(settings)}")
        token = settings.satellite_token.get_secret_value()
        with suppress(KeyboardInterrupt):
            asyncio.run(supervise(satellite_of(settings, server, desk, token)))
    typer.echo(STOPPED)


def satellite_of(settings: Settings, url: str, desk: str, token: str) -> SatelliteConfig:
    """The satellite that the settings describe."""
    return SatelliteConfig(
        url=url,
        desk=desk,
        token=token,
        input=settings.audio_input,
        output=settings.audio_output,
        echo_cancellation=settings.echo_cancellation,
        noise_suppression=settings.noise_suppression,
        gain_control=settings.gain_control,
    )


def microphone_in_use(settings: Settings) -> str:
    """The microphone's name, or what is wrong with the devices so far. Raises AudioUnavailable."""
    found = probe()
    try:
        choose(found, "output", settings.audio_output)
        return choose(found, "input", settings.audio_input).name
    except DeviceError as error:
        return f"nothing yet, for {error}"
