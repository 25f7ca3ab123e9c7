"""The agent's own voice coming back from the room, and a caller's over it."""

import numpy as np
import numpy.typing as npt

from kavita.caller.voice import CallerVoice, resampled
from kavita.voice.echo_gate import AT_A_DESK, IN_A_BROWSER, Belief, EchoGate
from kavita.voice.espeak import Espeak

RATE, SENT_RATE = 16_000, 22_050
SENTENCE = (
    "On Thursday, February 12, I have nine thirty AM, twelve PM, and three thirty PM. "
    "Which of these times works for you?"
)
Sound = npt.NDArray[np.float64]


def room(seconds: float) -> Sound:
    """A direct sound and a tail that dies away in `seconds`."""
    rng = np.random.default_rng(0)
    at = np.arange(round(seconds * RATE)) / RATE
    response = rng.standard_normal(at.size) * 10 ** (-3 * at / seconds) * 0.2
    response[0] = 1.0
    return np.asarray(response)


def sentence() -> npt.NDArray[np.int16]:
    return np.frombuffer(Espeak("en-us+f3").synthesize(SENTENCE).pcm, np.int16)


def echo_of(sent: npt.NDArray[np.int16], level_db: float, delay: float, seconds: float) -> Sound:
    """What a microphone hears of it, `level_db` against it and `delay` seconds later."""
    played = resampled(sent, SENT_RATE, RATE).astype(np.float64)
    back = np.convolve(played, room(seconds))[: played.size]
    back *= 10 ** (level_db / 20) * np.sqrt((played**2).mean() / (back**2).mean())
    return np.concatenate([np.zeros(round(delay * RATE)), back])


async def through_the_gate(
    sent: npt.NDArray[np.int16],
    microphone: Sound,
    belief: Belief = IN_A_BROWSER,
    lead: float = 0.0,
) -> Sound:
    """Both in real time: 50 ms are sent at once, 20 ms come when they have been recorded.

    `lead`: how long before it is heard the sound leaves.
    """
    now = 0.0
    gate = EchoGate(belief, lambda: now)
    await gate.start(RATE)
    pcm = np.clip(microphone, -32768, 32767).astype(np.int16)
    leaving = [(at / SENT_RATE, sent[at : at + 1102]) for at in range(0, sent.size, 1102)]
    let_through = []
    for at in range(0, pcm.size - 319, 320):
        while leaving and leaving[0][0] <= (at + 320) / RATE:
            now, piece = leaving.pop(0)
            gate.sent(piece.tobytes(), SENT_RATE, lead)
        now = (at + 320) / RATE
        let_through.append(np.frombuffer(await gate.filter(pcm[at : at + 320].tobytes()), np.int16))
    return np.concatenate(let_through).astype(np.float64)


async def test_the_agents_echo_is_silenced_whatever_its_delay_and_room() -> None:
    sent = sentence()
    for delay, seconds in ((0.03, 0.3), (0.35, 0.6)):
        echo = echo_of(sent, -15, delay, seconds)
        heard = await through_the_gate(sent, echo)
        assert (heard**2).sum() < 0.05 * (echo**2).sum()


async def test_the_echo_of_sound_that_leaves_before_its_time_is_silenced_too() -> None:
    sent = sentence()
    echo = echo_of(sent, -15, 0.25 + 0.55, 0.3)
    heard = await through_the_gate(sent, echo, lead=0.25)
    assert (heard**2).sum() < 0.05 * (echo**2).sum()


async def test_the_echo_of_what_was_held_back_is_silenced_when_it_is_heard() -> None:
    now = 0.0
    gate = EchoGate(clock=lambda: now)
    await gate.start(RATE)
    sent = sentence()[: round(0.3 * SENT_RATE)]
    gate.sent(sent.tobytes(), SENT_RATE, 0.2)
    now = 1.0
    gate.held_back(0.9)
    echo = echo_of(sent, -15, 0.3, 0.3).astype(np.int16)
    for at in range(0, echo.size - 319, 320):
        now += 0.02
        piece = echo[at : at + 320]
        assert await gate.filter(piece.tobytes()) == bytes(640)


