"""Training as tutorials write it: one file and one chain of torchaudio transforms for each item."""

from pathlib import Path

import soundfile
import torch
import torchaudio
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.utils.data import Dataset

from wordspot.audio.features import FLOOR
from wordspot.config import AugmentConfig, FeatureConfig

SPEEDS = (0.9, 0.95, 1.0, 1.05, 1.1)


def torchaudio_mel(config: FeatureConfig, sample_rate: int) -> torchaudio.transforms.MelSpectrogram:
    """Make torchaudio's transform with the settings of a config."""
    return torchaudio.transforms.MelSpectrogram(
        sample_rate,
        n_fft=config.n_fft,
        win_length=round(config.win_ms * sample_rate / 1000),
        hop_length=round(config.hop_ms * sample_rate / 1000),
        f_min=config.f_min_hz,
        f_max=config.f_max_hz,
        n_mels=config.n_mels,
        pad_mode="constant",
    )


class TutorialDataset(Dataset[tuple[Tensor, int]]):
    """Clips as features [T, F], read and transformed one by one; augmented as a recipe is where asked for.

    Mixup, which tutorials do in the batch, is left out.
    """

    def __init__(
        self,
        files: list[Path],
        labels: list[int],
        samples: int,
        sample_rate: int,
        features: FeatureConfig,
        augment: AugmentConfig | None,
        noise: Tensor,
    ) -> None:
        """Take files with their labels, the samples of a clip, and background noise float32 [M]."""
        self.files, self.labels, self.samples, self.noise = files, labels, samples, noise
        self.augment = augment
        self.mel = torchaudio_mel(features, sample_rate)
        self.deltas = nn.ModuleList(torchaudio.transforms.ComputeDeltas() for _ in range(features.deltas))
        self.speed = torchaudio.transforms.SpeedPerturbation(sample_rate, SPEEDS)
        self.add_noise = torchaudio.transforms.AddNoise()
        if augment:
            self.farthest = round(augment.shift_ms * sample_rate / 1000)
            self.mask_frequencies = torchaudio.transforms.FrequencyMasking(augment.freq_mask_bins)
            self.mask_time = torchaudio.transforms.TimeMasking(round(augment.time_mask_ms / features.hop_ms))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, n: int) -> tuple[Tensor, int]:
        samples, _ = soundfile.read(self.files[n], dtype="float32")
        waveform = torch.from_numpy(samples)
        if self.augment:
            waveform = self.augmented(waveform, self.augment)
        waveform = pad(waveform, (0, self.samples))[: self.samples]
        mel = torch.log(self.mel(waveform) + FLOOR)  # (n_mels, T)
        if self.augment:
            mel = self.mask_time(self.mask_frequencies(mel))
        orders = [mel]
        for compute_deltas in self.deltas:
            orders.append(compute_deltas(orders[-1]))
        return torch.cat(orders).T, self.labels[n]  # (T, F)

    def augmented(self, waveform: Tensor, augment: AugmentConfig) -> Tensor:
        """Augment a waveform [S] with torchaudio's transforms."""
        if torch.rand(()) < augment.speed_perturb_p:
            waveform, _ = self.speed(waveform)
        offset = int(torch.randint(-self.farthest, self.farthest + 1, ()))
        waveform = pad(waveform, (offset, 0))
        if torch.rand(()) < augment.background_noise_p and len(self.noise) >= len(waveform):
            first = int(torch.randint(len(self.noise) - len(waveform) + 1, ()))
            noise = self.noise[first : first + len(waveform)]
            snr_db = augment.snr_min_db + (augment.snr_max_db - augment.snr_min_db) * torch.rand(())
            waveform = self.add_noise(waveform, noise, snr_db)
        return waveform
