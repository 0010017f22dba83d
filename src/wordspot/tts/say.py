"""One engine says one word, in a process of its own: `python -m wordspot.tts.say REQUEST`.

What an engine says depends on what it said before; a fresh process for each word and engine makes a word's
clips the same whatever other words are made, and on how many cores.
"""

import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wordspot.audio.wav import write_wav
from wordspot.errors import WordspotError
from wordspot.files import writing
from wordspot.layout import NOHASH
from wordspot.tts.engines import start
from wordspot.tts.prosody import Prosody
from wordspot.tts.recording import SAMPLE_RATE, record
from wordspot.tts.settings import EngineName, Synthesis, Variety
from wordspot.tts.speakers import Speaker, draw_speaker
from wordspot.tts.task import Task

ENDINGS = (".", "?", "!", ",")
PHRASES = (("", ""), ("", ""), ("the ", ""), ("say ", " now"), ("", " please"))


@dataclass(frozen=True)
class Request(Task):
    """A word to synthesise."""

    word: str
    engine: EngineName
    folder: str
    """Folder for the clips."""
    voices: Mapping[EngineName, Sequence[str]]
    """Voices of each engine; the engines alternate."""
    settings: Synthesis


def say(request: Request) -> int:
    """Synthesise the word by every speaker of the engine, one file each.

    Gives a length in samples that nine clips of ten don't exceed; 0 where the engine has no sound for the
    word.
    """
    engine, settings = start(request.engine), request.settings
    lengths = []
    for number in range(settings.clips):
        speaker = draw_speaker(number, request.voices, settings)
        if speaker.engine != request.engine:
            continue
        draw = np.random.default_rng((settings.seed, number, zlib.crc32(request.word.encode())))
        sound = engine.say(request.word, draw_prosody(speaker, settings.variety, draw))
        if not np.abs(sound).max(initial=0.0) > 0:
            return 0
        clip = record(sound, engine.sample_rate, speaker, draw, centred=not settings.variety.position)
        path = Path(request.folder) / file_name(speaker.name)
        write_wav(path, np.round(clip * 32767).astype(np.int16), SAMPLE_RATE)
        lengths.append(len(clip))
    return int(np.quantile(lengths, 0.9))


def file_name(speaker: str) -> str:
    """Name a speaker's clip of a word, as the data set does."""
    return f"{speaker}{NOHASH}0.wav"


def draw_prosody(speaker: Speaker, variety: Variety, draw: np.random.Generator) -> Prosody:
    """Draw the prosody of one word, close to that of the speaker."""
    tempo, pitch = np.exp(draw.uniform(-0.15, 0.15)), draw.uniform(-0.1, 0.1)
    ending = str(draw.choice(ENDINGS))
    before, after = PHRASES[draw.integers(len(PHRASES))]
    if not variety.prosody:
        tempo, pitch, ending = 1.0, 0.0, ENDINGS[0]
    if not variety.phrase:
        before, after = PHRASES[0]
    return Prosody(
        voice=speaker.voice,
        tempo=speaker.tempo * float(tempo) / speaker.tract,  # which changes the tempo too
        pitch=float(np.clip(speaker.pitch + pitch, 0, 1)),
        pitch_range=speaker.pitch_range,
        ending=ending,
        phrase=(before, after),
    )


if __name__ == "__main__":
    asked = Request.from_json(sys.argv[1])
    try:
        with writing(Path(asked.folder)):
            print(say(asked))
    except WordspotError as error:
        sys.exit(str(error))
