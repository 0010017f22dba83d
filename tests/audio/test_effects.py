"""What augmentation does to sound at given strengths: by hand, and on tones."""

import pytest
import torch
import torchaudio
from torch import Tensor

from tests.audio.tones import RATE_HZ, pitch_hz, tone
from wordspot.audio.effects import (
    LOWPASS_WIDTH,
    add_noise,
    change_each,
    color,
    gain,
    mask,
    mixup,
    pitch_shift,
    shift,
    speed_perturb,
    time_stretch,
)


def test_shift_by_hand() -> None:
    waveforms = torch.tensor([[1.0, 2, 3, 4]]).repeat(5, 1)
    shifted = shift(waveforms, torch.tensor([0, 1, -2, 4, -9]))
    assert shifted.tolist() == [[1, 2, 3, 4], [0, 1, 2, 3], [3, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_mask_over_time_by_hand() -> None:
    masked = mask(torch.ones(3, 4, 2), torch.tensor([1, 0, 3]), torch.tensor([2, 0, 9]), dim=1)
    frames = [[1, 0, 0, 1], [1, 1, 1, 1], [1, 1, 1, 0]]
    assert masked.tolist() == [[[frame, frame] for frame in clip] for clip in frames]


def test_mask_over_bands_by_hand() -> None:
    masked = mask(torch.ones(3, 2, 4), torch.tensor([1, 0, 3]), torch.tensor([2, 0, 9]), dim=2)
    bands = [[1, 0, 0, 1], [1, 1, 1, 1], [1, 1, 1, 0]]
    assert masked.tolist() == [[clip, clip] for clip in bands]


def test_gain_by_hand() -> None:
    louder = gain(torch.tensor([[1.0, -2], [1, 3]]), torch.tensor([20.0, -20]))
    torch.testing.assert_close(louder, torch.tensor([[10.0, -20], [0.1, 0.3]]))


def snr_db(heard: Tensor, ideal: Tensor) -> float:
    """Compare a sound [1, S] with the ideal one, but for 20 ms at its ends."""
    ends = RATE_HZ // 50
    error = (heard - ideal)[0, ends:-ends]
    return float(10 * (ideal[0, ends:-ends].square().mean() / error.square().mean()).log10())


@pytest.mark.parametrize("percent", [90, 93, 99, 101, 107, 110])
@pytest.mark.parametrize("hz", [300, 3000, 6000])
def test_speed_keeps_high_tones_clean(hz: int, percent: int) -> None:
    """A tone is the ideal tone at the new speed."""
    played = speed_perturb(tone(hz), torch.tensor([percent]), 100 * RATE_HZ // percent)
    ideal = tone(hz * percent / 100, 2.0)[:, : played.shape[1]]
    assert snr_db(played, ideal) >= 40


@pytest.mark.parametrize("samples", [399, 1000, 1600])
def test_speed_is_resampling(samples: int) -> None:
    """The same as torchaudio's, clip by clip; past the end of what was played the filter rings out."""
    clips, percent = torch.randn(8, 1000), torch.tensor([50, 90, 93, 99, 101, 107, 150, 299])
    played = speed_perturb(clips, percent, samples)
    assert played.shape == (8, samples)
    for clip, sound, value in zip(clips, played, percent.tolist(), strict=True):
        expected = torchaudio.functional.resample(clip, value, 100, lowpass_filter_width=LOWPASS_WIDTH)
        common = min(samples, len(expected))
        torch.testing.assert_close(sound[:common], expected[:common], atol=1e-4, rtol=0)
        assert not sound[len(expected) + 100 :].any()


@pytest.mark.parametrize("percent", [80, 90, 97, 103, 115])
@pytest.mark.parametrize("hz", [200, 1000, 5000])
def test_stretched_in_time_a_tone_keeps_its_pitch(hz: int, percent: int) -> None:
    stretched = time_stretch(tone(hz), percent)
    assert stretched.shape == (1, -(-100 * RATE_HZ // percent))
    assert pitch_hz(stretched) == pytest.approx(hz, rel=0.01)
    assert float(stretched[0, 4000:-4000].square().mean()) == pytest.approx(0.5, rel=0.3)  # within 1.5 dB


def test_stretched_in_time_a_word_lasts_as_long_as_it_should() -> None:
    """Half a second of a tone in a second of silence."""
    sound = torch.zeros(1, RATE_HZ)
    sound[:, 4000:12_000] = tone(1000, 0.5)
    for percent in (80, 125):
        envelope = time_stretch(sound, percent)[0].square().unfold(0, 160, 160).mean(dim=1)  # 10 ms each
        assert int((envelope > 0.1).sum()) == pytest.approx(5000 / percent, abs=3)


@pytest.mark.parametrize("percent", [84, 94, 106, 119])
@pytest.mark.parametrize("hz", [200, 1000, 5000])
def test_shifted_in_pitch_a_tone_keeps_its_duration(hz: int, percent: int) -> None:
    shifted = pitch_shift(tone(hz), percent)
    assert shifted.shape == (1, RATE_HZ)
    assert pitch_hz(shifted) == pytest.approx(hz * percent / 100, rel=0.01)
    assert float(shifted[0, 4000:-4000].square().mean()) == pytest.approx(0.5, rel=0.3)


def test_each_clip_is_stretched_by_its_own_amount() -> None:
    clips = torch.cat([tone(hz) for hz in (500, 600, 700)])
    played = change_each(time_stretch, clips, torch.tensor([110, 90, 110]), RATE_HZ)
    for clip, stretched, percent in zip(clips, played, (110, 90, 110), strict=True):
        alone = time_stretch(clip[None], percent)[0]
        common = min(RATE_HZ, len(alone))
        torch.testing.assert_close(stretched[:common], alone[:common])
        assert not stretched[common:].any()


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 20.0])
def test_noise_is_added_at_its_ratio(snr_db: float) -> None:
    clips, noise = torch.randn(3, 400), 7 * torch.randn(3, 400)
    added = add_noise(clips, noise, torch.full((3,), snr_db)) - clips
    ratio = 10 * (clips.square().sum(dim=1) / added.square().sum(dim=1)).log10()
    torch.testing.assert_close(ratio, torch.full((3,), snr_db), atol=1e-3, rtol=0)
    # It is that noise, at another loudness.
    torch.testing.assert_close(torch.nn.functional.cosine_similarity(added, noise), torch.ones(3))


def test_silent_noise_and_silent_clips_stay_as_they_are() -> None:
    clip, silence = torch.randn(1, 50), torch.zeros(1, 50)
    assert torch.equal(add_noise(clip, silence, torch.tensor([0.0])), clip)
    assert torch.equal(add_noise(silence, clip, torch.tensor([0.0])), silence)
    assert torch.equal(add_noise(clip, torch.randn(1, 50), torch.tensor([torch.inf])), clip)


def test_color_of_noise_by_hand() -> None:
    """An impulse holds every frequency alike: what comes out of it is the color itself."""
    impulse = torch.zeros(3, 16)
    impulse[:, 0] = 1
    power = torch.fft.rfft(color(impulse, torch.tensor([0.0, 1, 2]))).abs().square()[:, 1:-1]
    bins = torch.arange(1.0, 8)
    torch.testing.assert_close(power, torch.stack([bins**0, 1 / bins, 1 / bins**2]))


def test_mixup_by_hand() -> None:
    one, other = torch.tensor([[1.0, 0], [4, 8]]), torch.tensor([[0.0, 1], [2, 0]])
    assert mixup(one, other, torch.tensor([0.75, 0.5])).tolist() == [[0.75, 0.25], [3, 4]]
