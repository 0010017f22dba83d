"""A whole recogniser, waveform to logits: front end, model and words in one Module, saved and loaded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from wordspot.config import RunConfig, parse_config
from wordspot.corpus.audio import read_clip
from wordspot.corpus.batches import Collate
from wordspot.errors import UsageError, WordspotError
from wordspot.files import whole_file
from wordspot.models.recurrent import Recurrent
from wordspot.sound.features import Features, to_float

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
PRETRAINED = Path(__file__).parents[1] / "pretrained"
"""Where the recognisers lie that come with the program: a folder of each, with its model card."""


class Recognizer(nn.Module):
    """Tells words apart.

    Shape: waveforms [B, S] in [-1, 1) and their lengths [B] in samples to logits [B, C], in the order of
    `classes`.
    """

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        self.config = config
        self.classes = config.corpus.classes
        self.features = Features(config.features, config.corpus.rate_hz)
        self.model = Recurrent(config.model, self.features.size, len(self.classes))

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Score waveforms [B, S]; without `lengths` none of their samples are padding."""
        if lengths is None:
            lengths = torch.full((len(waveforms),), waveforms.shape[1], device=waveforms.device)
        logits: Tensor = self.model(self.features(waveforms), self.features.frames(lengths))  # (B, C)
        return logits

    @property
    def n_parameters(self) -> int:
        """Count the weights that training learns."""
        return sum(weights.numel() for weights in self.parameters())

    @torch.inference_mode()
    def predict(self, path: Path | str, *, convert: bool = False) -> "Prediction":
        """Recognise the word in a sound file, of which the first `config.corpus.seconds` are heard.

        Raises ClipError for a file that can't be used.
        """
        corpus = self.config.corpus
        sound = torch.from_numpy(read_clip(Path(path), corpus.rate_hz, convert=convert))
        heard = Collate(corpus.samples)([(sound[: corpus.samples], 0)])  # a batch of one
        device = self.features.mean.device
        logits = self.eval()(to_float(heard.samples).to(device), heard.lengths.to(device))  # (1, C)
        probabilities = logits.softmax(dim=1)[0].tolist()
        return Prediction(dict(zip(self.classes, probabilities, strict=True)), len(sound) / corpus.rate_hz)


@dataclass(frozen=True)
class Prediction:
    """What was heard in one sound."""

    probabilities: dict[str, float]
    """Of each class."""
    seconds: float
    """Length of the whole sound."""

    @property
    def word(self) -> str:
        """The likeliest class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def probability(self) -> float:
        """Probability of the likeliest class."""
        return self.probabilities[self.word]


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write tensors to one file, whole or not at all."""
    # The format refuses tensors that share memory (a recurrent layer's on a GPU) or that lie strided in it.
    copies = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    with whole_file(path) as part:
        save_file(copies, part, metadata)


def save_weights(recognizer: Recognizer, folder: Path) -> None:
    """Write weights and feature statistics to `folder`."""
    save_tensors(folder / WEIGHTS, recognizer.state_dict())


def read_config(folder: Path) -> tuple[RunConfig, dict[str, Any]]:
    """Read the config of a run and what else is known of it (versions, fingerprint of the data).

    Raises UsageError where `folder` isn't a run.
    """
    path = folder / CONFIG
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if "fingerprint" not in stored["provenance"]["data"]:
            raise KeyError("no fingerprint of the data")
        return parse_config(stored["config"]), stored["provenance"]
    except OSError:
        raise UsageError(f"{folder}: no run here (no {CONFIG}): name the --out of `wordspot train`") from None
    except (ValueError, KeyError, TypeError, UsageError) as error:
        reason = str(error).splitlines()[0]
    raise WordspotError(f"{path}: not a config of this version of wordspot ({reason}): train anew")


def pretrained() -> list[str]:
    """Name the recognisers that come with the program."""
    return sorted(path.parent.name for path in PRETRAINED.glob(f"*/{CONFIG}"))


def load(run: Path | str = "wordspot") -> Recognizer:
    """Load the recogniser of a run, of its best epoch by validation, or one of those in `pretrained()`.

    A folder goes before a name. Raises UsageError where there is none.
    """
    folder = Path(run)
    if str(run) in pretrained() and not folder.exists():
        folder = PRETRAINED / str(run)
    config, _ = read_config(folder)
    recognizer = Recognizer(config)
    try:
        recognizer.load_state_dict(load_file(folder / WEIGHTS))
    except FileNotFoundError:
        raise UsageError(
            f"{folder}: nothing trained here yet: run `wordspot train` with this --out"
        ) from None
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise WordspotError(
            f"{folder / WEIGHTS}: not the weights of this run ({reason}): train anew"
        ) from None
    return recognizer.eval()
