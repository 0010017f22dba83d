"""Mistakes to listen to: one page that opens from a file, with every wrong answer and its sound."""

import base64
import html
import io
import json
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

from wordspot.analysis.evaluate import open_clips_of, predict_part
from wordspot.analysis.flaws import flaws, loudness_db, peak_db
from wordspot.analysis.results import group_names
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.index import Split
from wordspot.errors import UsageError
from wordspot.figures import SYNTHETIC
from wordspot.files import output_folder, write_text
from wordspot.models.pooling import Attention
from wordspot.models.recognizer import Recognizer, load
from wordspot.sound.features import Features, to_float

TOP = 3
"""Words that are shown with their probabilities."""
RIGHT_CLIPS = 3
"""Clips of each word that were recognised, the least sure, shown for comparison."""
RANGE = 9.0
"""Range of the log-mel pictures in nats under the loudest energy."""


def write_mistakes(
    runs: Sequence[Path | str],
    data: str | Path,
    out: Path | str,
    split: Split = "testing",
    *,
    convert: bool = False,
    skip_bad: bool = False,
) -> Path:
    """Write a page of the clips that any of the runs gets wrong, and of each word's least sure right ones.

    The page is one file, which holds the sounds and needs no network; gives its path. Raises UsageError for
    runs of other clips or words than each other, and what `load` and `open_corpus` raise.
    """
    folders = [Path(run) for run in runs]
    if not folders:
        raise UsageError("mistakes: name a run")
    recognizers = [load(run) for run in folders]
    corpus = open_clips_of(folders[0], data, split, convert=convert, skip_bad=skip_bad)
    for run in folders[1:]:
        other = open_clips_of(run, data, split, convert=convert, skip_bad=skip_bad)
        if other.config.classes != corpus.config.classes:
            raise UsageError(f"{run}: of other words than {folders[0]}: make a page of its own")
    probabilities = np.stack([predict_part(one, corpus, split) for one in recognizers])  # (R, N, C)
    path = Path(out)
    output_folder(path.parent)
    page = {
        "split": f"{split} ({SYNTHETIC})" if corpus.is_synthetic(split) else split,
        "words": list(corpus.config.classes),
        "runs": group_names([[run] for run in folders]),
        "right": RIGHT_CLIPS,
        "colors": [mpl.colors.to_hex(mpl.colormaps["viridis"](place)) for place in np.linspace(0, 1, 64)],
        **clips_of_page(recognizers, corpus, split, probabilities),
    }
    # "</" would end the script that the data stand in.
    text = json.dumps(page, ensure_ascii=False).replace("</", "<\\/")
    template = (files("wordspot.analysis") / "mistakes.html").read_text(encoding="utf-8")
    write_text(path, template.replace("{{title}}", html.escape(path.stem)).replace("{{page}}", text))
    return path


def clips_of_page(
    recognizers: Sequence[Recognizer], corpus: Corpus, split: Split, probabilities: NDArray[np.float32]
) -> dict[str, Any]:
    """Count the confusions of each run, and describe the clips that the page shows."""
    classes = list(corpus.config.classes)
    table, rows = corpus.table(split), corpus.rows(split)
    said = table["word"].map(classes.index).to_numpy()  # (N,)
    answers = probabilities.argmax(axis=2)  # (R, N)
    wrong = answers != said
    confusions = np.zeros((len(recognizers), len(classes), len(classes)), dtype=int)
    for confusion, heard in zip(confusions, answers, strict=True):
        np.add.at(confusion, (said, heard), 1)
    shown = wrong.any(axis=0)
    for word in range(len(classes)):
        right = np.flatnonzero((said == word) & ~wrong[0])
        shown[right[np.argsort(probabilities[0, right, word])[:RIGHT_CLIPS]]] = True
    pictures = Pictures(recognizers[0])
    clips = []
    for n in np.flatnonzero(shown):
        sound = np.array(corpus.store.samples[rows[n], : table["length"][n]])
        waveform = padded(corpus, rows[n])
        answered = []
        for recognizer, scores in zip(recognizers, probabilities[:, n], strict=True):
            best = np.argsort(-scores)[:TOP]
            answered.append(
                {
                    "top": [[int(word), round(float(scores[word]), 4)] for word in best],
                    "attention": attention(recognizer, waveform, len(sound)),
                }
            )
        clips.append(
            {
                "path": table["path"][n],
                "speaker": table["speaker"][n],
                "said": int(said[n]),
                "seconds": round(len(sound) / corpus.config.rate_hz, 3),
                "loudness": rounded(loudness_db(sound)),
                "peak": rounded(peak_db(sound)),
                "flaws": flaws(sound, corpus.config.rate_hz),
                "answers": answered,
                "sound": wav(sound, corpus.config.rate_hz),
                "picture": pictures.draw(waveform),
            }
        )
    return {"confusions": confusions.tolist(), "clips": clips, "total": len(table)}


def padded(corpus: Corpus, row: int) -> Tensor:
    """Give a clip with its padding, float32 [1, S]."""
    return to_float(torch.from_numpy(np.array(corpus.store.samples[row])))[None]


def rounded(decibels: float) -> float | None:
    """Round to a tenth; JSON knows no infinity, the loudness of silence."""
    return round(decibels, 1) if np.isfinite(decibels) else None


def wav(sound: NDArray[np.int16], rate_hz: int) -> str:
    """Encode samples [length] as a WAV file in base64."""
    file = io.BytesIO()
    soundfile.write(file, sound, rate_hz, format="WAV", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()


class Pictures:
    """Draws log-mel energies with the frames of a recogniser, whatever its own features are."""

    def __init__(self, recognizer: Recognizer) -> None:
        config = replace(recognizer.config.features, transform="log-mel", deltas=0)
        self.rate_hz = recognizer.config.corpus.rate_hz
        self.features = Features(config, self.rate_hz)

    @torch.inference_mode()
    def draw(self, waveform: Tensor) -> dict[str, Any]:
        """Turn a waveform [1, S] into shades of 0 to 255, frame after frame, in base64."""
        energies = self.features.raw(waveform)[0]  # (T, F)
        shades = 255 * (1 + (energies - energies.max()) / RANGE).clamp(0, 1)
        pixels = base64.b64encode(shades.byte().numpy().tobytes()).decode()
        T, F = energies.shape
        return {"frames": T, "bands": F, "pixels": pixels, "seconds": waveform.shape[1] / self.rate_hz}


@torch.inference_mode()
def attention(recognizer: Recognizer, waveform: Tensor, length: int) -> list[float] | None:
    """Give how much each frame of a waveform [1, S] weighs, mean of the heads; None without attention."""
    if not isinstance(recognizer.model.pooling, Attention):
        return None
    lengths = torch.tensor([length])
    features = recognizer.eval().features(waveform)  # (1, T, F)
    weights = recognizer.model.attention(features, recognizer.features.frames(lengths))  # (1, T', N)
    return [round(float(weight), 4) for weight in weights[0].mean(dim=1)]
