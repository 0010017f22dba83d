"""Synthetic speakers: voice, room and microphone, drawn from one number."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wordspot.tts.room import Room
from wordspot.tts.settings import EngineName, Synthesis

TRACT: dict[EngineName, tuple[float, float]] = {"espeak": (0.85, 1.2), "piper": (0.8, 1.35)}
"""Range of the factors on formants, for each engine: longer and shorter vocal tracts."""
TEMPO = (0.65, 1.6)
PLAIN: dict[EngineName, str] = {"espeak": "en-US", "piper": "en_US-joe-medium"}
"""Voice of all speakers where voices are not varied."""


@dataclass(frozen=True)
class Microphone:
    """Frequency response and codec of a microphone."""

    hz: tuple[float, ...]
    db: tuple[float, ...]
    """Gain at each frequency in `hz`, in decibels."""
    telephone: bool
    """8 bits on a logarithmic scale, as on a telephone line."""


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


def draw_room(draw: np.random.Generator) -> Room:
    """Draw a room of a home or an office, a mouth in it, and a microphone 5 cm to 1.5 m away."""
    size = draw.uniform((2.2, 2.2, 2.2), (7.0, 6.0, 3.2))
    mouth = draw.uniform(0.25, 0.75, 3) * size
    direction = draw.normal(size=3)
    reach = np.exp(draw.uniform(np.log(0.05), np.log(1.5)))
    microphone = np.clip(mouth + reach * direction / np.linalg.norm(direction), 0.05, size - 0.05)
    x, y, z = (tuple(place.tolist()) for place in (size, mouth, microphone))
    return Room(x, y, z, reflection=float(draw.uniform(0.1, 0.85)))


def draw_microphone(draw: np.random.Generator) -> Microphone:
    """Draw a frequency response that varies by some decibels between a lower and an upper limit."""
    telephone = bool(draw.random() < 0.1)
    low_hz, high_hz = (300.0, 3400.0) if telephone else (draw.uniform(40, 250), draw.uniform(3500, 7900))
    inner = np.geomspace(1.5 * low_hz, high_hz / 1.3, 6)
    tilt = draw.uniform(-6, 6) * np.linspace(-1, 1, len(inner))
    gains = draw.uniform(-4, 4, len(inner)) + tilt
    hz = (low_hz / 2, low_hz, *inner, high_hz, high_hz * 1.15)
    db = (-40.0, -3.0, *gains, -3.0, -40.0)
    return Microphone(tuple(float(one) for one in hz), tuple(float(one) for one in db), telephone)
