"""eSpeak NG, a formant synthesiser with many accents and voices."""

import ctypes
import itertools
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from wordspot.errors import WordspotError
from wordspot.tts.prosody import Prosody, Sound
from wordspot.tts.settings import EngineName


class _Event(ctypes.Structure):
    """espeak_EVENT of eSpeak NG's speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


class Espeak:
    """eSpeak NG 1.52 through the package `espeakng-loader` (GPL-3), by its C interface (speak_lib.h)."""

    name: EngineName = "espeak"
    EXTRA = "synth"
    PACKAGES: ClassVar = {"espeakng_loader": "espeakng-loader"}
    """Modules, and the packages that provide them."""
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
    SYNCHRONOUS, UTF8, DONT_EXIT = 2, 1, 0x8000
    RATE, PITCH, RANGE = 1, 3, 4
    LAST_EVENT, WORD_EVENT, END_EVENT = 0, 1, 5

    def __init__(self) -> None:
        import espeakng_loader

        data = str(espeakng_loader.get_data_path())
        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.sample_rate = self.library.espeak_Initialize(self.SYNCHRONOUS, 0, data.encode(), self.DONT_EXIT)
        if self.sample_rate <= 0:
            raise WordspotError(f"{data}: eSpeak NG doesn't start: install espeakng-loader again")
        self.heard: list[NDArray[np.int16]] = []
        self.marks: list[tuple[int, int]] = []
        receiver = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
        )
        self._receive = receiver(self._take)  # kept: the library holds no reference to it
        self.library.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def _take(
        self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[_Event]"
    ) -> int:
        """Keep the samples, and the positions of word starts and of the end in text and samples."""
        if count > 0:
            self.heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        for number in itertools.count():
            if events[number].type == self.LAST_EVENT:
                break
            if events[number].type in (self.WORD_EVENT, self.END_EVENT):
                self.marks.append((events[number].text_position, events[number].sample))
        return 0

    @classmethod
    def voices(cls) -> list[str]:
        """Name every accent with every voice variant, always in the same order."""
        import espeakng_loader

        folder = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
        variants = sorted(path.name for path in folder.iterdir())
        return [f"{accent}+{variant}" for accent in cls.ACCENTS for variant in variants]

    def say(self, word: str, prosody: Prosody) -> Sound:
        """Say a word: float32 [samples] at `sample_rate`, with silence around it unless cut out of a phrase.

        Raises WordspotError for a missing accent.
        """
        self.library.espeak_SetSynthCallback(self._receive)  # the library has only one
        if self.library.espeak_SetVoiceByName(prosody.voice.encode()) != 0:
            raise WordspotError(f"eSpeak NG has no voice {prosody.voice}: install espeakng-loader again")
        settings = {
            self.RATE: round(self.WORDS_PER_MINUTE * prosody.tempo),
            self.PITCH: round(100 * prosody.pitch),
            self.RANGE: round(100 * prosody.pitch_range),
        }
        for parameter, value in settings.items():
            self.library.espeak_SetParameter(parameter, value, 0)
        before, after = prosody.phrase
        phrase = f"{before}{word}{after}{prosody.ending}"
        text = phrase.encode()
        self.heard.clear()
        self.marks.clear()
        self.library.espeak_Synth(text, len(text) + 1, 0, 0, 0, self.UTF8, None, None)
        heard = np.concatenate([np.zeros(0, np.int16), *self.heard])
        # Positions in the text are counted from 1.
        first = [sample for position, sample in self.marks if position > len(before)]
        after_it = [sample for position, sample in self.marks if position > len(before) + len(word)]
        if first and after_it and first[0] < after_it[0]:
            heard = heard[first[0] : after_it[0]]
        elif before + after:  # run together with its neighbour, as "the while": both have one mark
            return self.say(word, replace(prosody, phrase=("", "")))
        return heard.astype(np.float32) / np.float32(32768)

    def phonemes(self, word: str) -> str:
        """Give the phonemes of a word in American English, in the ASCII notation of eSpeak."""
        self.library.espeak_SetVoiceByName(b"en-US")
        text = ctypes.c_char_p(word.encode())
        spoken: bytes = self.library.espeak_TextToPhonemes(ctypes.byref(text), self.UTF8, 0)
        return spoken.decode()
