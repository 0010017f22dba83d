"""The front end against known sounds, and its scaling against leaks from the other parts."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import soundfile
import torch
import torchaudio
from torch import Tensor, nn
from torch.nn.functional import pad

from tests.conftest import SAMPLE_RATE, WORDS, speaker_names
from wordspot.audio.effects import mask
from wordspot.audio.features import RMS, Features, rms_normalize, slopes, to_float
from wordspot.audio.padding import frame_mask
from wordspot.config import CorpusConfig, FeatureConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.layout import speaker_of, split_of

HOP = 320
PLAIN = FeatureConfig(deltas=0)
TRANSFORMS: tuple[Literal["log-mel", "mfcc"], ...] = ("log-mel", "mfcc")


def reference(config: FeatureConfig) -> Callable[[Tensor], Tensor]:
    """Give torchaudio's transform with the settings of a config, [B, S] to [B, n, T]."""
    mel: dict[str, Any] = {
        "n_fft": config.n_fft,
        "win_length": round(config.win_ms * SAMPLE_RATE / 1000),
        "hop_length": round(config.hop_ms * SAMPLE_RATE / 1000),
        "f_min": config.f_min_hz,
        "f_max": config.f_max_hz,
        "n_mels": config.n_mels,
        "pad_mode": "constant",
    }
    # With a DCT that keeps everything as it is, torchaudio's MFCC are log-mel energies.
    mfcc: Any = torchaudio.transforms.MFCC(SAMPLE_RATE, config.n_mfcc, log_mels=True, melkwargs=mel)
    if config.transform == "log-mel":
        mfcc.dct_mat = torch.eye(config.n_mels)
    return mfcc  # type: ignore[no-any-return]


def tone(hz: float) -> Tensor:
    """Give a second of a tone, float32 [1, S]."""
    return 0.5 * torch.sin(2 * math.pi * hz * torch.arange(SAMPLE_RATE) / SAMPLE_RATE)[None]


def noise(clips: int, seed: int = 0) -> Tensor:
    """Give seconds of noise, louder from clip to clip, float32 [clips, S]."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(clips, SAMPLE_RATE, generator=draw) * torch.linspace(0.02, 0.2, clips)[:, None]


def centres(config: FeatureConfig) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Centres of the mel bands in hertz, at even distances on O'Shaughnessy's scale."""
    low, high = 2595 * np.log10(1 + np.array([config.f_min_hz, config.f_max_hz]) / 700)
    mel = np.linspace(low, high, config.n_mels + 2)[1:-1]
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


@pytest.mark.parametrize("hz", [200, 440, 1000, 2500, 4000, 7000])
def test_tone_lands_in_its_own_band(hz: float) -> None:
    config = PLAIN
    energies = Features(config, SAMPLE_RATE).raw(tone(hz))[0, 2:-2]  # without the frames that see an edge
    own = int(np.abs(centres(config) - hz).argmin())
    assert (energies.argmax(dim=1) == own).all()
    far = (torch.arange(config.n_mels) - own).abs() >= 5
    assert (energies[:, far].amax(dim=1) < energies[:, own] - 7).all()  # a thousandth of the energy


