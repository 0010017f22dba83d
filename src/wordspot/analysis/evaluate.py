"""How well a trained recogniser does on one part: scores, predictions, confusion matrix."""

from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix, precision_recall_fscore_support

from wordspot.analysis.intervals import Interval, over_speakers, wider, wilson
from wordspot.corpus.batches import LARGE_BATCH, loader
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.corpus.index import Split
from wordspot.errors import UsageError
from wordspot.figures import STYLE, Plot, save_figure
from wordspot.files import is_current, whole_file, write_json
from wordspot.models.device import open_device
from wordspot.models.recognizer import WEIGHTS, Recognizer, load, read_config
from wordspot.sound.features import to_float


@dataclass(frozen=True)
class WordScores:
    """How one word is recognised."""

    word: str
    precision: float
    recall: float
    f1: float
    clips: int


@dataclass(frozen=True)
class Evaluation:
    """The scores of a recogniser on one part."""

    split: Split
    clips: int
    speakers: int
    fingerprint: str
    """Of the part's clips, SHA-256."""
    accuracy: float
    interval: Interval
    """95 %, the wider of the two below on each side."""
    interval_over_speakers: Interval
    """95 %, speakers redrawn: what others would give. Without width where no clip is missed."""
    interval_over_clips: Interval
    """95 %, Wilson: clips of one speaker are taken for independent."""
    macro_f1: float
    words: list[WordScores]
    confusion: list[list[int]]
    """Counts [C, C]: rows are the words said, columns the words recognised."""
    synthetic: bool = False
    """Whether the clips are synthetic speech."""


def evaluate(
    run: Path | str,
    data: Path | str,
    split: Split = "testing",
    *,
    device: str = "cpu",
    convert: bool = False,
    skip_bad: bool = False,
) -> Evaluation:
    """Evaluate the run in the folder `run` on one part of `data` and leave the results in that folder.

    Writes evaluation-<split>.json, predictions-<split>.csv and confusion-<split>.svg; where a run of
    synthetic speech is scored on recordings, <split> is followed by -recorded. Raises UsageError where the
    clips aren't those that the run was trained on: its test speakers might have been heard in training.
    """
    run, where = Path(run), open_device(device)
    recognizer = load(run)
    corpus = open_clips_of(run, data, split, convert=convert, skip_bad=skip_bad)
    probabilities = predict_part(recognizer, corpus, split, where)
    table, classes = corpus.table(split), corpus.config.classes
    result = score(
        table, probabilities, classes, split, corpus.fingerprint(split), synthetic=corpus.is_synthetic(split)
    )
    name = result_name(run, result)
    write_json(run / f"evaluation-{name}.json", asdict(result))
    with whole_file(run / f"predictions-{name}.csv") as part:
        predictions(table, probabilities, classes).to_csv(part, index=False, float_format="%.6f")
    save_figure(plot_confusion(result), run / f"confusion-{name}.svg")
    return result


def result_name(run: Path, result: Evaluation) -> str:
    """Name a result among those of its run: by the part, and where it's of recordings but the run is not."""
    _, made_of = read_config(run)
    other = made_of["data"].get("synthetic", False) and not result.synthetic
    return f"{result.split}-recorded" if other else result.split


def open_clips_of(
    run: Path, data: str | Path, split: Split, *, convert: bool = False, skip_bad: bool = False
) -> Corpus:
    """Open the clips that a run was trained on, or recordings where it was trained on synthetic speech.

    `split` is the part that is wanted of them. Raises UsageError where `data` holds others.
    """
    config, made_of = read_config(run)
    corpus = open_corpus(data, config.corpus, convert=convert, skip_bad=skip_bad, parts=(split,))
    new_voices = made_of["data"].get("synthetic", False) and not corpus.synthetic
    if corpus.store.fingerprint != made_of["data"]["fingerprint"] and not new_voices:
        made = made_of["data"].get("synthetic", False) or config.corpus.synthetic
        raise UsageError(
            f"{data}: not the clips that {run} was trained on ({made_of['data']['path']}): name those, so "
            f"that no speaker of its training is tested{' (or the synthesiser differs)' * bool(made)}"
        )
    return corpus


