"""Rooms and microphones for recorded clips: filters that are drawn once, from which each clip takes one."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from wordspot.audio.microphone import draw_microphone, gains_at
from wordspot.audio.room import REVERBERATION_S, draw_room, impulse_response

ROOMS = MICROPHONES = 64
"""Filters to choose from; the clips, shifted and changed in other ways, differ beside them."""


def in_rooms(waveforms: Tensor, room: Tensor, sample_rate: int) -> Tensor:
    """Let waveforms [B, S] sound in the rooms with numbers [B]: [B, S]."""
    S = waveforms.shape[1]
    points = S + round(REVERBERATION_S * sample_rate)
    responses = room_responses(points, sample_rate, waveforms.device)
    return filtered(waveforms, responses.index_select(0, room), points)


def through_microphones(waveforms: Tensor, microphone: Tensor, sample_rate: int) -> Tensor:
    """Record waveforms [B, S] by the microphones with numbers [B]: [B, S]."""
    S = waveforms.shape[1]
    gains = microphone_gains(S, sample_rate, waveforms.device)
    return filtered(waveforms, gains.index_select(0, microphone), S)


def filtered(waveforms: Tensor, responses: Tensor, points: int) -> Tensor:
    """Filter waveforms [B, S] by frequency responses [B, points // 2 + 1]: [B, S]."""
    spectra = torch.fft.rfft(waveforms, points) * responses  # (B, points // 2 + 1)
    filtered: Tensor = torch.fft.irfft(spectra, points)[:, : waveforms.shape[1]]
    return filtered


@cache
def room_responses(points: int, sample_rate: int, device: torch.device) -> Tensor:
    """Give the frequency responses of ROOMS rooms, complex [ROOMS, points // 2 + 1]."""
    impulses = [
        impulse_response(draw_room(np.random.default_rng((number, 0))), sample_rate)
        for number in range(ROOMS)
    ]
    responses = np.fft.rfft(np.stack(impulses), points)
    return torch.from_numpy(responses.astype(np.complex64)).to(device)


@cache
def microphone_gains(points: int, sample_rate: int, device: torch.device) -> Tensor:
    """Give the gains of MICROPHONES microphones at each frequency, [MICROPHONES, points // 2 + 1]."""
    bins_hz = np.fft.rfftfreq(points, 1 / sample_rate)
    drawn = [draw_microphone(np.random.default_rng((number, 1))) for number in range(MICROPHONES)]
    gains = [gains_at(bins_hz, one.hz, one.db) for one in drawn]
    return torch.from_numpy(np.stack(gains)).float().to(device)
