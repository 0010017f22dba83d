"""Waveform to features: log-mel or MFCC, time derivatives, standardised with training statistics."""

from collections.abc import Iterable
from typing import Any

import torch
import torchaudio
from torch import Tensor, nn
from torch.nn.functional import pad

from wordspot.audio.dft import real_dft
from wordspot.audio.padding import frame_mask, full_lengths, take_frames, zero_padding
from wordspot.config import TRANSFORMS, FeatureConfig
from wordspot.schema import implementation
from wordspot.share import ALONE, Share

FLOOR = 1e-6
"""Added to mel energies before the logarithm, as `torchaudio.transforms.MFCC` does."""

RMS = 0.05
"""Root mean square to which clips are scaled; half of the clips of Speech Commands are louder."""

QUIET_RMS = 1e-3
"""Root mean square, -60 dB of full scale, below which a clip is amplified no further: silence stays soft."""

CACHED = 8
"""Clips that are transformed at once on a CPU, so that their frames and spectra stay in its cache."""


class LogMel(nn.Module):
    """Natural logarithm of mel energies.

    Shape: [B, S] in [-1, 1) to [B, n_mels, T], with T = 1 + S // hop frames, each centred on its time. Beyond
    the ends of a clip all samples are zeros, as they are in its padding. Equal to the logarithm of
    `torchaudio.transforms.MelSpectrogram` with `pad_mode="constant"`, in fewer passes over the samples.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, config: FeatureConfig, sample_rate: int) -> None:
        super().__init__()
        self.size = config.n_mels
        self.n_fft = config.n_fft
        self.hop = round(config.hop_ms * sample_rate / 1000)
        win = round(config.win_ms * sample_rate / 1000)
        before = (config.n_fft - win) // 2
        window = pad(torch.hann_window(win), (before, config.n_fft - win - before))  # (n_fft,)
        filters = torchaudio.functional.melscale_fbanks(
            config.n_fft // 2 + 1, config.f_min_hz, config.f_max_hz, config.n_mels, sample_rate
        )  # (bins, n_mels)
        self.register_buffer("window", window, persistent=False)
        # Of every bin twice, for the squares of its real and its imaginary part.
        self.register_buffer("filters", filters.repeat_interleave(2, dim=0), persistent=False)
        self.register_load_state_dict_pre_hook(_without_constants)  # type: ignore[no-untyped-call]

    def forward(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to [B, n_mels, T]."""
        return self.log_mel(waveforms).transpose(1, 2)

    def log_mel(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to log-mel energies [B, T, n_mels]."""
        return torch.log(self.energies(waveforms) + FLOOR)

    def energies(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to mel energies [B, T, n_mels]."""
        padded = pad(waveforms, (self.n_fft // 2, self.n_fft - self.n_fft // 2))
        frames = padded.unfold(1, self.n_fft, self.hop) * self.window  # (B, T, n_fft)
        # ONNX Runtime has a fast Fourier transform for powers of two alone.
        exporting = torch.compiler.is_exporting()
        pairs = real_dft(frames) if exporting else torch.view_as_real(torch.fft.rfft(frames))
        spectrum = pairs.flatten(2)  # (B, T, 2 * bins)
        energies: Tensor = spectrum.square_() @ self.filters  # (B, T, n_mels)
        return energies


class MFCC(LogMel):
    """Mel-frequency cepstral coefficients: the discrete cosine transform of log-mel energies.

    Shape: [B, S] in [-1, 1) to [B, n_mfcc, T].
    """

    dct: Tensor

    def __init__(self, config: FeatureConfig, sample_rate: int) -> None:
        super().__init__(config, sample_rate)
        self.size = config.n_mfcc
        dct = torchaudio.functional.create_dct(config.n_mfcc, config.n_mels, "ortho")  # (n_mels, n_mfcc)
        self.register_buffer("dct", dct, persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to [B, n_mfcc, T]."""
        return (self.log_mel(waveforms) @ self.dct).transpose(1, 2)


def _without_constants(_: nn.Module, state: dict[str, Tensor], prefix: str, *_rest: Any) -> None:
    """Let weights load that were saved with window and filters, which follow from the config."""
    for name in [name for name in state if name.startswith(prefix)]:
        del state[name]


class Features(nn.Module):
    """The front end of a recogniser, in two steps: static coefficients, and their derivatives over time.

    Shape: [B, S] in [-1, 1) to [B, T, F], with T = 1 + S // hop frames, each centred on its time. The first n
    of F features are static. A clip of L samples has 1 + L // hop frames; the rest are padding, of which
    neither the amount nor the content changes a real frame. Without `lengths`, no sample is padding.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: FeatureConfig, sample_rate: int) -> None:
        super().__init__()
        self.config = config
        self.hop = round(config.hop_ms * sample_rate / 1000)
        self.transform = implementation(TRANSFORMS, config.transform)(config, sample_rate)
        self.size = self.transform.size * (1 + config.deltas)
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("std", torch.ones(self.size))

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Transform waveforms [B, S] with lengths [B] to standardised features [B, T, F]."""
        if lengths is None:
            lengths = full_lengths(waveforms)
        static = self.static(zero_padding(waveforms, lengths), lengths)  # (B, T, n)
        return self.derive(static, self.frames(lengths))

    def static(self, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """Transform zero-padded waveforms [B, S] of lengths [B] to standardised static features [B, T, n]."""
        n = self.transform.size
        return (self.coefficients(waveforms, lengths) - self.mean[:n]) / self.std[:n]

    def derive(self, static: Tensor, frames: Tensor) -> Tensor:
        """Append the derivatives of standardised static features [B, T, n] with `frames` [B]: [B, T, F]."""
        n = self.transform.size
        return (self.with_deltas(static * self.std[:n] + self.mean[:n], frames) - self.mean) / self.std

    def raw(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Transform waveforms [B, S] with lengths [B] to features [B, T, F] that are not yet standardised."""
        if lengths is None:
            lengths = full_lengths(waveforms)
        static = self.coefficients(zero_padding(waveforms, lengths), lengths)  # (B, T, n)
        return self.with_deltas(static, self.frames(lengths))

    def coefficients(self, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """Transform zero-padded waveforms [B, S] of lengths [B] to static features [B, T, n] as they are."""
        if self.config.rms_normalize:
            waveforms = rms_normalize(waveforms, lengths)
        # An exported graph takes batches of any size, and can't cut them into a number of parts.
        in_parts = waveforms.is_cpu and not torch.compiler.is_exporting()
        parts = torch.split(waveforms, CACHED) if in_parts else (waveforms,)
        coefficients = torch.cat([self.transform(few) for few in parts])  # (B, n, T)
        return coefficients.transpose(1, 2)

    def with_deltas(self, static: Tensor, frames: Tensor) -> Tensor:
        """Append the derivatives of static features [B, T, n], none of which sees the padding: [B, T, F]."""
        orders = [static]
        for _ in range(self.config.deltas):
            orders.append(slopes(orders[-1], frames))
        return torch.cat(orders, dim=2)

    def frames(self, lengths: Tensor) -> Tensor:
        """Count the frames centred on clips of `lengths` samples; later frames are padding."""
        return 1 + lengths // self.hop

    @torch.no_grad()
    def fit(self, batches: Iterable[tuple[Tensor, Tensor]], share: Share = ALONE) -> None:
        """Set mean and standard deviation of each coefficient from waveforms [B, S] with lengths [B].

        Frames of padding are left out. To be called with the training split only, of which each process of
        several has its share.
        """
        frames = torch.zeros((), dtype=torch.float64)
        total = torch.zeros(self.size, dtype=torch.float64)
        squares = torch.zeros_like(total)
        for waveforms, lengths in batches:
            features = self.raw(waveforms, lengths).cpu().double()  # (B, T, F)
            real = frame_mask(self.frames(lengths.cpu()), features.shape[1])  # (B, T)
            kept = features[real]  # (frames, F)
            frames += len(kept)
            total += kept.sum(dim=0)
            squares += kept.square().sum(dim=0)
        frames, total, squares = share.totals(frames, total, squares)
        mean = total / frames
        variance = squares / frames - mean.square()
        self.mean.copy_(mean)
        # A constant coefficient (a mel band without a bin) is centred and left at its scale.
        self.std.copy_(torch.where(variance > 1e-10, variance, 1.0).sqrt())


def slopes(features: Tensor, frames: Tensor) -> Tensor:
    """Give the slope of features [B, T, n] at each frame, by least squares over five frames: [B, T, n].

    Beyond its first and its last of `frames` [B] a clip goes on as it is there. Equal to
    `torchaudio.functional.compute_deltas`, but for the padding.

    >>> slopes(torch.tensor([[[0.0], [1.0], [2.0], [3.0], [4.0], [9.0]]]), torch.tensor([5]))[0, 2]
    tensor([1.])
    """
    places = torch.arange(-2, features.shape[1] + 2, device=features.device)
    held = take_frames(features, places.clamp(min=0).minimum(frames[:, None] - 1))  # (B, T + 4, n)
    near, far = held[:, 3:-1] - held[:, 1:-3], held[:, 4:] - held[:, :-4]  # (B, T, n) each
    return (near + 2 * far) / 10


def rms_normalize(waveforms: Tensor, lengths: Tensor) -> Tensor:
    """Scale zero-padded waveforms [B, S] with lengths [B] to a root mean square of RMS; silence stays soft.

    >>> rms_normalize(torch.tensor([[0.5, -0.5], [0.5, 0.0], [0.0, 0.0]]), torch.tensor([2, 1, 2])) / RMS
    tensor([[ 1., -1.],
            [ 1.,  0.],
            [ 0.,  0.]])
    """
    return waveforms * (RMS / loudness(waveforms, lengths))


def loudness(waveforms: Tensor, lengths: Tensor) -> Tensor:
    """Give the root mean square [B, 1] of zero-padded waveforms [B, S], at least QUIET_RMS."""
    norm: Tensor = torch.linalg.vector_norm(waveforms, dim=1, keepdim=True)  # (B, 1)
    return (norm / lengths[:, None].sqrt()).clamp(min=QUIET_RMS)


def to_float(samples: Tensor) -> Tensor:
    """Turn int16 samples into float32 in [-1, 1).

    >>> to_float(torch.tensor([-32768, 0, 16384], dtype=torch.int16)).tolist()
    [-1.0, 0.0, 0.5]
    """
    return samples * (1 / 32768)