@pytest.mark.parametrize("samples", [513, 640, 15_999, 16_000, 16_319, 16_320])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_number_of_frames(samples: int, transform: Literal["log-mel", "mfcc"]) -> None:
    features = Features(FeatureConfig(transform=transform), SAMPLE_RATE)
    assert features(torch.zeros(1, samples)).shape == (1, 1 + samples // HOP, features.size)


@pytest.mark.parametrize("frame", [2, 17, 40, 48])
def test_frames_are_centred_on_their_times(frame: int) -> None:
    waveform = torch.zeros(1, SAMPLE_RATE)
    waveform[0, frame * HOP] = 1.0
    energies = Features(PLAIN, SAMPLE_RATE).raw(waveform)[0].sum(dim=1)  # (T,)
    assert int(energies.argmax()) == frame
    # Half a hop later it stands between two frames, which hear it equally.
    later = Features(PLAIN, SAMPLE_RATE).raw(waveform.roll(HOP // 2, 1))[0].sum(dim=1)
    torch.testing.assert_close(later[frame], later[frame + 1])
    assert {int(place) for place in later.topk(2).indices} == {frame, frame + 1}


def test_log_mel_of_silence() -> None:
    silence = Features(PLAIN, SAMPLE_RATE).raw(torch.zeros(1, SAMPLE_RATE))
    torch.testing.assert_close(silence, torch.full((1, 51, 40), math.log(1e-6)))


def test_mfcc_is_orthonormal_dct_of_log_mel() -> None:
    n_mels, n_mfcc = 40, 13
    k, n = np.arange(n_mfcc)[:, None], np.arange(n_mels)
    dct = np.sqrt(2 / n_mels) * np.cos(np.pi * k * (2 * n + 1) / (2 * n_mels))
    dct[0] /= np.sqrt(2)
    log_mel = Features(FeatureConfig(n_mels=n_mels, deltas=0), SAMPLE_RATE).raw(noise(2)).double().numpy()
    mfcc = Features(FeatureConfig("mfcc", n_mfcc, n_mels, deltas=0), SAMPLE_RATE).raw(noise(2)).numpy()
    np.testing.assert_allclose(mfcc, log_mel @ dct.T, atol=1e-4)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_fft": 1024},
        {"n_fft": 1023},
        {"n_fft": 512, "win_ms": 30.0, "hop_ms": 10.0},
        {"n_fft": 480, "win_ms": 25.0625, "hop_ms": 9.9375, "f_max_hz": 8000.0, "n_mels": 23},
        {"n_mels": 80, "f_min_hz": 0.0},
    ],
)
def test_features_are_those_of_torchaudio(
    transform: Literal["log-mel", "mfcc"], settings: dict[str, Any]
) -> None:
    """Within 1e-4 of a standard deviation, for more clips than are transformed at once."""
    config = FeatureConfig(transform=transform, deltas=0, rms_normalize=False, **settings)
    clips = torch.cat([noise(20), tone(440), tone(7000), torch.zeros(1, SAMPLE_RATE)])
    lengths = torch.full((23,), SAMPLE_RATE)
    features = Features(config, SAMPLE_RATE)
    features.fit([(clips, lengths)])
    expected = (reference(config)(clips).transpose(1, 2) - features.mean) / features.std  # (B, T, n)
    # torchaudio has a frame less of some lengths where n_fft is odd.
    torch.testing.assert_close(features(clips)[:, : expected.shape[1]], expected, atol=1e-4, rtol=0)
    assert features(clips).shape[1] - expected.shape[1] == config.n_fft % 2


def test_slopes_are_those_of_torchaudio() -> None:
    static = torch.randn(3, 12, 5)
    expected = torchaudio.functional.compute_deltas(static.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(slopes(static, torch.tensor([12, 12, 12])), expected)
    short = slopes(static, torch.tensor([12, 7, 1]))
    alone = torchaudio.functional.compute_deltas(static[1:2, :7].transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(short[1:2, :7], alone)
    assert not short[2, 0].any()


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_weights_saved_with_the_buffers_of_torchaudio_load(transform: Literal["log-mel", "mfcc"]) -> None:
    config = FeatureConfig(transform=transform)
    fitted, other = Features(config, SAMPLE_RATE), Features(config, SAMPLE_RATE)
    fitted.fit([(noise(3), torch.full((3,), SAMPLE_RATE))])
    assert set(fitted.state_dict()) == {"mean", "std"}
    mel = "mel" if transform == "log-mel" else "MelSpectrogram"
    constants = {f"transform.{mel}.spectrogram.window": torch.ones(640), "transform.dct_mat": torch.eye(40)}
    other.load_state_dict(fitted.state_dict() | constants)
    assert torch.equal(other(noise(1)), fitted(noise(1)))


def test_no_graph_is_built() -> None:
    assert not Features(FeatureConfig(deltas=2), SAMPLE_RATE)(noise(1)).requires_grad


@pytest.mark.parametrize(
    ("config", "size"),
    [
        (FeatureConfig(n_mels=32, deltas=0), 32),
        (FeatureConfig(n_mels=32, deltas=1), 64),
        (FeatureConfig("mfcc", n_mfcc=13, deltas=0), 13),
        (FeatureConfig("mfcc", n_mfcc=13, n_mels=26, deltas=2), 39),
    ],
)
def test_sizes(config: FeatureConfig, size: int) -> None:
    features = Features(config, SAMPLE_RATE)
    assert features.size == size
    assert features(noise(1)).shape == (1, 51, size)


class Ramps(nn.Module):
    """A transform whose coefficients rise by 2 and fall by 3 from frame to frame."""

    def forward(self, waveforms: Tensor) -> Tensor:
        times = torch.arange(20.0)
        return torch.stack([2 * times, 7 - 3 * times]).expand(len(waveforms), 2, 20)


def test_deltas_are_slopes_and_stand_after_the_static_features() -> None:
    features = Features(FeatureConfig(n_mels=2, deltas=2), SAMPLE_RATE)
    features.transform = Ramps()
    static, first, second = features.raw(torch.zeros(1, 19 * HOP))[0].chunk(3, dim=1)  # (T, 2) each
    torch.testing.assert_close(static, Ramps()(torch.zeros(1, 10))[0].T)
    # A slope is fitted over five frames, and a slope of slopes over nine.
    torch.testing.assert_close(first[2:-2], torch.tensor([2.0, -3.0]).expand(16, 2))
    torch.testing.assert_close(second[4:-4], torch.zeros(12, 2))


def test_static_features_are_the_same_with_deltas() -> None:
    plain = Features(PLAIN, SAMPLE_RATE).raw(noise(1))
    more = Features(FeatureConfig(deltas=2), SAMPLE_RATE).raw(noise(1))
    assert torch.equal(more[:, :, :40], plain)
    assert torch.equal(
        more[:, :, 40:80], Features(FeatureConfig(deltas=1), SAMPLE_RATE).raw(noise(1))[:, :, 40:]
    )


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_standardised_over_real_frames_only(transform: Literal["log-mel", "mfcc"]) -> None:
    lengths = torch.tensor([SAMPLE_RATE, 8000, 5000, 320])
    waveforms = noise(4) * (torch.arange(SAMPLE_RATE) < lengths[:, None])
    features = Features(FeatureConfig(transform=transform, deltas=1), SAMPLE_RATE)
    features.fit([(waveforms[:3], lengths[:3]), (waveforms[3:], lengths[3:])])
    scaled = features(waveforms, lengths)
    real = torch.cat([clip[: 1 + int(n) // HOP] for clip, n in zip(scaled, lengths, strict=True)]).double()
    assert len(real) == 51 + 26 + 16 + 2
    torch.testing.assert_close(real.mean(dim=0), torch.zeros(features.size).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        real.std(dim=0, correction=0), torch.ones(features.size).double(), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_neighbours_in_a_batch_change_nothing(transform: Literal["log-mel", "mfcc"]) -> None:
    features = Features(FeatureConfig(transform=transform, deltas=2), SAMPLE_RATE)
    clip = noise(1)
    loud = torch.cat([clip, 0.9 * noise(1, seed=1).sign(), torch.zeros(1, SAMPLE_RATE)])
    torch.testing.assert_close(features(loud)[:1], features(clip), atol=1e-5, rtol=0)


def test_constant_coefficients_are_left_at_their_scale() -> None:
    features = Features(PLAIN, SAMPLE_RATE)
    silence = torch.zeros(2, SAMPLE_RATE)
    features.fit([(silence, torch.tensor([SAMPLE_RATE, 400]))])
    assert torch.equal(features.std, torch.ones(40))
    torch.testing.assert_close(features(silence), torch.zeros(2, 51, 40))


def test_frames_and_their_mask() -> None:
    features = Features(PLAIN, SAMPLE_RATE)
    assert features.frames(torch.tensor([1, 319, 320, 16_000])).tolist() == [1, 1, 2, 51]
    marked = frame_mask(torch.tensor([2, 4, 1]), 4).int().tolist()
    assert marked == [[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]]


def test_statistics_are_stored() -> None:
    fitted, other = Features(PLAIN, SAMPLE_RATE), Features(PLAIN, SAMPLE_RATE)
    fitted.fit([(noise(3), torch.full((3,), SAMPLE_RATE))])
    assert not torch.equal(fitted.mean, other.mean)
    other.load_state_dict(fitted.state_dict())
    assert torch.equal(other(noise(1)), fitted(noise(1)))


def fitted_statistics(recordings: Path) -> tuple[Tensor, Tensor]:
    corpus = open_corpus(recordings, CorpusConfig(words=WORDS))
    features = Features(PLAIN, SAMPLE_RATE)
    features.fit((to_float(batch.samples), batch.lengths) for batch in corpus.loader("training", 20))
    return features.mean, features.std


def overwrite(paths: Sequence[Path]) -> None:
    draw = np.random.default_rng(1)
    for path in paths:
        soundfile.write(path, draw.uniform(-0.9, 0.9, SAMPLE_RATE), SAMPLE_RATE, subtype="PCM_16")


def test_statistics_come_from_training_clips_alone(recordings: Path) -> None:
    mean, std = fitted_statistics(recordings)
    splits = {path: split_of(speaker_of(path.stem)) for path in sorted(recordings.rglob("*.wav"))}

    others = [path for path, split in splits.items() if split != "training"]
    overwrite(others[2:])
    others[0].unlink()
    overwrite([recordings / "low" / f"{speaker_names('testing', 4)[3]}_nohash_0.wav"])
    again = fitted_statistics(recordings)
    assert torch.equal(again[0], mean)
    assert torch.equal(again[1], std)

    overwrite([next(path for path, split in splits.items() if split == "training")])
    changed = fitted_statistics(recordings)
    assert not torch.equal(changed[0], mean)
    assert not torch.equal(changed[1], std)


def test_loudness_changes_nothing_with_rms_normalisation() -> None:
    normalized, kept = (Features(FeatureConfig(rms_normalize=on), SAMPLE_RATE) for on in (True, False))
    loud, soft = noise(1), noise(1) / 10
    assert torch.allclose(normalized.raw(loud), normalized.raw(soft), atol=1e-3)
    assert not torch.allclose(kept.raw(loud), kept.raw(soft), atol=1.0)
    silence = torch.zeros(1, SAMPLE_RATE)
    assert torch.equal(normalized.raw(silence), kept.raw(silence))


def test_a_clip_is_as_loud_whatever_its_padding() -> None:
    """A quarter of a second, once by itself and once with three times as much padding."""
    clip = noise(1)[:, : SAMPLE_RATE // 4]
    lengths = torch.tensor([SAMPLE_RATE // 4])
    alone = rms_normalize(clip, lengths)
    padded = rms_normalize(pad(clip, (0, 3 * SAMPLE_RATE // 4)), lengths)
    torch.testing.assert_close(padded[:, : SAMPLE_RATE // 4], alone)
    assert float(alone.square().mean().sqrt()) == pytest.approx(RMS, rel=1e-5)


def test_what_is_softer_than_the_floor_stays_soft() -> None:
    """A clip at -60 dB of full scale comes to the common level, one at -70 dB stays 10 dB below it."""
    levels_db = torch.tensor([-20.0, -60.0, -70.0, -90.0])
    clips = torch.randn(4, SAMPLE_RATE)
    clips *= 10 ** (levels_db[:, None] / 20) / clips.square().mean(dim=1, keepdim=True).sqrt()
    normalised = rms_normalize(clips, torch.full((4,), SAMPLE_RATE))
    below = 20 * (normalised.square().mean(dim=1).sqrt() / RMS).log10()
    torch.testing.assert_close(below, torch.tensor([0.0, 0.0, -10.0, -30.0]), atol=1e-3, rtol=0)


@pytest.mark.parametrize("rms", [True, False])
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_padding_changes_no_real_frame(transform: Literal["log-mel", "mfcc"], rms: bool) -> None:
    """Neither its amount nor what it holds; with two derivatives, the last frames are the ones to see it."""
    features = Features(FeatureConfig(transform=transform, deltas=2, rms_normalize=rms), SAMPLE_RATE)
    clip = noise(1)[:, :5_000]
    alone = features(clip)
    lengths = torch.tensor([5_000])
    for padding in (torch.zeros(1, 1), torch.zeros(1, 11_000), torch.randn(1, 15_000)):
        padded = features(torch.cat([clip, padding], dim=1), lengths)
        torch.testing.assert_close(padded[:, :16], alone, atol=1e-5, rtol=0)


def test_any_length_gives_features() -> None:
    """Also one that is shorter than half of the Fourier transform."""
    assert Features(PLAIN, SAMPLE_RATE)(noise(1)[:, :1]).shape == (1, 1, 40)


def test_derivatives_of_masked_features_do_not_tell_what_was_masked() -> None:
    """Two clips that differ in one band are the same where it is masked, with all derivatives."""
    features = Features(FeatureConfig(deltas=2), SAMPLE_RATE)
    features.fit([(noise(4), torch.full((4,), SAMPLE_RATE))])
    lengths = torch.tensor([SAMPLE_RATE])
    static = features.static(noise(1), lengths)
    other = static.clone()
    other[:, :, 7] = torch.randn(1, 51)
    one, two = (
        features.derive(mask(given, torch.tensor([6]), torch.tensor([3]), dim=2), features.frames(lengths))
        for given in (static, other)
    )
    assert torch.equal(one, two)
    changed = features.derive(other, features.frames(lengths)) != features.derive(static, torch.tensor([51]))
    assert sorted(changed.any(dim=1)[0].nonzero()[:, 0].tolist()) == [7, 47, 87]


def test_features_are_static_ones_with_their_derivatives() -> None:
    features = Features(FeatureConfig(deltas=2), SAMPLE_RATE)
    lengths = torch.full((4,), SAMPLE_RATE)
    features.fit([(noise(4), lengths)])
    expected = (features.raw(noise(4)) - features.mean) / features.std
    torch.testing.assert_close(features(noise(4)), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(features.static(noise(4), lengths), expected[:, :, :40], atol=1e-5, rtol=1e-5)
