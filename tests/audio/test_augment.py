"""Changes of training clips: exactly what they do, how far they go, and that they stay in training."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Never

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import wordspot.training.loop as loop
from tests.helpers import shared_run
from wordspot.audio.augment import Augmenter, add_noise, color, gain, mask, mixup, shift, speed_perturb
from wordspot.config import AugmentConfig, RunConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.evaluation.evaluate import evaluate
from wordspot.runs.run import load

OFF = AugmentConfig(shift_p=0, freq_mask_p=0, time_mask_p=0)
SAMPLE_RATE = 1000
HOP_MS = 20.0


def augmenter(config: AugmentConfig, seed: int = 0, noise: Tensor | None = None) -> Augmenter:
    draw = torch.Generator().manual_seed(seed)
    return Augmenter(config, SAMPLE_RATE, HOP_MS, 3, torch.zeros(0) if noise is None else noise, draw)


def changed(
    config: AugmentConfig, waveforms: Tensor, seed: int = 0, noise: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Change waveforms [B, S] without padding, of the words 0, 1, 2, 0, ..."""
    lengths = torch.full((len(waveforms),), waveforms.shape[1])
    return augmenter(config, seed, noise).waveforms(waveforms, lengths, torch.arange(len(waveforms)) % 3)


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


def drawn_offsets(shift_ms: float, seed: int, clips: int = 64) -> tuple[Tensor, Tensor]:
    """Shift clicks in the middle of 101 samples at 1000 Hz; gives offsets and the clips' new lengths."""
    clicks = torch.zeros(clips, 101)
    clicks[:, 50] = 1.0
    lengths = torch.arange(clips) + 38
    config = replace(OFF, shift_ms=shift_ms, shift_p=1)
    shifted, new, _ = augmenter(config, seed).waveforms(clicks, lengths, lengths)
    assert (shifted.sum(dim=1) == 1).all()  # the click is still there, once
    offsets = shifted.argmax(dim=1) - 50
    assert new.tolist() == (lengths + offsets).clamp(1, 101).tolist()
    return offsets, new


@given(st.floats(0, 50), st.integers(0, 2**31))
def test_shift_stays_within_its_limit(shift_ms: float, seed: int) -> None:
    offsets, _ = drawn_offsets(shift_ms, seed)
    assert int(offsets.abs().max()) <= round(shift_ms)


def test_shift_goes_to_both_limits_and_lengths_stay_in_the_clip() -> None:
    offsets, lengths = drawn_offsets(50, seed=0, clips=2000)
    assert set(offsets.tolist()) == set(range(-50, 51))
    assert int(lengths.min()) >= 1
    assert int(lengths.max()) == 101


