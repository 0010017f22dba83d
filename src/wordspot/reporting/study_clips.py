"""What the clips of a study are like, and why some are missed; measured once, and kept in the study."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from wordspot.corpus.corpus import Corpus
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.evaluation.tables import percent
from wordspot.figures import COLORS, STYLE, Plot, Source
from wordspot.files import write_json
from wordspot.inspection.hypotheses import HypothesisTest, clip_traits, hypothesis_tests
from wordspot.layout import SPLITS

FILE = "clips.json"
BINS = 40


@dataclass(frozen=True)
class Spread:
    """How a quantity is spread over clips."""

    low: float
    """A twentieth of the clips have less."""
    high: float
    """A twentieth of the clips have more."""
    edges: list[float]
    """Of the bins of a histogram."""
    counts: list[int]


@dataclass(frozen=True)
class StudyClips:
    """The clips of all splits, and the mistakes of one model on those that it was scored on."""

    model: str
    fingerprint: str
    """Of the clips that the model was scored on."""
    accuracy: float
    """Of the model, so that measurements of an older study are known."""
    clips: int
    shorter: float
    """Share of clips that are shorter than the length that all are padded to."""
    cut: float
    """Share of clips whose word is cut off at the start or the end."""
    seconds: Spread
    level_db: Spread
    """Root mean square in decibels of full scale, without silent clips."""
    range_db: Spread
    """From soft to loud frames in decibels."""
    hypotheses: list[HypothesisTest]


def measure_clips(corpus: Corpus, group: SeedGroup, out: Path) -> StudyClips:
    """Measure the clips of a study and test why a model misses some; kept as clips.json in the folder `out`.

    Raises UsageError where the model was scored on other clips.
    """
    scored = group.evaluations[0]
    split = next(split for split in SPLITS if split == scored.split)
    traits = pd.concat([clip_traits(corpus, split) for split in SPLITS])
    samples = np.concatenate([corpus.table(split)["length"] for split in SPLITS])
    measured = StudyClips(
        group.name,
        scored.fingerprint,
        float(group.right_share.mean()),
        len(traits),
        float((samples < corpus.config.samples).mean()),
        float(traits["cut"].mean()),
        spread(samples / corpus.config.sample_rate),
        spread(traits["level_db"].to_numpy()),
        spread(traits["range_db"].to_numpy()),
        hypothesis_tests(group, corpus, split),
    )
    write_json(out / FILE, asdict(measured))
    return measured


def spread(values: NDArray[np.float64]) -> Spread:
    """Describe how values are spread, without infinite ones."""
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, [5, 95])
    counts, edges = np.histogram(finite, BINS)
    return Spread(float(low), float(high), edges.tolist(), counts.tolist())


def read_clips(study: Path, group: SeedGroup) -> StudyClips | None:
    """Read what was measured for a study; None where nothing was, or for other clips or another model."""
    try:
        stored = json.loads((study / FILE).read_text(encoding="utf-8"))
        found = TypeAdapter(StudyClips).validate_python(stored)
    except (OSError, ValueError, ValidationError):
        return None
    expected = (group.name, group.evaluations[0].fingerprint, float(group.right_share.mean()))
    return found if (found.model, found.fingerprint, found.accuracy) == expected else None


def difficulties(found: StudyClips, whole_seconds: float) -> str:
    """Say in which ways the clips differ."""
    level = found.level_db
    return (
        f"Of all {found.clips:,} clips, {percent(found.shorter)} are shorter than {whole_seconds:g} s, and "
        f"in {percent(found.cut)} the word is cut off at the start or the end. Nine tenths of them have a "
        f"level (root mean square) between {level.low:.0f} and {level.high:.0f} dB of full scale, and "
        f"{found.range_db.low:.0f} to {found.range_db.high:.0f} dB from their soft to their loud frames."
    )


def plot_spreads(found: StudyClips, source: Source) -> Figure:
    """Plot how long, how loud and how noisy the clips are, as shares of all clips."""
    shown: Sequence[tuple[str, Spread]] = (
        ("duration (s), logarithmic shares", found.seconds),
        ("level (dB of full scale)", found.level_db),
        ("soft to loud frames (dB)", found.range_db),
    )
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(10, 1.6), source=source)
        for axes, (label, values) in zip(figure.subplots(1, 3), shown, strict=True):
            shares = np.array(values.counts) / sum(values.counts)
            axes.stairs(shares, values.edges, fill=True, color=COLORS[0])
            axes.yaxis.set_major_formatter(PercentFormatter(1))
            axes.set_xlabel(label)
        figure.axes[0].set(yscale="log", ylabel="clips")
    return figure