def is_scored(run: Path, split: Split) -> bool:
    """Say whether a run, as it is now, was evaluated on a part."""
    return is_current(run / f"evaluation-{split}.json", [run / WEIGHTS])


@torch.inference_mode()
def predict_part(
    recognizer: Recognizer, corpus: Corpus, split: Split, device: torch.device | str = "cpu"
) -> NDArray[np.float32]:
    """Give the probability of each class for each clip of a part, float32 [N, C]."""
    recognizer.eval().to(device)
    batches = [
        recognizer(to_float(batch.samples.to(device)), batch.lengths.to(device))
        .softmax(dim=1)
        .cpu()  # (B, C)
        for batch in loader(corpus, split, LARGE_BATCH)
    ]
    return torch.cat(batches).numpy()


def score(
    table: pd.DataFrame,
    probabilities: NDArray[np.float32],
    classes: tuple[str, ...],
    split: Split,
    fingerprint: str,
    *,
    synthetic: bool = False,
) -> Evaluation:
    """Score probabilities [N, C] of the clips of `table` (columns word and speaker)."""
    said = table["word"].to_numpy(dtype=str)
    recognised = np.array(classes)[probabilities.argmax(axis=1)]
    right = said == recognised
    by_speaker = over_speakers(right, table["speaker"].to_numpy(dtype=str))
    by_clip = wilson(int(right.sum()), len(right))
    precision, recall, f1, clips = precision_recall_fscore_support(
        said, recognised, labels=list(classes), zero_division=0.0
    )
    return Evaluation(
        split=split,
        clips=len(table),
        speakers=int(table["speaker"].nunique()),
        fingerprint=fingerprint,
        accuracy=float(right.mean()),
        interval=wider(by_speaker, by_clip),
        interval_over_speakers=by_speaker,
        interval_over_clips=by_clip,
        macro_f1=float(f1.mean()),
        words=[
            WordScores(word, float(precision[n]), float(recall[n]), float(f1[n]), int(clips[n]))
            for n, word in enumerate(classes)
        ],
        confusion=confusion_matrix(said, recognised, labels=list(classes)).tolist(),
        synthetic=synthetic,
    )


def predictions(
    table: pd.DataFrame, probabilities: NDArray[np.float32], classes: tuple[str, ...]
) -> pd.DataFrame:
    """Table the clips with the word recognised and the probability of each class."""
    shown = table[["path", "start", "speaker", "word"]].copy()
    shown["predicted"] = np.array(classes)[probabilities.argmax(axis=1)]
    return shown.join(pd.DataFrame(probabilities, columns=[f"p({word})" for word in classes]))


def plot_confusion(result: Evaluation) -> Figure:
    """Plot the confusion matrix: counts, shaded by the share of each word said."""
    counts = np.array(result.confusion)
    names = [scores.word for scores in result.words]
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        side = 2.5 + 0.45 * len(names)
        figure = Plot(figsize=(side, side), synthetic=result.synthetic)
        axes = figure.subplots()
        shaded = shares(counts)
        display = ConfusionMatrixDisplay(shaded, display_labels=names)
        display.plot(ax=axes, cmap="Blues", xticks_rotation=60, colorbar=False, include_values=False)
        display.im_.set_clim(0, 1)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                shade = "white" if shaded[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=9)
        axes.set(xlabel="recognised", ylabel="said")
        axes.set_title(f"{result.split}: accuracy {result.accuracy:.1%}, {result.clips} clips", fontsize=11)
    return figure


def shares(confusion: NDArray[np.float64] | NDArray[np.int_]) -> NDArray[np.float64]:
    """Turn counts [C, C] into shares of each row."""
    rows: NDArray[np.float64] = confusion.sum(axis=1, keepdims=True).clip(1)
    return confusion / rows
