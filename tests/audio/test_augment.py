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
from tests.audio.tones import RATE_HZ, pitch_hz, tone
from tests.helpers import shared_run
from wordspot.audio.augment import AUGMENTATIONS, Augmenter, Clips, at_speed
from wordspot.audio.effects import speed_perturb
from wordspot.audio.padding import full_lengths, zero_padding
from wordspot.config import AugmentConfig, RunConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
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
    time_stretch_p=1,
    pitch_shift_p=1,
    background_noise_p=1,
    colored_noise_p=1,
    neighbour_p=1,
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


def test_each_clip_is_played_at_its_own_speed() -> None:
    clips = torch.cat([tone(hz) for hz in (500, 600, 700, 800)])
    percent = torch.tensor([90, 100, 110, 90])
    for played in (
        speed_perturb(clips, percent, RATE_HZ),
        at_speed(Clips(clips.clone(), full_lengths(clips), torch.zeros(4)), percent, speed_perturb).waveforms,
    ):
        assert [round(pitch_hz(clip[None])) for clip in played] == [450, 600, 770, 720]
        assert not played[2, 14_600:].any()
    assert torch.equal(played[1], clips[1])


def test_gain_stays_within_its_limit() -> None:
    louder, _, _ = changed(replace(OFF, gain_db=6, gain_p=1), torch.ones(2000, 1))
    gains = 20 * louder.log10()
    assert float(gains.abs().max()) <= 6 + 1e-4
    assert float(gains.max()) > 5.9
    assert float(gains.min()) < -5.9


