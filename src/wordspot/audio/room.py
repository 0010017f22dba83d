"""Room impulse responses by the image source method."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SOUND_M_PER_S = 343.0
REVERBERATION_S = 0.25
"""Length of an impulse response in seconds."""
ECHO_S = 0.1
"""Reverberation that is kept after the end of a word, in seconds."""


@dataclass(frozen=True)
class Room:
    """A shoebox room with a mouth and a microphone in it; lengths in metres."""

    size: tuple[float, float, float]
    mouth: tuple[float, float, float]
    microphone: tuple[float, float, float]
    reflection: float
    """Reflection coefficient of the walls (pressure), from 0 to below 1."""


def impulse_response(room: Room, sample_rate: int, seconds: float = REVERBERATION_S) -> NDArray[np.float64]:
    """Compute what arrives at the microphone after a click at the mouth: [samples], the first one at once.

    Every reflection is a click from a mirror image of the mouth, later and softer by its distance and by the
    walls between; arrivals between two samples are shared by both. The straight path has amplitude 1.
    Source: Allen and Berkley 1979, "Image method for efficiently simulating small-room acoustics".
    """
    straight = float(np.linalg.norm(np.subtract(room.mouth, room.microphone)))
    farthest = straight + seconds * SOUND_M_PER_S
    axes = []
    for size, mouth, microphone in zip(room.size, room.mouth, room.microphone, strict=True):
        most = int(farthest // (2 * size)) + 1
        turns = np.arange(-most, most + 1)[:, None]  # whole widths there and back
        mirrored = np.arange(2)[None, :]  # an odd number of walls turns the image round
        offset = (1 - 2 * mirrored) * mouth + 2 * turns * size - microphone
        walls = np.abs(turns - mirrored) + np.abs(turns)
        axes.append((offset.ravel(), walls.ravel()))
    (x, in_x), (y, in_y), (z, in_z) = axes
    distance = np.sqrt(
        x[:, None, None] ** 2 + y[None, :, None] ** 2 + z[None, None, :] ** 2
    )  # (images in x, in y, in z)
    walls = in_x[:, None, None] + in_y[None, :, None] + in_z[None, None, :]
    near = distance < farthest
    distance, walls = distance[near], walls[near]
    arrival = (distance - straight) / SOUND_M_PER_S * sample_rate
    strength = room.reflection**walls * straight / distance
    before = arrival.astype(np.int64)
    share = arrival - before
    samples = round(seconds * sample_rate) + 2
    response = np.bincount(before, strength * (1 - share), minlength=samples)
    response += np.bincount(before + 1, strength * share, minlength=samples)
    return np.asarray(response[: samples - 2], np.float64)


def draw_room(draw: np.random.Generator) -> Room:
    """Draw a room of a home or an office, a mouth in it, and a microphone 5 cm to 1.5 m away."""
    size = draw.uniform((2.2, 2.2, 2.2), (7.0, 6.0, 3.2))
    mouth = draw.uniform(0.25, 0.75, 3) * size
    direction = draw.normal(size=3)
    reach = np.exp(draw.uniform(np.log(0.05), np.log(1.5)))
    microphone = np.clip(mouth + reach * direction / np.linalg.norm(direction), 0.05, size - 0.05)
    x, y, z = (tuple(place.tolist()) for place in (size, mouth, microphone))
    return Room(x, y, z, reflection=float(draw.uniform(0.1, 0.85)))