def hidden(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mark which bands [B, F] and frames [B, T] of masked ones [B, T, F] are 0 throughout."""
    return (features == 0).all(dim=1), (features == 0).all(dim=2)


def assert_in_one_piece(marked: Tensor) -> None:
    """Assert that what is marked [B, N] stands side by side in each row."""
    edges = torch.nn.functional.pad(marked.int(), (1, 1)).diff(dim=1)  # (B, N + 1)
    assert int((edges == 1).sum(dim=1).max()) <= 1


@given(st.integers(0, 12), st.floats(0, 200), st.integers(0, 2**31))
def test_masks_stay_within_their_limits(freq_mask_bins: int, time_mask_ms: float, seed: int) -> None:
    config = AugmentConfig(freq_mask_bins=freq_mask_bins, time_mask_ms=time_mask_ms)
    # More bands and frames than are masked, so that a mask of the one kind can be told from the other.
    bands, frames = hidden(augmenter(config, seed).features(torch.ones(32, 30, 20)))
    assert int(bands.sum(dim=1).max()) <= freq_mask_bins
    assert int(frames.sum(dim=1).max()) <= round(time_mask_ms / 20)
    assert_in_one_piece(bands)
    assert_in_one_piece(frames)


def test_masks_of_every_width_fall_everywhere() -> None:
    config = AugmentConfig(freq_mask_bins=3, time_mask_ms=100)
    bands, frames = hidden(augmenter(config).features(torch.ones(2000, 30, 20)))
    assert set(bands.sum(dim=1).tolist()) == {0, 1, 2, 3}
    assert set(frames.sum(dim=1).tolist()) == {0, 1, 2, 3, 4, 5}
    assert bands.any(dim=0).all()
    assert frames.any(dim=0).all()


def test_no_mask_is_cut_off_at_the_edge() -> None:
    """Every width up to the widest is as likely as another, though the widest fit in few places."""
    config = AugmentConfig(freq_mask_bins=20, time_mask_ms=0)
    bands, _ = hidden(augmenter(config).features(torch.ones(4000, 30, 20)))
    assert bands.sum(dim=1).double().mean() == pytest.approx(10, abs=0.4)


def test_mask_wider_than_the_clip_hides_at_most_all_of_it() -> None:
    masked = augmenter(AugmentConfig(freq_mask_bins=99, time_mask_ms=9999)).features(torch.ones(50, 3, 4))
    assert masked.shape == (50, 3, 4)
    assert {0.0, 1.0} == set(masked.flatten().tolist())


def test_all_off_changes_no_bit() -> None:
    waveforms, features = torch.randn(8, 100), torch.randn(8, 30, 20)
    given, labels = torch.arange(8) + 1, torch.arange(8) % 3
    same, lengths, targets = augmenter(OFF, noise=torch.ones(500)).waveforms(waveforms, given, labels)
    assert torch.equal(same, waveforms)
    assert torch.equal(lengths, given)
    assert torch.equal(targets, labels)
    assert torch.equal(augmenter(OFF).features(features), features)


ALL = AugmentConfig(
    shift_ms=20,
    freq_mask_bins=5,
    time_mask_ms=100,
    gain_p=1,
    speed_perturb_p=1,
    background_noise_p=1,
    colored_noise_p=1,
    mixup_p=1,
)


def test_same_seed_same_draws() -> None:
    waveforms, features, noise = torch.randn(8, 100), torch.randn(8, 30, 20), torch.randn(500)

    def drawn(seed: int) -> list[Tensor]:
        one = augmenter(ALL, seed, noise)
        lengths, labels = torch.full((8,), 90), torch.arange(8) % 3
        return [*one.waveforms(waveforms, lengths, labels), one.features(features)]

    assert all(torch.equal(one, other) for one, other in zip(drawn(1), drawn(1), strict=True))
    assert not any(torch.equal(one, other) for one, other in zip(drawn(1), drawn(2), strict=True))


def test_gain_by_hand() -> None:
    louder = gain(torch.tensor([[1.0, -2], [1, 3]]), torch.tensor([20.0, -20]))
    torch.testing.assert_close(louder, torch.tensor([[10.0, -20], [0.1, 0.3]]))


def test_speed_by_hand() -> None:
    ramp = torch.tensor([[0.0, 1, 2, 3]]).repeat(3, 1)
    played = speed_perturb(ramp, torch.tensor([1.0, 2, 0.5]))
    assert played.tolist() == [[0, 1, 2, 3], [0, 2, 0, 0], [0, 0.5, 1, 1.5]]


def test_a_slower_tone_is_lower() -> None:
    tone = torch.sin(2 * torch.pi * 100 * torch.arange(SAMPLE_RATE) / SAMPLE_RATE)[None]
    spectrum = torch.fft.rfft(speed_perturb(tone, torch.tensor([0.9]))).abs()
    assert int(spectrum.argmax()) == 90


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


def test_gain_stays_within_its_limit() -> None:
    louder, _, _ = changed(replace(OFF, gain_db=6, gain_p=1), torch.ones(2000, 1))
    gains = 20 * louder.log10()
    assert float(gains.abs().max()) <= 6 + 1e-4
    assert float(gains.max()) > 5.9
    assert float(gains.min()) < -5.9


def test_speed_stays_within_its_limit_and_moves_the_end() -> None:
    """A ramp says where each sample comes from, and so how fast it is played."""
    ramp = torch.arange(100.0).repeat(500, 1)
    played, lengths, _ = changed(replace(OFF, speed_perturb=0.1, speed_perturb_p=1), ramp)
    speed = played[:, 80] / 80
    assert 0.9 <= float(speed.min()) < 0.905
    assert 1.095 < float(speed.max()) <= 1.1
    torch.testing.assert_close(lengths, (100 / speed).ceil().long().clamp(max=100))


def test_background_noise_is_cut_from_all_of_it_within_the_ratios() -> None:
    clips = torch.randn(2000, 10)
    config = replace(OFF, background_noise_p=1, snr_min_db=5, snr_max_db=25)
    noise = torch.arange(1.0, 31)
    added = changed(config, clips, noise=noise)[0] - clips
    ratio = 10 * (clips.square().sum(dim=1) / added.square().sum(dim=1)).log10()
    assert float(ratio.min()) > 4.9
    assert float(ratio.max()) < 25.1
    # Neighbours in the cut differ by one: their quotient tells where it begins.
    first = (added[:, 0] / (added[:, 1] - added[:, 0])).round().int()
    assert set(first.tolist()) == set(range(1, 22))


def test_less_noise_than_a_clip_is_not_added() -> None:
    clips = torch.randn(4, 10)
    assert torch.equal(changed(replace(OFF, background_noise_p=1), clips, noise=torch.ones(9))[0], clips)


def test_mixup_mixes_clips_and_words_alike() -> None:
    """Clips are one-hot as their words are, so what comes out must be their shares."""
    clips = torch.eye(3).repeat(50, 1)
    mixed, _, shares = changed(replace(OFF, mixup_p=1, mixup_alpha=1.0), clips)
    assert torch.equal(mixed, shares)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(150))
    assert 0.3 < float((shares.max(dim=1).values < 0.9).float().mean()) < 0.9


@pytest.mark.parametrize(
    "name", ["shift_p", "gain_p", "speed_perturb_p", "background_noise_p", "colored_noise_p", "mixup_p"]
)
def test_a_share_of_the_clips_is_changed(name: str) -> None:
    waveforms = torch.randn(2000, 50)
    config = replace(OFF, mixup_alpha=5.0, **{name: 0.3})  # type: ignore[arg-type]
    after = changed(config, waveforms, noise=torch.randn(500))[0]
    share = float((after != waveforms).any(dim=1).float().mean())
    assert share == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("name", ["freq_mask_p", "time_mask_p"])
def test_a_share_of_the_features_is_masked(name: str) -> None:
    config = replace(OFF, freq_mask_bins=4, time_mask_ms=80, **{name: 0.5})
    bands, frames = hidden(augmenter(config).features(torch.ones(2000, 30, 20)))
    share = float((bands if name == "freq_mask_p" else frames).any(dim=1).float().mean())
    assert share == pytest.approx(0.5 * 4 / 5, abs=0.04)  # one width of five is 0


def refuse(*_args: Any, **_settings: Any) -> Never:
    raise AssertionError("augmented outside training")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, tiny: RunConfig, shared_recordings: Path) -> Path:
    """Give a trained run, after whose training any augmentation is an error."""
    run = shared_run(tiny, shared_recordings)
    monkeypatch.setattr(Augmenter, "waveforms", refuse)
    monkeypatch.setattr(Augmenter, "features", refuse)
    return run


def test_no_augmentation_outside_training(refused: Path, shared_recordings: Path, tmp_path: Path) -> None:
    run = shutil.copytree(refused, tmp_path / "run")
    recognizer = load(run)
    validation = open_corpus(shared_recordings, recognizer.config.corpus).loader("validation", 8)
    checked, _logits, _labels = loop.validate(recognizer, validation)
    assert checked.clips == 18
    assert evaluate(run, shared_recordings).clips == 18
    assert recognizer.predict(next(shared_recordings.glob("low/*.wav"))).word in recognizer.classes

    # The same weights under another augmentation score the same, to the last bit.
    recognizer.config = replace(recognizer.config, augment=replace(ALL, shift_ms=900, freq_mask_bins=40))
    assert loop.validate(recognizer, validation)[0] == checked


@pytest.mark.parametrize("name", ["waveforms", "features"])
def test_training_augments(
    name: str, tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Augmenter, name, refuse)
    with pytest.raises(AssertionError, match="augmented"):
        loop.train(tiny, shared_recordings, tmp_path / "run")
