"""Synthetic speakers: voice, room and microphone, drawn from one number."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wordspot.audio.microphone import Microphone, draw_microphone
from wordspot.audio.room import Room, draw_room
from wordspot.tts.settings import EngineName, Synthesis

TRACT: dict[EngineName, tuple[float, float]] = {"espeak": (0.85, 1.2), "piper": (0.8, 1.35)}
"""Range of the factors on formants, for each engine: longer and shorter vocal tracts."""
TEMPO = (0.65, 1.6)
PLAIN: dict[EngineName, str] = {"espeak": "en-US", "piper": "en_US-joe-medium"}
"""Voice of all speakers where voices are not varied."""


@dataclass(frozen=True)
class Speaker:
    """One speaker: a voice in a room at a microphone."""

    name: str
    """Eight hexadecimal digits, as in Speech Commands."""
    engine: str
    voice: str
    tract: float
    """Factor on formants and pitch of the voice."""
    tempo: float
    pitch: float
    pitch_range: float
    room: Room | None
    """None for no reverberation."""
    microphone: Microphone | None
    """None for a flat frequency response."""
    noise_db: float
    """Signal-to-noise ratio of the recording, in decibels."""
    noise_slope: float
    """Exponent by which the power of the noise falls with frequency: 0 is white, 2 brown."""


def draw_speaker(number: int, voices: Mapping[EngineName, Sequence[str]], settings: Synthesis) -> Speaker:
    """Draw the speaker with a number; `voices` are those of each engine, and the engines alternate."""
    draw = np.random.default_rng((settings.seed, number))
    engine = list(voices)[number % len(voices)]
    speaker = Speaker(
        name=hashlib.sha1(f"{settings.seed}:{engine}:{number}".encode()).hexdigest()[:8],
        engine=engine,
        voice=str(draw.choice(list(voices[engine]))),
        tract=float(draw.uniform(*TRACT[engine])),
        tempo=float(np.exp(draw.uniform(*np.log(TEMPO)))),
        pitch=float(draw.uniform(0.1, 0.9)),
        pitch_range=float(draw.uniform(0.1, 0.9)),
        room=draw_room(draw),
        microphone=draw_microphone(draw),
        noise_db=float(draw.uniform(8, 45)),
        noise_slope=float(draw.uniform(0, 2)),
    )
    # Everything is drawn first, so that switching one thing off changes nothing else.
    plain: dict[str, dict[str, Any]] = {
        "voices": {"voice": PLAIN[engine]},
        "tract": {"tract": 1.0},
        "prosody": {"tempo": 1.0, "pitch": 0.5, "pitch_range": 0.5},
        "room": {"room": None},
        "microphone": {"microphone": None},
        "noise": {"noise_db": np.inf},
    }
    return replace(
        speaker, **{name: value for off in settings.off for name, value in plain.get(off, {}).items()}
    )
