"""Explore a corpus: counts, durations, formats, and what its clips look and sound like."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wordspot.audio.features import Features, to_float
from wordspot.audio.io import header, read_clip
from wordspot.config import COMMANDS, FeatureConfig, Runtime
from wordspot.corpus.index import Index
from wordspot.corpus.sources import find_index
from wordspot.errors import ClipError, UsageError
from wordspot.evaluation.tables import Table
from wordspot.figures import STYLE, SYNTHETIC, Plot, save_figure, titled
from wordspot.files import atomic_write, output_folder
from wordspot.inspection.augmentation_gallery import plot_augmentations
from wordspot.layout import SPLITS
from wordspot.text import label

if TYPE_CHECKING:
    from IPython.display import Audio

TRANSFORMS: tuple[Literal["log-mel", "mfcc"], ...] = ("log-mel", "mfcc")


class Exploration:
    """A look at a corpus; tables are data frames, and notebooks show figures inline."""

    def __init__(
        self, data: str | Path, words: Sequence[str] = COMMANDS, *, speaker_from: str | None = None
    ) -> None:
        """Look at the corpus `data`, whose `words` come first; `synthetic` is made of them on first use.

        `speaker_from` is as in `Runtime`.
        """
        speaker_from = Runtime(speaker_from=speaker_from).speaker_from  # checked
        self.index: Index = find_index(data, words, speaker_from=speaker_from)
        self.clips, self.unusable = _headers(self.index)
        there = sorted(set(self.clips["word"]))
        self.words = [word for word in words if word in there] + [word for word in there if word not in words]

    def counts(self) -> pd.DataFrame:
        """Count the clips of each word in each split, with sums."""
        counts = self.clips.groupby(["word", "split"]).size().unstack(fill_value=0)
        counts = counts.reindex(index=self.words, columns=list(SPLITS), fill_value=0)
        counts["all"] = counts.sum(axis=1)
        counts.loc["all words"] = counts.sum()
        return self.marked(counts)

    def speakers(self) -> pd.Series:
        """Count the speakers of each split."""
        return self.clips.groupby("split")["speaker"].nunique().reindex(list(SPLITS), fill_value=0)

    def formats(self) -> pd.DataFrame:
        """Count the clips of each sampling rate, number of channels and sample format."""
        kinds = self.clips.groupby(["sample_rate", "channels", "encoding"])
        return self.marked(kinds.size().rename("clips").reset_index())

    def durations(self) -> pd.DataFrame:
        """Table the durations of the clips in seconds, and the fraction shorter than one second."""
        seconds = self.clips.groupby("word")["seconds"]
        table = seconds.describe(percentiles=[0.05, 0.5]).drop(columns="std")
        table["under 1 s"] = seconds.agg(lambda values: (values < 1).mean())
        table = table.reindex(self.words)
        every = self.clips["seconds"]
        table.loc["all words"] = [*every.describe(percentiles=[0.05, 0.5]).drop("std"), (every < 1).mean()]
        return self.marked(table.astype({"count": int}).round(3))

    def marked(self, table: pd.DataFrame) -> pd.DataFrame:
        """Mark a table of synthetic speech in its corner, where a notebook shows it."""
        return table.rename_axis(columns=SYNTHETIC) if self.index.synthetic else table

    def plot_durations(self) -> Figure:
        """Plot a histogram of durations."""
        with mpl.rc_context(STYLE):
            figure = Plot(figsize=(8, 3.5), source=self.index)
            axes = figure.subplots()
            axes.hist(self.clips["seconds"], bins=50, log=True)
            axes.set(xlabel="duration (s)", ylabel="clips (logarithmic)")
            under = (self.clips["seconds"] < 1).mean()
            axes.set_title(f"{len(self.clips):,} clips, {under:.0%} shorter than one second", fontsize=11)
        return figure

    def some(self, count: int = 4, words: Sequence[str] = ()) -> list[Path]:
        """Pick the first usable clip of `count` words, or of each of `words`.

        Raises UsageError for a missing word.
        """
        first = self.clips.drop_duplicates("word").set_index("word")["path"]
        missing = [word for word in words if word not in first]
        if missing:
            raise UsageError(f"words: no usable clip of {', '.join(missing)} in {self.index.root}")
        return [self.index.root / first[word] for word in (words or self.words[:count])]

    def plot_clips(self, paths: Sequence[Path], config: FeatureConfig | None = None) -> Figure:
        """Plot the waveform, log-mel energies and MFCC of each clip over time."""
        with mpl.rc_context(STYLE | {"axes.grid": False}):
            figure = Plot(figsize=(3.4 * len(paths), 7), source=self.index)
            grid = figure.subplots(3, len(paths), squeeze=False, sharex="col")
            for column, path in zip(grid.T, paths, strict=True):
                plot_clip(column, path, config or FeatureConfig())
            for row, label in zip(
                grid, ("amplitude", "log-mel: frequency (Hz)", "MFCC: coefficient"), strict=True
            ):
                row[0].set_ylabel(label)
            for axes in grid[-1]:
                axes.set_xlabel("time (s)")
        return figure

    def listen(self, path: Path) -> "Audio":
        """Give an audio player of a clip for a notebook (needs the extra `notebook`)."""
        from IPython.display import Audio

        sample_rate = header(path).samplerate
        waveform = to_float(torch.from_numpy(read_clip(path, sample_rate, convert=True))).numpy()
        # Not normalised, so that a quiet clip sounds quiet.
        return Audio(waveform, rate=sample_rate, normalize=False)  # type: ignore[no-untyped-call]

    def plot_augmentations(self, path: Path, partner: Path) -> Figure:
        """Plot a clip under each augmentation; `partner` is mixed in."""
        return plot_augmentations(path, partner, self.index.noises, self.index)

    def tables(self) -> list[Table]:
        """Give counts, speakers, durations and formats as tables to print."""
        frames = {
            f"Clips in {self.index.root}": self.counts().reset_index(),
            "Speakers": self.speakers().rename("speakers").reset_index(),
            "Durations in seconds": self.durations().reset_index(),
            "Formats": self.formats(),
        }
        return [
            Table(
                titled(title, self.index),
                [str(name) for name in frame.columns],
                [[cell_text(cell) for cell in row] for row in frame.itertuples(index=False)],
            )
            for title, frame in frames.items()
        ]

    def save(self, out: Path, words: Sequence[str] = ()) -> list[Path]:
        """Save tables and figures in the folder `out`; gives their paths."""
        some = self.some(words=words)
        clips = self.plot_clips(some)
        augmentations = self.plot_augmentations(some[0], some[-1])
        output_folder(out)
        tables = {"counts": self.counts(), "durations": self.durations(), "formats": self.formats()}
        for name, table in tables.items():
            with atomic_write(out / f"{name}.csv") as part:
                marked = table.assign(speech=SYNTHETIC) if self.index.synthetic else table
                marked.to_csv(part, index=name != "formats")
        save_figure(self.plot_durations(), out / "durations.png")
        save_figure(clips, out / "clips.png")
        save_figure(augmentations, out / "augmentations.png")
        figures = ("durations.png", "clips.png", "augmentations.png")
        return [*(out / f"{name}.csv" for name in tables), *(out / name for name in figures)]


def cell_text(cell: object) -> str:
    """Write a cell of a table."""
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def _headers(index: Index) -> tuple[pd.DataFrame, list[ClipError]]:
    """Read the header of each file, and list files that can't be used."""
    rows, unusable = [], []
    for clip in index.clips:
        try:
            info = header(index.root / clip.path)
        except ClipError as error:
            unusable.append(error)
            continue
        rows.append(
            {
                "path": clip.path,
                "word": clip.word,
                "speaker": clip.speaker,
                "split": clip.split,
                "seconds": info.duration,
                "sample_rate": info.samplerate,
                "channels": info.channels,
                "encoding": info.subtype_info,
            }
        )
    if not rows:
        raise unusable[0]
    return pd.DataFrame(rows), unusable


