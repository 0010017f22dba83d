"""From clean speech to a clip: each step by itself, then all of them."""

import numpy as np
import pytest

from wordspot.audio.microphone import Microphone
from wordspot.audio.room import Room, impulse_response
from wordspot.tts.recording import (
    Samples,
    colored,
    companded,
    filtered,
    place,
    record,
    resampled,
    trim,
)
from wordspot.tts.settings import Synthesis
from wordspot.tts.speakers import Speaker, draw_speaker

SAMPLE_RATE = 16_000
SPEAKERS = [draw_speaker(number, {"espeak": ["en"]}, Synthesis()) for number in range(12)]


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def tone(hz: float, seconds: float = 1.0, sample_rate: int = SAMPLE_RATE) -> Samples:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * sample_rate)) / sample_rate)


def rms_normalize(sound: Samples) -> float:
    """Give the root of the mean square."""
    return float(np.sqrt(np.mean(sound**2)))


def speaker(
    room: Room | None = None,
    microphone: Microphone | None = None,
    noise_db: float = np.inf,
    slope: float = 0.0,
) -> Speaker:
    return Speaker(
        "f4a0c04c", "espeak", "en-US", 1.0, 1.0, 0.5, 0.5, room, microphone, noise_db, noise_slope=slope
    )


def test_silence_at_the_ends_is_cut_off_and_within_the_word_kept() -> None:
    # Silence is what is softer than a hundredth of the loudest sample, 0.005 here.
    sound = np.array([0, 0.004, 0.006, 0, 0, -0.5, 0.2, -0.006, 0.004, -0.004])
    assert trim(sound).tolist() == [0.006, 0, 0, -0.5, 0.2, -0.006]


@pytest.mark.parametrize("count", [0, 5])
def test_silence_alone_is_left_as_it_is(count: int) -> None:
    assert trim(np.zeros(count)).tolist() == [0.0] * count


@pytest.mark.parametrize(("where", "first"), [(0.0, 0), (0.5, 6000), (1.0, 12_000)])
def test_a_word_is_placed_from_the_start_to_the_end_of_a_second(where: float, first: int) -> None:
    word = np.arange(1.0, 4001.0)
    clip = place(word, where)
    assert clip.shape == (SAMPLE_RATE,)
    assert clip[first : first + 4000].tolist() == word.tolist()
    assert np.count_nonzero(clip) == 4000


@pytest.mark.parametrize("where", [0.0, 0.3, 1.0])
def test_a_word_longer_than_a_second_keeps_its_length(where: float) -> None:
    word = np.arange(20_000.0)
    assert place(word, where).tolist() == word.tolist()


@pytest.mark.parametrize(
    ("tract", "hz", "count"), [(1.0, 1000, 16_000), (0.8, 800, 20_000), (1.25, 1250, 12_800)]
)
def test_a_tone_is_raised_by_the_factor_of_the_tract(tract: float, hz: int, count: int) -> None:
    changed = resampled(tone(1000, sample_rate=22_000), 22_000, tract)
    assert changed.shape == (count,)
    spectrum = np.abs(np.fft.rfft(changed * np.hanning(count), SAMPLE_RATE * 10))
    assert np.argmax(spectrum) / 10 == pytest.approx(hz, abs=0.2)
    assert rms_normalize(changed[1000:-1000]) == pytest.approx(np.sqrt(0.5), rel=0.01)


def test_what_lies_over_half_the_rate_is_left_out() -> None:
    kept, lost = tone(7000, sample_rate=22_000), tone(9000, sample_rate=22_000)
    assert resampled(kept + lost, 22_000, 1.0) == pytest.approx(tone(7000), abs=1e-6)


def test_a_click_stays_where_it_is() -> None:
    click = np.zeros(22_000)
    click[11_000] = 1
    assert np.abs(resampled(click, 22_000, 1.0)).argmax() == 8000
    assert np.abs(resampled(click, 22_000, 1.25)).argmax() == 6400


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_the_power_of_noise_falls_as_frequency_to_the_slope(slope: float) -> None:
    noise = colored(2**16, slope, draws())
    assert np.mean(noise**2) == pytest.approx(1)
    bins = np.arange(1, 2**15)
    power = np.abs(np.fft.rfft(noise)[1:-1]) ** 2
    fitted, _ = np.polyfit(np.log(bins), np.log(power), 1)
    assert fitted == pytest.approx(-slope, abs=0.05)


@pytest.mark.parametrize("count", [16_000, 16_001])
def test_noise_has_the_length_that_is_asked_for(count: int) -> None:
    assert colored(count, 1.0, draws()).shape == (count,)


@pytest.mark.parametrize(
    ("hz", "factor"), [(100, 0.01), (200, 0.01), (400, 0.1), (800, 1), (1000, 1), (7000, 0.5)]
)
def test_a_microphone_changes_each_tone_by_its_decibels(hz: float, factor: float) -> None:
    # 400 Hz lies halfway from 200 to 800 on a logarithmic scale; -6.0206 dB are a half.
    heard = filtered(tone(hz), hz=(200, 800, 3000, 6000), db=(-40, 0, 0, -6.0206))
    assert heard == pytest.approx(factor * tone(hz), abs=1e-5)


