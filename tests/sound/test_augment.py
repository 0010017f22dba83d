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
from tests.runs import shared_run
from wordspot.analysis.evaluate import evaluate
from wordspot.config import AugmentConfig, RunConfig
from wordspot.corpus.batches import loader
from wordspot.corpus.corpus import open_corpus
from wordspot.models.recognizer import load
from wordspot.sound.augment import draw_masks, draw_shift, mask, shift

OFF = AugmentConfig(shift_ms=0, mask_bands=0, mask_ms=0)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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
    shifted, new = draw_shift(clicks, lengths, AugmentConfig(shift_ms=shift_ms), 1000, seeded(seed))
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
def test_masks_stay_within_their_limits(mask_bands: int, mask_ms: float, seed: int) -> None:
    config = AugmentConfig(mask_bands=mask_bands, mask_ms=mask_ms)
    # More bands and frames than are masked, so that a mask of the one kind can be told from the other.
    bands, frames = hidden(draw_masks(torch.ones(32, 30, 20), config, 20.0, seeded(seed)))
    assert int(bands.sum(dim=1).max()) <= mask_bands
    assert int(frames.sum(dim=1).max()) <= round(mask_ms / 20)
    assert_in_one_piece(bands)
    assert_in_one_piece(frames)


def test_masks_of_every_width_fall_everywhere() -> None:
    config = AugmentConfig(mask_bands=3, mask_ms=100)
    bands, frames = hidden(draw_masks(torch.ones(2000, 30, 20), config, 20.0, seeded()))
    assert set(bands.sum(dim=1).tolist()) == {0, 1, 2, 3}
    assert set(frames.sum(dim=1).tolist()) == {0, 1, 2, 3, 4, 5}
    assert bands.any(dim=0).all()
    assert frames.any(dim=0).all()


def test_no_mask_is_cut_off_at_the_edge() -> None:
    """Every width up to the widest is as likely as another, though the widest fit in few places."""
    config = AugmentConfig(mask_bands=20, mask_ms=0)
    bands, _ = hidden(draw_masks(torch.ones(4000, 30, 20), config, 20.0, seeded()))
    assert bands.sum(dim=1).double().mean() == pytest.approx(10, abs=0.4)


def test_mask_wider_than_the_clip_hides_at_most_all_of_it() -> None:
    masked = draw_masks(torch.ones(50, 3, 4), AugmentConfig(mask_bands=99, mask_ms=9999), 20.0, seeded())
    assert masked.shape == (50, 3, 4)
    assert {0.0, 1.0} == set(masked.flatten().tolist())


def test_all_off_changes_no_bit() -> None:
    waveforms, features = torch.randn(8, 100), torch.randn(8, 30, 20)
    shifted, lengths = draw_shift(waveforms, torch.arange(8) + 1, OFF, 1000, seeded())
    assert torch.equal(shifted, waveforms)
    assert lengths.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert torch.equal(draw_masks(features, OFF, 20.0, seeded()), features)


def test_same_seed_same_draws() -> None:
    waveforms, lengths, features = torch.randn(8, 100), torch.full((8,), 90), torch.randn(8, 30, 20)
    config = AugmentConfig(shift_ms=20, mask_bands=5, mask_ms=100)

    def changed(seed: int) -> tuple[Tensor, Tensor]:
        draw = seeded(seed)
        return draw_shift(waveforms, lengths, config, 1000, draw)[0], draw_masks(features, config, 20.0, draw)

    assert all(torch.equal(one, other) for one, other in zip(changed(1), changed(1), strict=True))
    assert not any(torch.equal(one, other) for one, other in zip(changed(1), changed(2), strict=True))


def refuse(*_args: Any, **_settings: Any) -> Never:
    raise AssertionError("augmented outside training")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, tiny: RunConfig, shared_recordings: Path) -> Path:
    """Give a trained run, after whose training any augmentation is an error."""
    run = shared_run(tiny, shared_recordings)
    monkeypatch.setattr(loop, "draw_shift", refuse)
    monkeypatch.setattr(loop, "draw_masks", refuse)
    return run


def test_no_augmentation_outside_training(refused: Path, shared_recordings: Path, tmp_path: Path) -> None:
    run = shutil.copytree(refused, tmp_path / "run")
    recognizer = load(run)
    validation = loader(open_corpus(shared_recordings, recognizer.config.corpus), "validation", 8)
    checked = loop.validate(recognizer, validation, torch.device("cpu"))
    assert checked.clips == 18
    assert evaluate(run, shared_recordings).clips == 18
    assert recognizer.predict(next(shared_recordings.glob("low/*.wav"))).word in recognizer.classes

    # The same weights under another augmentation score the same, to the last bit.
    recognizer.config = replace(recognizer.config, augment=AugmentConfig(900, 40, 900))
    assert loop.validate(recognizer, validation, torch.device("cpu")) == checked


@pytest.mark.parametrize("name", ["draw_shift", "draw_masks"])
def test_training_augments(
    name: str, tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, name, refuse)
    with pytest.raises(AssertionError, match="augmented"):
        loop.train(tiny, shared_recordings, tmp_path / "run")
