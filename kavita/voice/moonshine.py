"""Moonshine's model on ONNX Runtime: the words in a sound.

Its own library packs the weights anew for every word, which takes half as long again, and hears
only what its VAD lets through: of 100 IDs that people dictate 44 are right there, and 57 here.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from kavita import wire

Samples = npt.NDArray[np.float32]

LAYERS, HEADS, HEAD_SIZE = 6, 8, 36
"""Of the tiny model."""

BEGIN, END = 1, 2
"""Its tokens for where a text begins and ends."""

MOST_TOKENS_A_SECOND = 6.5
"""What its authors allow English, so that a model that repeats itself comes to an end."""

_OWN = [f"{layer}.decoder.{part}" for layer in range(LAYERS) for part in ("key", "value")]
_CROSS = [f"{layer}.encoder.{part}" for layer in range(LAYERS) for part in ("key", "value")]
_PRESENT_OWN = [f"present.{name}" for name in _OWN]
_PRESENT_CROSS = [f"present.{name}" for name in _CROSS]
_NOTHING = np.zeros((1, HEADS, 1, HEAD_SIZE), np.float32)
_NO_PAST = {f"past_key_values.{name}": _NOTHING for name in (*_OWN, *_CROSS)}


class Moonshine:
    """The tiny English model; several threads may call it at a time."""

    def __init__(self, folder: Path) -> None:
        """Load it from where `moonshine_voice` keeps it."""
        self._encoder = _session(folder / "encoder_model.ort")
        self._decoder = _session(folder / "decoder_model_merged.ort")
        self._vocabulary = _vocabulary((folder / "tokenizer.bin").read_bytes())

    def words(self, samples: Samples) -> str:
        """What is said in 16 kHz samples from -1 to 1; the model finds words in any noise."""
        most = round(samples.size / wire.MICROPHONE_RATE * MOST_TOKENS_A_SECOND)
        text = bytearray()
        for token in self._tokens(samples[np.newaxis], most):
            text += self._vocabulary[token]
        return text.decode("utf-8", "ignore").strip()

    def _tokens(self, sound: Samples, most: int) -> list[int]:
        """Greedy, as its authors decode: the likeliest token each time."""
        all_samples = np.ones(sound.shape, np.int64)
        heard = self._encoder.run(None, {"input_values": sound, "attention_mask": all_samples})[0]
        # The decoder thins the mask out to one for each 384 samples itself.
        fixed = {"encoder_hidden_states": heard, "encoder_attention_mask": all_samples}
        outputs = ["logits", *_PRESENT_OWN, *_PRESENT_CROSS]
        logits, *past = self._decoder.run(
            outputs, {**fixed, **_NO_PAST, **_next(BEGIN, has_past=False)}
        )
        own, cross = past[: len(_OWN)], past[len(_OWN) :]
        fixed |= {f"past_key_values.{name}": each for name, each in zip(_CROSS, cross, strict=True)}
        tokens: list[int] = []
        while len(tokens) < most and (token := int(logits[0, -1].argmax())) != END:
            tokens.append(token)
            feed = {f"past_key_values.{name}": each for name, each in zip(_OWN, own, strict=True)}
            logits, *own = self._decoder.run(
                ["logits", *_PRESENT_OWN], {**fixed, **feed, **_next(token, has_past=True)}
            )
        return tokens


def _next(token: int, has_past: bool) -> dict[str, Any]:
    return {
        "input_ids": np.array([[token]], np.int64),
        "use_cache_branch": np.array([has_past]),
    }


def _session(path: Path) -> onnxruntime.InferenceSession:
    """In the thread that calls it; without an arena, which would keep what the longest took."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _vocabulary(file: bytes) -> list[bytes]:
    """What each token writes, from `tokenizer.bin`: a length of one or two bytes, then the text.

    Marks in angle brackets (of the beginning, the end, a time) write nothing, and U+2581 stands for
    a space.
    """
    tokens: list[bytes] = []
    at = 0
    while at < len(file):
        length, at = file[at], at + 1
        if length >= 128:
            length, at = length - 128 + 128 * file[at], at + 1
        text, at = file[at : at + length], at + length
        is_mark = length > 2 and text.startswith(b"<") and text.endswith(b">")
        tokens.append(b"" if is_mark else text.replace("▁".encode(), b" "))
    return tokens