@pytest.mark.parametrize("name", ["speed_perturb", "time_stretch"])
def test_speed_stays_within_its_limit_and_moves_the_end(name: str) -> None:
    """The end of a tone says how fast it was played; all speeds in steps of 1 % are drawn."""
    clips = Clips(tone(100, 0.5).repeat(200, 1), torch.full((200,), 4000), torch.zeros(200))
    clips = clips._replace(waveforms=zero_padding(clips.waveforms, clips.lengths))
    config = replace(OFF, **{name: 0.05, f"{name}_p": 1})  # type: ignore[arg-type]
    played = augmenter(config).waveforms(*clips)
    lengths = {-(-100 * 4000 // percent) for percent in range(95, 106)}
    assert set(played.lengths.tolist()) == lengths
    ends = played.waveforms.abs().gt(0).int().flip(1).argmax(dim=1)
    assert (8000 - ends - played.lengths).abs().max() <= 2
    with pytest.raises(UsageError, match=f"{name}: 0.004 must be 0 or at least 0.01"):
        replace(OFF, **{name: 0.004})  # type: ignore[arg-type]


def test_pitch_stays_within_its_limit_and_leaves_the_end() -> None:
    clips = Clips(tone(1000, 0.5).repeat(100, 1), torch.full((100,), 6000), torch.zeros(100))
    clips = clips._replace(waveforms=zero_padding(clips.waveforms, clips.lengths))
    shifted = augmenter(replace(OFF, pitch_semitones=2.0, pitch_shift_p=1)).waveforms(*clips)
    assert torch.equal(shifted.lengths, clips.lengths)
    assert not shifted.waveforms[:, 6000:].any()
    pitches = [pitch_hz(clip[None, :6000]) for clip in shifted.waveforms]
    assert 885 < min(pitches) < 910
    assert 1105 < max(pitches) < 1128


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


def test_a_neighbour_sounds_at_one_end_of_a_clip() -> None:
    clips = torch.ones(40, 100)
    heard, lengths, labels = changed(replace(OFF, neighbour_p=1), clips)
    assert set(heard.flatten().tolist()) == {1, 2}  # as loud as the clip itself
    both = heard == 2
    starts, ends = both[:, 0], both[:, -1]
    assert (starts ^ ends).all()
    assert starts.any()
    assert ends.any()
    assert (both.diff(dim=1).sum(dim=1) == 1).all()  # one stretch, which reaches one end
    share = both.float().mean(dim=1)
    assert share.min() >= 0.2
    assert share.max() <= 0.6
    assert share.max() - share.min() > 0.2
    assert lengths.tolist() == [100] * 40
    assert labels.tolist() == [n % 3 for n in range(40)]


def test_a_neighbour_after_a_short_clip_lengthens_it() -> None:
    clips = torch.zeros(40, 100)
    clips[:, :30] = 1
    shorts = torch.full((40,), 30)
    heard, lengths, _ = augmenter(replace(OFF, neighbour_p=1)).waveforms(
        clips, shorts, torch.zeros(40).long()
    )
    assert (heard[:, :30] == 1).all()  # one before it ends before it begins
    after = heard[:, 30:].any(dim=1)
    assert after.any()
    assert not after.all()
    assert (lengths[~after] == 30).all()
    last = torch.arange(100).expand(40, 100).where(heard != 0, -1).max(dim=1).values
    assert lengths.tolist() == (last + 1).tolist()


def test_mixup_mixes_clips_and_words_alike() -> None:
    """Clips are one-hot as their words are, so what comes out must be their shares."""
    clips = torch.eye(3).repeat(50, 1)
    mixed, _, shares = changed(replace(OFF, mixup_p=1, mixup_alpha=1.0), clips)
    torch.testing.assert_close(mixed, shares)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(150))
    assert 0.3 < float((shares.max(dim=1).values < 0.9).float().mean()) < 0.9


def test_the_weight_of_mixup_says_which_word_dominates() -> None:
    """Clips of one-hot samples, up to 40 dB apart, some padded: their levels tell the share of each."""
    lengths = torch.tensor([3, 6, 6]).repeat(50)
    kinds = torch.arange(150) % 3
    loud = 10 ** (-40 * torch.rand(150) / 20)
    clips = torch.zeros(150, 6)
    clips[torch.arange(150), kinds] = loud
    config = replace(OFF, mixup_p=1, mixup_alpha=1.0)
    mixed, _, shares = augmenter(config).waveforms(clips, lengths, kinds)
    level = mixed[:, :3] / torch.tensor([3.0, 6.0, 6.0]).sqrt()  # root mean square of each word's part
    pairs = (shares > 0).sum(dim=1) == 2
    torch.testing.assert_close(level / level.sum(dim=1, keepdim=True), shares)
    assert pairs.sum() > 50
    assert (level.argmax(dim=1) == shares.argmax(dim=1)).all()


def test_a_quiet_room_stays_quiet_beside_a_word() -> None:
    """A room 20 dB below the floor of RMS normalisation stays 20 dB below the words that it is mixed with."""
    kinds = torch.arange(40) % 2  # a word in the first half of the clip, the room in the second
    clips = torch.zeros(40, 2, 500)
    clips[torch.arange(40), kinds] = 2**0.5 * torch.tensor([0.1, 1e-4])[kinds, None]
    config = replace(OFF, mixup_p=1, mixup_alpha=1.0)
    mixed, _, shares = augmenter(config).waveforms(clips.flatten(1), torch.full((40,), 1000), kinds)
    pairs = (shares > 0).sum(dim=1) == 2
    word, room = mixed.view(40, 2, 500)[pairs].square().mean(dim=2).sqrt().unbind(dim=1)
    assert len(word) > 10
    torch.testing.assert_close(room / word, shares[pairs, 1] / shares[pairs, 0] / 10)


@pytest.mark.parametrize("name", ["background_noise_p", "colored_noise_p"])
def test_noise_is_not_added_to_padding_nor_measured_there(name: str) -> None:
    lengths = torch.tensor([250, 1000])
    clips = zero_padding(torch.randn(2, 1000), lengths)
    config = replace(OFF, snr_min_db=10, snr_max_db=10, **{name: 1})
    noisy = augmenter(config, noise=torch.randn(5000)).waveforms(clips, lengths, torch.zeros(2)).waveforms
    assert not noisy[0, 250:].any()
    added = noisy - clips
    for n, length in enumerate(lengths):
        ratio = clips[n, :length].square().sum() / added[n, :length].square().sum()
        assert float(10 * ratio.log10()) == pytest.approx(10, abs=0.01)


@pytest.mark.parametrize(
    "name",
    [one.probability for one in AUGMENTATIONS if one.domain == "waveform"],
)
def test_a_share_of_the_clips_is_changed(name: str) -> None:
    waveforms = torch.randn(2000, 400)
    strong = replace(OFF, mixup_alpha=5.0, speed_perturb=0.5, time_stretch=0.5, pitch_semitones=12.0)
    config = replace(strong, **{name: 0.3})  # type: ignore[arg-type]
    after = changed(config, waveforms, noise=torch.randn(5000))[0]
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
