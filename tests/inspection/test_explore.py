"""A look at a small folder whose clips are known."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from tests.conftest import SAMPLE_RATE, speaker_names
from wordspot.config import FeatureConfig
from wordspot.errors import ClipError, UsageError
from wordspot.figures import SYNTHETIC, save_figure
from wordspot.inspection.explore import Exploration, hz_to_mel, mel_edges, mel_to_hz, plot_clip

PLAIN = FeatureConfig(deltas=0)


def tone(seconds: float, sample_rate: int = SAMPLE_RATE, hz: float = 1000) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * sample_rate)) / sample_rate)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of five clips, one of them unusable: two words, speakers of all three parts."""
    root = tmp_path / "clips"
    (ann, bob), (eve,), (joe,) = (
        speaker_names(split, count) for split, count in (("training", 2), ("validation", 1), ("testing", 1))
    )
    for word in ("no", "yes"):
        (root / word).mkdir(parents=True)
    soundfile.write(root / "no" / f"{ann}_nohash_0.wav", tone(1.0), SAMPLE_RATE, subtype="PCM_16")
    soundfile.write(root / "no" / f"{eve}_nohash_0.wav", tone(0.5), SAMPLE_RATE, subtype="PCM_16")
    soundfile.write(root / "yes" / f"{ann}_nohash_0.wav", tone(0.25, 8000), 8000, subtype="PCM_16")
    stereo = np.stack([tone(2.0), tone(2.0)], axis=1)
    soundfile.write(root / "yes" / f"{joe}_nohash_1.flac", stereo, SAMPLE_RATE, subtype="PCM_24")
    (root / "yes" / f"{bob}_nohash_0.wav").write_bytes(b"no sound")
    return root


@pytest.fixture
def exploration(folder: Path) -> Exploration:
    return Exploration(folder)


def test_counts(exploration: Exploration) -> None:
    counts = exploration.counts()
    assert list(counts.columns) == ["training", "validation", "testing", "all"]
    assert {word: list(row) for word, row in counts.iterrows()} == {
        "no": [1, 1, 0, 2],
        "yes": [1, 0, 1, 2],
        "all words": [2, 1, 1, 4],
    }


def test_chosen_words_come_first(folder: Path) -> None:
    look = Exploration(folder, ["yes", "maybe"])
    assert list(look.counts().index) == list(look.durations().index) == ["yes", "no", "all words"]
    assert [path.parent.name for path in look.some()] == ["yes", "no"]
    assert look.counts().loc["yes", "all"] == 2
    assert list(Exploration(folder).counts().index) == ["yes", "no", "all words"]  # as in COMMANDS


def test_speakers(exploration: Exploration) -> None:
    assert exploration.speakers().to_dict() == {"training": 1, "validation": 1, "testing": 1}


def test_unusable_clips_are_listed(exploration: Exploration) -> None:
    (error,) = exploration.unusable
    assert speaker_names("training", 2)[1] in str(error)
    assert error.reason == "not a readable sound file"


def test_folder_of_unusable_clips(tmp_path: Path) -> None:
    (tmp_path / "no").mkdir()
    (tmp_path / "no" / "a_nohash_0.wav").write_bytes(b"no sound")
    with pytest.raises(ClipError, match=r"a_nohash_0\.wav"):
        Exploration(tmp_path)


def test_durations(exploration: Exploration) -> None:
    durations = exploration.durations()
    assert list(durations.columns) == ["count", "mean", "min", "5%", "50%", "max", "under 1 s"]
    assert durations.loc["no"].tolist() == [2, 0.75, 0.5, 0.525, 0.75, 1.0, 0.5]
    assert durations.loc["yes"].tolist() == [2, 1.125, 0.25, 0.338, 1.125, 2.0, 0.5]
    # 5 % of the way over 0.25, 0.5, 1, 2 is 0.15 of the first step; one second is not under one second.
    assert durations.loc["all words"].tolist() == [4, 0.938, 0.25, 0.288, 0.75, 2.0, 0.5]


def test_formats(exploration: Exploration) -> None:
    rows = {tuple(row) for row in exploration.formats().to_numpy().tolist()}
    assert rows == {
        (8000, 1, "Signed 16 bit PCM", 1),
        (16_000, 1, "Signed 16 bit PCM", 2),
        (16_000, 2, "Signed 24 bit PCM", 1),
    }


