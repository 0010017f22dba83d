"""A recording has the samples that its list tells of, in any blocks, the same every time."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import SAMPLE_RATE
from wordspot.audio.features import RMS
from wordspot.audio.room import Room
from wordspot.streams.recording import Recording, Said, Utterance, faded, speech_span

ROOM = Room((4.0, 3.0, 2.5), (1.0, 1.0, 1.2), (1.5, 1.0, 1.2), 0.7)


def tone(count: int) -> NDArray[np.int16]:
    return np.asarray(8000 * np.sin(0.3 * np.arange(count)), np.int16)


def at(*firsts: int, count: int = 8000) -> list[Utterance]:
    """Say a tone of some samples at each of these samples."""
    return [
        Utterance(Said("yes", first / SAMPLE_RATE, (first + count) / SAMPLE_RATE, "a"), first, tone(count))
        for first in firsts
    ]


def recording(utterances: list[Utterance], seconds: float = 35.0) -> Recording:
    return Recording("it", SAMPLE_RATE, round(seconds * SAMPLE_RATE), utterances, None, 0.0, (1,))


def sound(made: Recording) -> NDArray[np.float32]:
    return np.concatenate(list(made.blocks()))


def level(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def steady(count: int, draw: np.random.Generator) -> NDArray[np.float32]:
    return np.ones(count, np.float32)


def hiss(count: int, draw: np.random.Generator) -> NDArray[np.float32]:
    return draw.standard_normal(count).astype(np.float32)


def test_the_samples_are_those_of_the_list() -> None:
    # one lies over the border of two blocks (160,000), and two run into each other
    made = recording(at(1000, 156_000, 300_000, 304_000))
    samples = sound(made)
    assert samples.dtype == np.float32
    assert len(samples) == made.samples
    assert made.seconds == 35.0
    expected = np.zeros(made.samples)
    clip = tone(8000) / 32768
    clip *= RMS / np.sqrt(np.mean(clip**2))
    for utterance in made.utterances:
        expected[utterance.first :][:8000] += faded(clip.astype(np.float32), 320)
    np.testing.assert_allclose(samples, expected, atol=1e-6)
    for said in made.said[:2]:
        inside = samples[round(said.start * SAMPLE_RATE) : round(said.end * SAMPLE_RATE)]
        assert level(inside) == pytest.approx(RMS, rel=0.05)


def test_a_clip_that_ends_with_the_recording() -> None:
    samples = sound(recording(at(35 * SAMPLE_RATE - 4000)))
    assert len(samples) == 35 * SAMPLE_RATE
    assert level(samples[-3000:]) == pytest.approx(RMS, rel=0.05)


def test_a_background_goes_on_over_blocks_at_its_level() -> None:
    made = replace(recording([]), background=steady, background_db=-20.0)
    samples = sound(made)
    # Each stretch fades in while the one before fades out.
    np.testing.assert_allclose(samples[320:], 0.1 * RMS, rtol=1e-5)
    assert (samples[:320] < 0.1 * RMS).all()


def test_noise_has_the_stated_ratio() -> None:
    words = at(*range(0, 500_000, 8000))
    clean, noisy = recording(words), replace(recording(words), background=hiss, background_db=-10.0)
    noise = sound(noisy) - sound(clean)
    assert 20 * np.log10(level(noise) / RMS) == pytest.approx(-10, abs=0.1)


def test_equal_seeds_make_equal_recordings() -> None:
    made = replace(recording(at(1000)), background=hiss)
    assert np.array_equal(sound(made), sound(made))
    assert not np.array_equal(sound(made), sound(replace(made, seed=(2,))))


def test_an_echo_stays_in_its_place_and_goes_on() -> None:
    dry, (utterance,) = recording(at(1000)), at(1000)
    samples = sound(recording([replace(utterance, room=ROOM)]))
    assert not samples[:1000].any()
    assert level(samples[1000:9000]) == pytest.approx(level(sound(dry)[1000:9000]), rel=1e-3)
    assert level(samples[9000:10_000]) > 0.01 * RMS
    assert not samples[9000 + SAMPLE_RATE // 4 :].any()


def test_a_clip_without_a_sound_stays_silent() -> None:
    silent = replace(at(1000)[0], clip=np.zeros(8000, np.int16))
    for utterance in (silent, replace(silent, room=ROOM)):
        assert not sound(recording([utterance])).any()


@pytest.mark.parametrize("floor", [0, 30])
def test_speech_begins_and_ends_with_its_energy(floor: int) -> None:
    clip = np.random.default_rng(0).normal(0, floor, SAMPLE_RATE).astype(np.int16)
    clip[4000:9600] += tone(5600)
    first, last = speech_span(clip, SAMPLE_RATE)
    assert first == pytest.approx(4000, abs=320)
    assert last == pytest.approx(9600, abs=320)


def test_a_tiny_clip_is_all_speech() -> None:
    assert speech_span(tone(100), SAMPLE_RATE) == (0, 100)
