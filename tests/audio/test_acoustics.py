"""Simulated rooms and microphones for recorded clips: filters that are what they are made from."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from wordspot.audio.acoustics import (
    MICROPHONES,
    ROOMS,
    in_rooms,
    through_microphones,
)
from wordspot.audio.augment import Augmenter, Clips
from wordspot.audio.microphone import draw_microphone
from wordspot.audio.room import ECHO_S, REVERBERATION_S, draw_room, impulse_response
from wordspot.config import AugmentConfig

RATE = 16_000
S = 8000
OFF = AugmentConfig(shift_p=0, freq_mask_p=0, time_mask_p=0)


def response(number: int) -> Tensor:
    impulse = impulse_response(draw_room(np.random.default_rng((number, 0))), RATE, REVERBERATION_S)
    return torch.from_numpy(impulse).float()


def test_a_click_in_a_room_is_its_impulse_response() -> None:
    clicks = torch.zeros(2, S)
    clicks[:, 0] = 1.0
    heard = in_rooms(clicks, torch.tensor([3, 7]), RATE)
    for row, number in zip(heard, (3, 7), strict=True):
        expected = response(number)
        torch.testing.assert_close(row[: len(expected)], expected, rtol=0, atol=1e-6)
        assert row[len(expected) :].abs().max() < 1e-6


def test_what_a_room_adds_does_not_come_round_to_the_start() -> None:
    clip = torch.zeros(1, S)
    clip[0, -10:] = torch.randn(10)
    heard = in_rooms(clip, torch.tensor([5]), RATE)
    assert heard[0, :-10].abs().max() < 1e-5
    expected = np.convolve(clip[0].numpy(), response(5).numpy())[:S]
    np.testing.assert_allclose(heard[0].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("hz", [500, 1000, 3000])
def test_a_microphone_has_its_gain_at_each_frequency(hz: int) -> None:
    tone = torch.sin(2 * torch.pi * hz * torch.arange(S) / RATE)[None]
    heard = through_microphones(tone, torch.tensor([2]), RATE)
    microphone = draw_microphone(np.random.default_rng((2, 1)))
    expected_db = np.interp(np.log(hz), np.log(microphone.hz), microphone.db)
    gain_db = 20 * float((heard.norm() / tone.norm()).log10())
    assert gain_db == pytest.approx(expected_db, abs=0.01)


def test_rooms_and_microphones_differ() -> None:
    noise = torch.randn(1, S)
    in_every_room = in_rooms(noise.expand(ROOMS, S), torch.arange(ROOMS), RATE)
    by_every_microphone = through_microphones(noise.expand(MICROPHONES, S), torch.arange(MICROPHONES), RATE)
    for heard in (in_every_room, by_every_microphone):
        assert len({round(float(row.norm()), 4) for row in heard}) > 60


def augmented(config: AugmentConfig, waveforms: Tensor, lengths: Tensor) -> Clips:
    draw = torch.Generator().manual_seed(0)
    augmenter = Augmenter(config, RATE, 20.0, 3, torch.zeros(0), draw)
    return augmenter.waveforms(waveforms, lengths, torch.zeros(len(waveforms), dtype=torch.int64))


def test_a_part_of_the_echo_follows_a_clip() -> None:
    lengths = torch.tensor([2000, S - 100])
    clips = torch.randn(2, S)
    clips[0, 2000:], clips[1, S - 100 :] = 0, 0
    after = augmented(replace(OFF, room_p=1.0), clips, lengths)
    assert after.lengths.tolist() == [2000 + ECHO_S * RATE, S]
    assert after.waveforms[0, 2000:3600].any()
    assert not after.waveforms[0, 3600:].any()


def test_a_microphone_leaves_padding_alone() -> None:
    lengths = torch.tensor([2000])
    clips = torch.randn(1, S)
    clips[0, 2000:] = 0
    after = augmented(replace(OFF, microphone_p=1.0), clips, lengths)
    assert after.lengths.tolist() == [2000]
    assert not after.waveforms[0, 2000:].any()
    assert not torch.equal(after.waveforms[0, :2000], clips[0, :2000])