async def test_a_caller_over_the_echo_is_heard() -> None:
    """Whichever of the agent's words they speak over; beside a loud one it may take a moment."""
    sent = sentence()
    echo = echo_of(sent, -15, 0.15, 0.4)
    said = np.frombuffer(CallerVoice().speak("Wait, I have a question."), np.int16)
    shares, delays = [], []
    for begins in range(RATE, 4 * RATE, RATE // 4):
        microphone = echo.copy()
        microphone[begins : begins + said.size] += said
        heard = (await through_the_gate(sent, microphone))[begins : begins + said.size]
        shares.append((heard**2).sum() / (said.astype(np.float64) ** 2).sum())
        (loud,) = np.nonzero(np.abs(heard) > 500)
        delays.append(loud[0] / RATE)
    assert np.median(shares) > 0.9
    assert np.median(delays) < 0.2
    assert max(delays) < 0.6, "a word at most is lost"


async def test_what_comes_through_of_the_echo_is_known_by_its_waveform_and_a_caller_is_not() -> (
    None
):
    now = 0.0
    gate = EchoGate(clock=lambda: now)
    await gate.start(RATE)
    sent = sentence()
    gate.sent(sent.tobytes(), SENT_RATE, 0.2)
    echo = echo_of(sent, -13, 0.2 + 0.15, 0.05)
    caller = np.frombuffer(CallerVoice().speak("Wait, I have a question."), np.int16)
    for begins in (0.6, 1.3, 2.1, 2.9):
        now = begins + 0.5
        piece = slice(round(begins * RATE), round(now * RATE))
        returned, said = echo[piece], caller[3200 : 3200 + RATE // 2]
        assert gate.is_echo(returned.astype(np.int16).tobytes())
        assert not gate.is_echo(said.tobytes())
        assert not gate.is_echo((said + 0.2 * returned).astype(np.int16).tobytes())


async def test_a_microphone_is_left_alone_while_the_agent_is_silent() -> None:
    now = 0.0
    gate = EchoGate(clock=lambda: now)
    await gate.start(RATE)
    soft = np.full(320, 3, np.int16).tobytes()
    assert await gate.filter(soft) == soft
    gate.sent(sentence()[:22_050].tobytes(), SENT_RATE)
    assert await gate.filter(soft) == bytes(640)
    now = 3.0
    assert await gate.filter(soft) == soft


async def test_an_echo_louder_than_believed_is_learned() -> None:
    sent = np.tile(sentence(), 3)
    echo = echo_of(sent, -1, 0.1, 0.3)
    heard = await through_the_gate(sent, echo)
    half = echo.size // 2
    assert (heard[half:] ** 2).sum() < 0.3 * (echo[half : heard.size] ** 2).sum()


async def test_at_a_desk_a_loud_echo_is_silenced_from_the_first_word_on() -> None:
    sent = sentence()
    for delay, seconds in ((0.14, 0.3), (0.3, 0.6)):
        echo = echo_of(sent, -6, delay, seconds)
        heard = await through_the_gate(sent, echo, AT_A_DESK)
        begun = round((delay + 1) * RATE)
        assert (heard[:begun] ** 2).sum() < 0.01 * (echo[:begun] ** 2).sum()


async def test_at_a_desk_a_caller_is_heard_over_the_first_sentence() -> None:
    sent = sentence()
    said = np.frombuffer(CallerVoice().speak("Wait, I have a question."), np.int16)
    microphone = np.zeros(4 * RATE)
    begins = round(1.2 * RATE)
    microphone[begins : begins + said.size] += said
    heard = await through_the_gate(sent, microphone, AT_A_DESK)
    assert (heard**2).sum() > 0.5 * (microphone**2).sum()


def hiss(seconds: float = 0.2) -> Sound:
    """A drawn-out "s" that grows by 30 dB."""
    noise = np.fft.rfft(np.random.default_rng(0).standard_normal(round(seconds * RATE)))
    noise[: round(4000 * seconds)] = 0
    high = np.fft.irfft(noise)
    return np.asarray(1000 * high / high.std() * 10 ** (np.linspace(-30, 0, high.size) / 20))


async def test_at_a_desk_a_drawn_out_s_over_the_agents_voice_is_no_echo() -> None:
    sent, said = np.tile(sentence(), 2), hiss()
    shares = []
    for begins in range(4 * RATE, 8 * RATE, RATE // 3):
        microphone = np.zeros(sent.size * RATE // SENT_RATE)
        microphone[begins : begins + said.size] += said
        heard = await through_the_gate(sent, microphone, AT_A_DESK)
        shares.append((heard**2).sum() / (said**2).sum())
    assert np.median(shares) > 0.9


async def test_a_room_is_known_in_the_next_call_and_forgotten_in_another_room() -> None:
    now, sent = 0.0, sentence()
    gate = EchoGate(AT_A_DESK, lambda: now)
    soft = (np.sin(np.arange(320) / 3) * 2000).astype(np.int16).tobytes()

    async def is_let_through() -> bool:
        await gate.start(RATE)
        gate.sent(sent[:22_050].tobytes(), SENT_RATE)
        return any(await gate.filter(soft))

    assert not await is_let_through()
    for at in range(0, sent.size, 441):
        now += 0.02
        gate.sent(sent[at : at + 441].tobytes(), SENT_RATE)
        await gate.filter(bytes(640))
    now += 10
    assert await is_let_through()
    gate.enter_another_room()
    now += 10
    assert not await is_let_through()
