"""The header of a model card, in YAML: what the Hugging Face Hub reads of it, to list and to find a model."""

from dataclasses import dataclass

import yaml

from wordspot.figures import titled
from wordspot.runs.evaluation import Evaluation

TASK = "audio-classification"
"""The Hub's name of what a recogniser does."""
TAGS = ["keyword-spotting", "spoken-command-recognition", "pytorch", "safetensors"]
DIGITS = 4
"""Decimal places of a score."""


@dataclass(frozen=True)
class Credits:
    """What a card says that no study knows."""

    corpus: str
    """Description of the recordings."""
    licence: str
    """Licence of the recordings, and whom to credit."""
    hub_licence: str = "other"
    """Licence of the weights by its name on the Hub; `other` stands for all that have none there."""
    hub_dataset: str | None = None
    """The recordings by their name on the Hub, where they are there."""


def card_header(name: str, scores: Evaluation, credits: Credits, *, onnx: bool) -> str:
    """Write the header of the card of a model with its scores; `onnx` is whether it has an ONNX file."""
    dataset = credits.hub_dataset
    described = {
        "type": dataset or "recordings",
        "name": titled(credits.corpus, scores),
        "split": "test" if scores.split == "testing" else scores.split,
    }
    values = {"accuracy": ("Accuracy", scores.accuracy), "f1": ("Macro F1", scores.macro_f1)}
    result = {
        "task": {"type": TASK, "name": "Audio classification"},
        "dataset": described,
        "metrics": [
            {"type": kind, "name": title, "value": round(value, DIGITS)}
            for kind, (title, value) in values.items()
        ],
    }
    header = {
        "license": credits.hub_licence,
        "library_name": "wordspot",
        "pipeline_tag": TASK,
        "tags": [*TAGS, *["onnx"] * onnx, *["synthetic"] * scores.synthetic],
        **({"datasets": [dataset]} if dataset else {}),
        "metrics": list(values),
        "model-index": [{"name": name, "results": [result]}],
    }
    written: str = yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{written}---"
