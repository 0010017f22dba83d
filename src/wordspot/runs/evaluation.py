"""What an evaluation says: scores of one recogniser on the clips of one split, and every prediction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wordspot.figures import STYLE, Plot, Source
from wordspot.layout import Split
from wordspot.schema import validated
from wordspot.text import label

Interval = tuple[float, float]
COLUMNS = ("path", "start", "speaker", "word", "predicted")
"""Of predictions, before a probability for each class."""


@dataclass(frozen=True)
class WordScores:
    """How well one word is recognised."""

    word: str
    precision: float
    recall: float
    f1: float
    clips: int


@dataclass(frozen=True)
class Scores:
    """The scores of a recogniser on one split, or on all clips of a folder, as kept in JSON."""

    split: Split | Literal["all"]
    clips: int
    speakers: int
    fingerprint: str
    """SHA-256 of the clips."""
    accuracy: float
    interval: Interval
    """95 % interval of the accuracy: the wider of the two below on each side."""
    interval_over_speakers: Interval
    """95 % interval by a bootstrap over speakers; without width where no clip is missed."""
    interval_over_clips: Interval
    """95 % interval by Wilson, which takes the clips of one speaker for independent."""
    macro_f1: float
    words: list[WordScores]
    confusion: list[list[int]]
    """Counts [C, C]: a row for each word said, a column for each word recognised."""
    synthetic: bool = False
    """Whether the clips are synthetic speech."""


@dataclass(frozen=True)
class Evaluation(Scores):
    """Scores, and every prediction that they count."""

    predictions: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    """One row per clip: path, start, speaker, word, predicted, and the probability of each class."""

    def to_json(self) -> dict[str, Any]:
        """Give the scores without the predictions, as they are kept in JSON."""
        scores = {f.name: getattr(self, f.name) for f in fields(Scores)}
        return scores | {"words": [asdict(word) for word in self.words]}

    @classmethod
    def from_json(cls, stored: Any, predictions: pd.DataFrame) -> "Evaluation":
        """Read what `to_json` gave. Raises UsageError or ValueError where it or its predictions don't fit."""
        read = cls(**vars(validated(Scores, stored)), predictions=predictions)
        read.check()
        return read

    def check(self) -> None:
        """Raise ValueError where the predictions are not those that the scores count."""
        words = [one.word for one in self.words]
        if [len(row) for row in self.confusion] != [len(words)] * len(words):
            raise ValueError(f"its confusion matrix is not of {len(words)} words")
        rows, probabilities = self.predictions, [f"p({word})" for word in words]
        missing = [name for name in (*COLUMNS, *probabilities) if name not in rows]
        if missing:
            raise ValueError(f"its predictions lack {missing[0]}")
        if len(rows) != self.clips:
            raise ValueError(f"{len(rows)} predictions for {self.clips} clips")
        if not rows["predicted"].isin(words).all():
            raise ValueError("its predictions are of other words")
        if not (rows["start"].astype(int) >= 0).all():
            raise ValueError("its predictions have a start before the file's")
        if not rows[probabilities].astype(float).stack().between(0, 1).all():
            raise ValueError("its predictions have probabilities that are none")

    def plot_confusion(self) -> Figure:
        """Plot the confusion matrix: counts, shaded by their share of the row."""
        words = [scores.word for scores in self.words]
        title = f"{self.split}: accuracy {self.accuracy:.1%}, {self.clips} clips"
        return plot_confusion(np.array(self.confusion), words, title, self)


def confusion_matrix(said: NDArray[np.int_], heard: NDArray[np.int_], classes: int) -> NDArray[np.int_]:
    """Count clips [N] by the class said and the class recognised, [C, C].

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = np.bincount(said * classes + heard, minlength=classes**2)
    return cells.reshape(classes, classes)


def plot_confusion(counts: NDArray[np.int_], words: Sequence[str], title: str, source: Source) -> Figure:
    """Plot a confusion matrix [C, C] of the classes `words`: counts, shaded by their share of the row."""
    names = list(map(label, words))
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        side = 2.5 + 0.45 * len(names)
        figure = Plot(figsize=(side, side), source=source)
        axes = figure.subplots()
        shaded = row_shares(counts)
        axes.imshow(shaded, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=60)
        axes.set_yticks(range(len(names)), names)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                shade = "white" if shaded[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=9)
        axes.set(xlabel="recognised", ylabel="said")
        axes.set_title(title, fontsize=11)
    return figure


def row_shares(confusion: NDArray[np.float64] | NDArray[np.int_]) -> NDArray[np.float64]:
    """Turn counts [C, C] into shares of each row."""
    rows: NDArray[np.float64] = confusion.sum(axis=1, keepdims=True).clip(1)
    return confusion / rows