def test_a_telephone_keeps_eight_bits_finer_where_it_is_softer() -> None:
    sound = np.linspace(-1, 1, 20_001)
    heard = companded(sound)
    assert len(np.unique(heard)) == 255
    assert heard[[0, 10_000, -1]] == pytest.approx([-1, 0, 1])
    assert heard == pytest.approx(-heard[::-1])
    # 127 steps to ln 256: half a step is 2.2 % of what is there, or of 1/255 where that is less.
    assert (np.abs(heard - sound) <= 0.0221 * (np.abs(sound) + 1 / 255)).all()
    assert np.abs(heard - sound).max() > 0.02


@pytest.mark.parametrize("noise_db", [0.0, 10.0, 20.0])
def test_noise_stands_under_the_word_by_the_decibels_asked_for(noise_db: float) -> None:
    word = tone(1000, 0.5).astype(np.float32)
    clip = record(word, SAMPLE_RATE, speaker(noise_db=noise_db), draws(), centred=True)
    assert clip.shape == (SAMPLE_RATE,)
    assert np.abs(clip).max() == pytest.approx(0.5)
    noise = np.mean(np.concatenate([clip[:4000], clip[12_000:]]) ** 2)
    word_and_noise = np.mean(clip[4000:12_000] ** 2)
    assert 10 * np.log10(word_and_noise / noise - 1) == pytest.approx(noise_db, abs=0.5)


def test_without_room_microphone_and_noise_the_clip_is_the_word() -> None:
    word = np.linspace(0.2, 0.8, 8000, dtype=np.float32)
    heard = record(word, SAMPLE_RATE, speaker(), draws(), centred=True)
    # The loudest sample, 0.8, comes to 0.5.
    assert heard[4000:12_000] == pytest.approx(np.linspace(0.125, 0.5, 8000), abs=1e-6)
    assert np.count_nonzero(heard) == 8000


def test_the_place_of_a_word_is_drawn_unless_it_is_centred() -> None:
    word = np.ones(8000, np.float32)
    starts = [int(np.argmax(record(word, SAMPLE_RATE, speaker(), draws(seed)) > 0)) for seed in range(20)]
    assert len(set(starts)) == 20
    assert min(starts) >= 0
    assert max(starts) <= 8000
    assert np.mean(starts) == pytest.approx(4000, abs=1500)


def test_a_room_is_heard_for_a_tenth_of_a_second_after_the_word() -> None:
    room = Room(size=(4, 3, 2.5), mouth=(1, 1, 1.5), microphone=(1.5, 1, 1.5), reflection=0.8)
    clip = record(np.ones(1, np.float32), SAMPLE_RATE, speaker(room), draws(), centred=True)
    # The click and its 1600 samples of echo stand in the middle of 16,000: from 7199.5, rounded to even.
    response = impulse_response(room, SAMPLE_RATE)[:1601]
    assert response.argmax() == 0
    assert clip[7200:8801] == pytest.approx(response / 2, abs=1e-6)
    assert np.count_nonzero(np.abs(clip) > 1e-9) == np.count_nonzero(np.abs(response / 2) > 1e-9)


def test_a_microphone_hears_loud_and_soft_clips_and_may_be_overdriven() -> None:
    microphone = Microphone(hz=(100, 200), db=(0.0, 0.0), telephone=False)
    word = tone(1000, 0.5).astype(np.float32)
    clips = [record(word, SAMPLE_RATE, speaker(microphone=microphone), draws(seed)) for seed in range(60)]
    peaks = [np.abs(clip).max() for clip in clips]
    assert 10 ** (-30 / 20) <= min(peaks) < 0.1
    assert max(peaks) == 1
    assert any(np.count_nonzero(np.abs(clip) == 1) > 1000 for clip in clips)


def test_a_telephone_line_comes_last() -> None:
    microphone = Microphone(hz=(100, 200), db=(0.0, 0.0), telephone=True)
    word = tone(1000, 0.5).astype(np.float32)
    clip = record(word, SAMPLE_RATE, speaker(microphone=microphone, noise_db=20), draws())
    assert clip == pytest.approx(companded(clip), abs=1e-12)
    assert len(np.unique(clip)) <= 255


def test_every_speaker_is_recorded_for_a_second_within_the_range() -> None:
    word = tone(300, 0.4, 22_050).astype(np.float32)
    for number, one in enumerate(SPEAKERS):
        clip = record(word, 22_050, one, draws(number))
        assert clip.shape == (SAMPLE_RATE,)
        assert np.isfinite(clip).all()
        assert 0 < np.abs(clip).max() <= 1


def test_a_long_word_is_recorded_whole() -> None:
    word = np.ones(24_000, np.float32)
    assert record(word, SAMPLE_RATE, speaker(noise_db=30), draws()).shape == (24_000,)


def test_the_same_draws_give_the_same_recording() -> None:
    word = tone(300, 0.4, 22_050).astype(np.float32)
    one, again, other = (record(word, 22_050, SPEAKERS[0], draws(seed)) for seed in (1, 1, 2))
    assert one.tolist() == again.tolist()
    assert one.tolist() != other.tolist()
