"""Mistakes to listen to: one page that opens from a file, with every wrong answer and its sound."""

import base64
import html
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from wordspot.audio.features import Features, to_float
from wordspot.config import Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError
from wordspot.evaluation.evaluate import open_clips_of, predict_split
from wordspot.evaluation.seed_groups import group_names
from wordspot.figures import SYNTHETIC
from wordspot.files import output_folder, write_text
from wordspot.inspection.clip_quality import level_db, peak_db, quality_issues
from wordspot.inspection.explore import hz_to_mel, mel_edges
from wordspot.layout import Split, check_split
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run

TOP = 3
"""Words shown with their probabilities."""
RIGHT_CLIPS = 3
"""Recognised clips of each word that are shown for comparison: the least confident ones."""
RANGE = 9.0
"""Range of the log-mel pictures in nats below the loudest energy."""
PAGE_BYTES = 9_500_000
"""Most bytes of the clips on a page: a page stays under 10 MB."""
TICKS_HZ = (250, 500, 1000, 2000, 4000)
"""Frequencies that are named beside the pictures."""


def write_mistakes(
    runs: Sequence[Run | Path | str],
    data: Corpus | str | Path | None,
    out: Path | str,
    split: Split = "validation",
    runtime: Runtime = Runtime(),
) -> Path:
    """Write a page of the clips that any of the runs gets wrong, and of the least confident right ones.

    Runs are named by folder, or by name where pretrained; without `data`, the clips are those that each was
    trained from. The page is one file that holds the sounds and needs no network; gives its path. It stays
    under 10 MB: where there are more mistakes than that has room for, it holds the most confident ones of
    every pair of words, and says so. Raises UsageError for runs on different clips or words.
    """
    check_split(split)
    opened = [Run(run) for run in runs]
    if not opened:
        raise UsageError("mistakes: name a run")
    recognizers = [run.recognizer for run in opened]
    # Each run hears the clips by its own settings, such as their length.
    corpora = [open_clips_of(run, data, split, runtime) for run in opened]
    corpus = corpora[0]
    for run, other in zip(opened, corpora, strict=True):
        if other.config.classes != corpus.config.classes:
            raise UsageError(f"{run}: has other words than {opened[0]}: make a page of its own")
        if list(other.table(split)["path"]) != list(corpus.table(split)["path"]):
            raise UsageError(f"{run}: has other clips than {opened[0]}: make a page of its own")
    probabilities = np.stack(
        [predict_split(one, other, split) for one, other in zip(recognizers, corpora, strict=True)]
    )  # (R, N, C)
    path = Path(out)
    output_folder(path.parent)
    page = {
        "split": f"{split} ({SYNTHETIC})" if corpus.is_synthetic(split) else split,
        "words": list(corpus.config.classes),
        "runs": group_names([[Path(run.name)] for run in opened]),
        "right": RIGHT_CLIPS,
        "colors": [mpl.colors.to_hex(mpl.colormaps["viridis"](place)) for place in np.linspace(0, 1, 64)],
        **clips_of_page(recognizers, corpora, split, probabilities),
    }
    # As escapes, no "<" of a word or a path can end the script that the data stand in.
    text = json.dumps(page, ensure_ascii=False).replace("<", "\\u003c")
    filled = {"title": html.escape(path.stem), "page": text}
    template = (files("wordspot.inspection") / "mistakes.html").read_text(encoding="utf-8")
    write_text(path, re.sub(r"{{(title|page)}}", lambda place: filled[place[1]], template))
    return path


def clips_of_page(
    recognizers: Sequence[Recognizer],
    corpora: Sequence[Corpus],
    split: Split,
    probabilities: NDArray[np.float32],
) -> dict[str, Any]:
    """Count the confusions and faults of each run, and describe the clips that the page has room for."""
    corpus = corpora[0]
    classes = list(corpus.config.classes)
    table, rows = corpus.table(split), corpus.rows(split)
    said = table["word"].map(classes.index).to_numpy()  # (N,)
    answers = probabilities.argmax(axis=2)  # (R, N)
    confusions = np.zeros((len(recognizers), len(classes), len(classes)), dtype=int)
    for confusion, heard in zip(confusions, answers, strict=True):
        np.add.at(confusion, (said, heard), 1)
    order = by_rank(said, probabilities)
    sounds = {n: np.array(corpus.store.samples[rows[n], : table["length"][n]]) for n in order}
    issues = {n: quality_issues(sound, corpus.config.sample_rate) for n, sound in sounds.items()}
    pictures = Pictures(recognizers[0])
    own_rows = [own.rows(split) for own in corpora]
    own_lengths = [own.table(split)["length"] for own in corpora]
    clips: dict[int, dict[str, Any]] = {}
    room = PAGE_BYTES
    for n, sound in sounds.items():
        answered = []
        for r, recognizer in enumerate(recognizers):
            scores = probabilities[r, n]
            waveform, length = padded(corpora[r], own_rows[r][n]), int(own_lengths[r][n])
            answered.append(
                {
                    "top": [[int(word), round(float(scores[word]), 4)] for word in np.argsort(-scores)[:TOP]],
                    "attention": attention(recognizer, waveform, length),
                }
            )
        clip = {
            "path": table["path"][n],
            "speaker": table["speaker"][n],
            "said": int(said[n]),
            "seconds": round(len(sound) / corpus.config.sample_rate, 3),
            "loudness": rounded(level_db(sound)),
            "peak": rounded(peak_db(sound)),
            "issues": issues[n],
            "answers": answered,
            "sound": wav(sound, corpus.config.sample_rate),
            "picture": pictures.draw(padded(corpus, rows[n]), len(sound)),
        }
        room -= len(json.dumps(clip))
        if room < 0:
            break
        clips[n] = clip
    return {
        "confusions": confusions.tolist(),
        "faults": [
            Counter(
                fault
                for n in np.flatnonzero(heard != said).tolist()
                for fault in issues[n] or ["none of these"]
            )
            for heard in answers
        ],
        "ticks": pictures.ticks(),
        "clips": [clips[n] for n in sorted(clips)],
        "total": len(table),
    }


