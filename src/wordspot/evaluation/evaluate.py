"""How well a recogniser does: predictions of every clip, and the scores that they give."""

import shlex
import warnings
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from wordspot.audio.features import to_float
from wordspot.config import Runtime
from wordspot.corpus.corpus import Corpus, open_corpus, open_labelled
from wordspot.corpus.index import assert_every_class
from wordspot.device import computing
from wordspot.errors import UsageError
from wordspot.evaluation.intervals import over_speakers, wider, wilson
from wordspot.layout import Split, check_split
from wordspot.models.recognizer import Recognizer
from wordspot.runs.evaluation import Evaluation, WordScores, confusion_matrix
from wordspot.runs.provenance import versions
from wordspot.runs.run import Run


def evaluate(
    run: Run | Path | str,
    data: Corpus | Path | str | None = None,
    split: Split = "validation",
    runtime: Runtime = Runtime(),
) -> Evaluation:
    """Evaluate a run, or the pretrained recogniser of that name, on a split of its clips.

    `data` are those clips; None for the path from which the run was trained. Leaves evaluation-<split>.json,
    predictions-<split>.csv and confusion-<split>.svg in the folder of the run (none for a pretrained one);
    where a run of synthetic speech is evaluated on recordings, <split> is followed by -recorded. Warns where
    the installed versions are not those of the run. Raises
    UsageError where the clips are not those of the run, since its test speakers may have been trained on.
    """
    run = Run(run)
    check_split(split)
    warn_of_other_versions(run)
    with computing(runtime) as device:
        recognizer = run.recognizer
        corpus = open_clips_of(run, data, split, runtime)
        probabilities = predict_split(recognizer.to(device), corpus, split)
    result = score(corpus, probabilities, split, split)
    if not run.pretrained:
        run.write_evaluation(result)
    return result


def warn_of_other_versions(run: Run) -> None:
    """Warn where a run was made with other versions than those that are installed."""
    now = versions()
    changed = [
        f"{name} {then} (now {now[name]})"
        for name, then in run.provenance["versions"].items()
        if now.get(name, then) != then
    ]
    if changed and not run.pretrained:
        warnings.warn(
            f"{run} was made with {', '.join(changed)}: scores may differ a little from those of then",
            stacklevel=3,
        )


def evaluate_recognizer(recognizer: Recognizer, data: Path | str, runtime: Runtime = Runtime()) -> Evaluation:
    """Evaluate a recogniser on all clips of a folder that are labelled with its words.

    Warns where speakers of these clips are known to be among those that it was trained or chosen with.
    """
    with computing(runtime) as device:
        corpus = open_labelled(data, recognizer.config.corpus, runtime)
        heard = sorted(recognizer.speakers & set(corpus.table("testing")["speaker"]))
        if heard:
            more = ", ..." if len(heard) > 3 else ""
            warnings.warn(
                f"{data}: {len(heard)} speakers were in training or validation "
                f"({', '.join(heard[:3])}{more}), so the accuracy is higher than that of new speakers",
                stacklevel=2,
            )
        probabilities = predict_split(recognizer.to(device), corpus, "testing")
    return score(corpus, probabilities, "testing", "all")


def open_clips_of(
    run: Run, data: Corpus | str | Path | None, split: Split, runtime: Runtime = Runtime()
) -> Corpus:
    """Open the clips that a run was trained on, or recordings where it was trained on synthetic speech.

    `split` is the one that is needed of them; without `data` they are opened from where they were. Raises
    UsageError where `data` are other clips.
    """
    trained_on = run.provenance["data"]
    if data is None:
        data, runtime = trained_on["path"], run.runtime
    corpus = open_corpus(data, run.config.corpus, runtime, splits=())
    own, given = run.config.corpus, corpus.config
    if (own.classes, own.seconds, own.sample_rate) != (given.classes, given.seconds, given.sample_rate):
        raise UsageError(
            f"{corpus.data}: opened with other words, seconds or sample_rate than {run} has: "
            "open it with the run's config.corpus"
        )
    new_voices = trained_on.get("synthetic", False) and not corpus.synthetic
    if corpus.store.fingerprint != trained_on["fingerprint"] and not new_voices:
        made = trained_on.get("synthetic", False) or run.config.corpus.synthetic
        mend = "name those clips"
        if runtime.speaker_from != run.runtime.speaker_from:
            regex = run.runtime.speaker_from
            mend += f" and --speaker-from {shlex.quote(regex)}" if regex else " without --speaker-from"
        raise UsageError(
            f"{corpus.data}: not the clips that {run} was trained on ({trained_on['path']}), so its training "
            f"speakers may be among them{' (or the synthesiser differs)' * bool(made)}: {mend}, or "
            "evaluate all clips with --split all"
        )
    assert_every_class([(word, split) for word in corpus.table(split)["word"]], given, (split,))
    return corpus


