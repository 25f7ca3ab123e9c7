import pytest

from kavita.satellite.devices import Device, DeviceError, choose


def device(
    index: int, name: str, inputs: int = 1, outputs: int = 0, default: bool = False
) -> Device:
    return Device(index, name, inputs, outputs, default and inputs > 0, default and outputs > 0)


HEADSET = device(0, "USB Headset: Audio (hw:1,0)", 1, 2)
WEBCAM = device(1, "Webcam", default=True)
SPEAKERS = device(2, "Built-in Speakers", 0, 2, default=True)
WEBCAM_TWO = device(3, "Webcam Two")
ALL = [HEADSET, WEBCAM, SPEAKERS, WEBCAM_TWO]


def test_without_a_name_the_systems_default_is_taken() -> None:
    assert choose(ALL, "input", "") == WEBCAM
    assert choose(ALL, "output", "") == SPEAKERS


def test_without_a_default_the_first_that_fits_is_taken() -> None:
    assert choose([SPEAKERS, HEADSET], "input", "") == HEADSET


def test_a_part_of_the_name_is_enough_in_any_case() -> None:
    assert choose(ALL, "output", "usb headset") == HEADSET


def test_the_whole_name_comes_before_a_part_of_another() -> None:
    assert choose([WEBCAM_TWO, WEBCAM], "input", "webcam") == WEBCAM


def test_a_device_that_cannot_do_it_is_not_taken() -> None:
    with pytest.raises(DeviceError, match="no loudspeaker is called 'Webcam'; there are: USB"):
        choose(ALL, "output", "Webcam")


def test_a_machine_without_a_microphone_says_so() -> None:
    with pytest.raises(DeviceError, match="this machine has no microphone"):
        choose([SPEAKERS], "input", "")