def by_rank(said: NDArray[np.int_], probabilities: NDArray[np.float32]) -> list[int]:
    """Order the clips that a page can show: the most confident mistake of every pair of words, the next, ...

    `said` [N] are the words, `probabilities` [R, N, C] those that the runs give. A clip has its best rank of
    all runs; among equal ranks, the more frequent pair comes first. Right answers are those of the first run:
    RIGHT_CLIPS of each word, the least confident first.
    """
    ranks: dict[int, tuple[int, int]] = {}
    for r, scores in enumerate(probabilities):
        heard, confidence = scores.argmax(axis=1), scores.max(axis=1)
        for pair in np.unique(np.stack([said, heard]), axis=1).T.tolist():
            clips = np.flatnonzero((said == pair[0]) & (heard == pair[1]))
            right = pair[0] == pair[1]
            if right and r > 0:
                continue
            order = clips[np.argsort(confidence[clips] if right else -confidence[clips], kind="stable")]
            for rank, n in enumerate(order[:RIGHT_CLIPS] if right else order):
                place = (rank, 0 if right else -len(clips))
                ranks[int(n)] = min(place, ranks.get(int(n), place))
    return sorted(ranks, key=lambda n: (*ranks[n], n))


def padded(corpus: Corpus, row: int) -> Tensor:
    """Give a clip with its padding, float32 [1, S]."""
    return to_float(torch.from_numpy(np.array(corpus.store.samples[row])))[None]


def rounded(decibels: float) -> float | None:
    """Round to a tenth; None for the level of silence, since JSON has no infinity."""
    return round(decibels, 1) if np.isfinite(decibels) else None


def wav(sound: NDArray[np.int16], sample_rate: int) -> str:
    """Encode samples [length] as a WAV file in base64."""
    file = io.BytesIO()
    soundfile.write(file, sound, sample_rate, format="WAV", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()


class Pictures:
    """Draws log-mel energies with the frames of a recogniser, whatever its features are."""

    def __init__(self, recognizer: Recognizer) -> None:
        config = replace(recognizer.config.features, transform="log-mel", deltas=0)
        self.sample_rate = recognizer.config.corpus.sample_rate
        self.features = Features(config, self.sample_rate)

    @torch.inference_mode()
    def draw(self, waveform: Tensor, length: int) -> dict[str, Any]:
        """Turn a waveform [1, S] with its length into shades from 0 to 255, frame by frame, in base64."""
        energies = self.features.raw(waveform, torch.tensor([length]))[0]  # (T, F)
        shades = 255 * (1 + (energies - energies.max()) / RANGE).clamp(0, 1)
        pixels = base64.b64encode(shades.byte().numpy().tobytes()).decode()
        T, F = energies.shape
        return {"frames": T, "bands": F, "pixels": pixels, "seconds": waveform.shape[1] / self.sample_rate}

    def ticks(self) -> list[tuple[int, float]]:
        """Place round frequencies on the axis of the pictures, from 0 at its lower end to 1."""
        edges = hz_to_mel(mel_edges(self.features.config))  # (F + 1,)
        places = (hz_to_mel(np.array(TICKS_HZ)) - edges[0]) / (edges[-1] - edges[0])
        return [(hz, round(float(at), 4)) for hz, at in zip(TICKS_HZ, places, strict=True) if at < 1]


@torch.inference_mode()
def attention(recognizer: Recognizer, waveform: Tensor, length: int) -> list[float] | None:
    """Give the attention of each frame of a waveform [1, S], mean of the heads; None without attention."""
    lengths = torch.tensor([length])
    features = recognizer.eval().features(waveform, lengths)  # (1, T, F)
    weights = recognizer.model.attention(features, recognizer.features.frames(lengths))  # (1, T', N)
    return None if weights is None else [round(float(weight), 4) for weight in weights[0].mean(dim=1)]