def test_some(exploration: Exploration, folder: Path) -> None:
    first = speaker_names("training", 1)[0]
    assert {path.parent.name for path in exploration.some()} == {"no", "yes"}
    assert exploration.some(1)[0].parent.name == "yes"
    assert exploration.some(words=["yes"]) in (
        [folder / "yes" / f"{first}_nohash_0.wav"],
        [folder / "yes" / f"{speaker_names('testing', 1)[0]}_nohash_1.flac"],
    )
    with pytest.raises(UsageError, match="maybe"):
        exploration.some(words=["yes", "maybe"])


def test_durations_are_drawn(exploration: Exploration) -> None:
    axes = exploration.plot_durations().axes[0]
    assert axes.get_xlabel() == "duration (s)"
    bars = [bar for bar in axes.patches if bar.get_height()]  # type: ignore[attr-defined]
    assert sum(bar.get_height() for bar in bars) == 4  # type: ignore[attr-defined]
    assert "4 clips, 50% shorter than one second" in axes.get_title()


def drawn(path: Path, config: FeatureConfig = PLAIN) -> Figure:
    """Draw one clip, to the last pixel."""
    figure = Figure()
    plot_clip(figure.subplots(3, 1), path, config)
    figure.savefig(BytesIO(), format="png")
    return figure