def predict_split(recognizer: Recognizer, corpus: Corpus, split: Split) -> NDArray[np.float32]:
    """Give the probability of each class for each clip of a split, float32 [N, C]."""
    return score_split(recognizer, corpus, split).softmax(dim=1).numpy()


@torch.inference_mode()
def score_split(recognizer: Recognizer, corpus: Corpus, split: Split) -> Tensor:
    """Give the logits of each class for each clip of a split, float32 [N, C]."""
    recognizer.eval()
    device = recognizer.device
    batches = [
        recognizer(to_float(batch.samples.to(device)), batch.lengths.to(device)).cpu()  # (B, C)
        for batch in corpus.loader(split)
    ]
    return torch.cat(batches)


def score(
    corpus: Corpus, probabilities: NDArray[np.float32], split: Split, name: Split | Literal["all"]
) -> Evaluation:
    """Score the probabilities [N, C] of the clips of a split, under the name of the evaluation."""
    table, classes = corpus.table(split), corpus.config.classes
    said = table["word"].map({word: n for n, word in enumerate(classes)}).to_numpy(dtype=int)  # (N,)
    heard = probabilities.argmax(axis=1)  # (N,)
    right = said == heard
    confusion = confusion_matrix(said, heard, len(classes))
    words = word_scores(confusion, classes)
    by_speaker = over_speakers(right, table["speaker"].to_numpy(dtype=str))
    by_clip = wilson(int(right.sum()), len(right))
    return Evaluation(
        split=name,
        clips=len(table),
        speakers=int(table["speaker"].nunique()),
        fingerprint=corpus.fingerprint(split),
        accuracy=float(right.mean()),
        interval=wider(by_speaker, by_clip),
        interval_over_speakers=by_speaker,
        interval_over_clips=by_clip,
        macro_f1=fmean(word.f1 for word in words if word.clips),  # a labelled folder may lack a class
        words=words,
        confusion=confusion.tolist(),
        synthetic=corpus.is_synthetic(split),
        predictions=predictions(table, probabilities, classes, np.array(classes)[heard]),
    )


def word_scores(confusion: NDArray[np.int_], words: Sequence[str]) -> list[WordScores]:
    """Score every word by the counts [C, C] of words said (rows) and recognised (columns).

    Where a word was never said, its recall is 0; where it was never recognised, its precision.
    """
    both, said, heard = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)  # (C,) each
    precision, recall = both / heard.clip(1), both / said.clip(1)
    f1 = 2 * both / (said + heard).clip(1)  # the harmonic mean of the two
    return [
        WordScores(word, float(precision[n]), float(recall[n]), float(f1[n]), int(said[n]))
        for n, word in enumerate(words)
    ]


def predictions(
    table: pd.DataFrame,
    probabilities: NDArray[np.float32],
    classes: tuple[str, ...],
    predicted: NDArray[np.str_],
) -> pd.DataFrame:
    """Make the table of predictions: the clips, the word predicted and the probability of each class."""
    shown = table[["path", "start", "speaker", "word"]].copy()
    shown["predicted"] = predicted
    return shown.join(pd.DataFrame(probabilities, columns=[f"p({word})" for word in classes]))