def plot_clip(axes: Sequence[Axes], path: Path, config: FeatureConfig) -> None:
    """Plot one clip on three axes: waveform, log-mel energies over hertz, MFCC."""
    sample_rate = header(path).samplerate
    waveform = to_float(torch.from_numpy(read_clip(path, sample_rate, convert=True)))  # (S,)
    axes[0].plot(np.arange(len(waveform)) / sample_rate, waveform, linewidth=0.5)
    axes[0].set_title(f"{label(path.parent.name)}\n{label(path.name)}", fontsize=9)
    axes[0].set_ylim(-1, 1)

    window = round(config.win_ms * sample_rate / 1000)
    config = replace(
        config, f_max_hz=min(config.f_max_hz, sample_rate / 2), n_fft=max(config.n_fft, window), deltas=0
    )
    for ax, transform in zip(axes[1:], TRANSFORMS, strict=True):
        features = Features(replace(config, transform=transform), sample_rate)
        shown = features.raw(waveform[None])[0].T.numpy()  # (F, T)
        # Frames are centred on their times, so each is drawn half a hop to both sides.
        edges = (np.arange(shown.shape[1] + 1) - 0.5) * features.hop / sample_rate
        if transform == "log-mel":
            ax.pcolormesh(edges, mel_edges(config), shown)
            ax.set_yscale("function", functions=(hz_to_mel, mel_to_hz))
            ax.set_yticks([hz for hz in (250, 500, 1000, 2000, 4000, 8000) if hz < config.f_max_hz])
        else:
            # Coefficient 0 is the loudness, which would hide the others.
            ax.pcolormesh(edges, np.arange(0.5, len(shown)), shown[1:])
    axes[0].set_xlim(0, len(waveform) / sample_rate)


def mel_edges(config: FeatureConfig) -> NDArray[np.float64]:
    """Frequencies in hertz between the bands [n_mels + 1], where neighbouring triangles cross."""
    low, high = hz_to_mel(np.array([config.f_min_hz, config.f_max_hz]))
    corners = np.linspace(low, high, config.n_mels + 2)  # a triangle peaks at its neighbours' feet
    return mel_to_hz((corners[1:] + corners[:-1]) / 2)


def hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn hertz into mel (O'Shaughnessy 1987), as torchaudio does by default.

    >>> float(hz_to_mel(np.array(1000.0)).round(1))
    1000.0
    """
    return 2595 * np.log10(1 + np.asarray(hz) / 700)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn mel into hertz."""
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)