def mesh_of(figure: Figure, row: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Give the time edges [T + 1], the other edges [F + 1] and the values [F, T] of a drawn mesh."""
    (mesh,) = figure.axes[row].collections
    places = np.asarray(mesh.get_coordinates())  # type: ignore[attr-defined]
    return places[0, :, 0], places[:, 0, 1], np.asarray(mesh.get_array())


def test_axes_of_a_clip(exploration: Exploration, folder: Path) -> None:
    path = folder / "no" / f"{speaker_names('training', 1)[0]}_nohash_0.wav"
    figure = exploration.plot_clips([path], PLAIN)
    figure.savefig(BytesIO(), format="png")
    waveform, mel, mfcc = figure.axes
    assert [ax.get_ylabel() for ax in (waveform, mel, mfcc)] == [
        "amplitude",
        "log-mel: frequency (Hz)",
        "MFCC: coefficient",
    ]
    assert mfcc.get_xlabel() == "time (s)"
    assert waveform.get_xlim() == mel.get_xlim() == mfcc.get_xlim() == (0, 1)
    (line,) = waveform.lines
    assert np.asarray(line.get_xdata())[[0, 8000]].tolist() == [0, 0.5]
    assert np.asarray(line.get_ydata()) == pytest.approx(tone(1.0), abs=1e-4)

    seconds, hertz, energies = mesh_of(figure, 1)
    assert seconds == pytest.approx(np.arange(52) * 0.02 - 0.01)  # frame n around n times 20 ms
    assert hertz == pytest.approx(mel_edges(PLAIN))
    assert energies.shape == (40, 51)

    _, coefficients, values = mesh_of(figure, 2)
    assert coefficients.tolist() == [n + 0.5 for n in range(20)]  # 1 to 19, without the loudness
    assert values.shape == (19, 51)


def test_mel_edges() -> None:
    edges = mel_edges(PLAIN)
    assert len(edges) == 41
    assert np.ptp(np.diff(hz_to_mel(edges))) < 1e-6
    assert mel_to_hz(hz_to_mel(edges)) == pytest.approx(edges)
    # Each band's own frequency, at which its triangle peaks, lies in the middle between its edges.
    low, high = hz_to_mel(np.array([20.0, 7600.0]))
    peaks = mel_to_hz(np.linspace(low, high, 42)[1:-1])
    assert (hz_to_mel(edges)[:-1] + hz_to_mel(edges)[1:]) / 2 == pytest.approx(hz_to_mel(peaks))


@pytest.mark.parametrize("hz", [100, 300, 1000, 2200, 5000, 7200])
def test_tone_shows_at_its_frequency(hz: float, tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(1.0, hz=hz), SAMPLE_RATE, subtype="PCM_16")
    _, hertz, energies = mesh_of(drawn(path), 1)
    band = int(energies[:, 25].argmax())
    assert hertz[band] < hz < hertz[band + 1]


@pytest.mark.parametrize("sample_rate", [8000, 16_000, 44_100, 48_000])
def test_clips_of_any_rate_are_drawn(sample_rate: int, tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, tone(0.5, sample_rate), sample_rate, subtype="PCM_16")
    figure = drawn(path)
    seconds, hertz, _ = mesh_of(figure, 1)
    assert seconds[-2] < 0.5 < seconds[-1] + 0.011
    assert hertz == pytest.approx(mel_edges(FeatureConfig(f_max_hz=min(7600, sample_rate / 2))))
    assert figure.axes[0].get_xlim() == (0, 0.5)


@pytest.mark.parametrize("samples", [1, 100, 513, 1023])
def test_clip_shorter_than_a_transform_is_drawn(samples: int, tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, tone(1.0)[:samples], SAMPLE_RATE, subtype="PCM_16")
    figure = drawn(path)
    assert figure.axes[0].get_xlim() == pytest.approx((0, samples / SAMPLE_RATE))
    assert np.isfinite(mesh_of(figure, 1)[2]).all()


def test_listen(exploration: Exploration, folder: Path) -> None:
    path = folder / "yes" / f"{speaker_names('training', 1)[0]}_nohash_0.wav"
    samples, sample_rate = soundfile.read(BytesIO(exploration.listen(path).data))
    assert sample_rate == 8000
    assert len(samples) == 2000
    # The same sound, at whatever loudness.
    assert np.corrcoef(samples, tone(0.25, 8000))[0, 1] > 0.999


def test_listen_to_stereo(exploration: Exploration, folder: Path) -> None:
    path = folder / "yes" / f"{speaker_names('testing', 1)[0]}_nohash_1.flac"
    samples, sample_rate = soundfile.read(BytesIO(exploration.listen(path).data))
    assert (sample_rate, samples.shape) == (SAMPLE_RATE, (32_000,))


def test_tables_to_print(exploration: Exploration, folder: Path) -> None:
    counts, speakers, durations, formats = exploration.tables()
    assert counts.title == f"Clips in {folder}"
    assert counts.columns == ["word", "training", "validation", "testing", "all"]
    assert counts.rows[-1] == ["all words", "2", "1", "1", "4"]
    assert speakers.rows == [["training", "1"], ["validation", "1"], ["testing", "1"]]
    assert durations.rows[1] == ["no", "2", "0.750", "0.500", "0.525", "0.750", "1.000", "0.500"]
    assert ["8000", "1", "Signed 16 bit PCM", "1"] in formats.rows
    assert len(formats.rows) == 3


def test_synthetic_speech_is_named(exploration: Exploration) -> None:
    exploration.index = replace(exploration.index, synthetic=True)
    assert all(table.title.endswith("(synthetic speech)") for table in exploration.tables())
    assert exploration.counts().columns.name == SYNTHETIC
    assert exploration.plot_durations().get_suptitle() == SYNTHETIC


def test_save(exploration: Exploration, tmp_path: Path) -> None:
    out = tmp_path / "out" / "deep"
    paths = exploration.save(out)
    assert {path.name for path in paths} == {path.name for path in out.iterdir()}
    assert pd.read_csv(out / "counts.csv")["all"].tolist() == [2, 2, 4]
    assert pd.read_csv(out / "durations.csv")["max"].tolist() == [2, 1, 2]
    assert pd.read_csv(out / "formats.csv")["clips"].sum() == 4
    # What these figures show is asserted above and in test_augmentation_gallery.py.
    clips = exploration.some()
    figures = {
        "durations": exploration.plot_durations(),
        "clips": exploration.plot_clips(clips),
        "augmentations": exploration.plot_augmentations(clips[0], clips[-1]),
    }
    for name, figure in figures.items():
        save_figure(figure, tmp_path / f"{name}.png")
        assert np.array_equal(imread(out / f"{name}.png"), imread(tmp_path / f"{name}.png"))


def test_save_draws_the_words_asked_for(
    exploration: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    plot = exploration.plot_clips

    def plot_and_note(paths: list[Path]) -> Figure:
        asked.extend(paths)
        return plot(paths)

    monkeypatch.setattr(exploration, "plot_clips", plot_and_note)
    exploration.save(tmp_path / "out", words=["yes"])
    assert [path.parent.name for path in asked] == ["yes"]
