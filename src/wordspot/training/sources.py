"""Trained runs from which a run learns: its teachers, and the one from whose weights it starts."""

import hashlib

import torch
from torch import Tensor

from wordspot.config import RunConfig, differences
from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import WEIGHTS, Run, load
from wordspot.training.teachers import load_teachers

HEAD = "head."
"""Prefix of the weights of a model's last layer."""


def check_sources(config: RunConfig, corpus: Corpus) -> None:
    """Raise UsageError where a run from which a new one is to learn can't be used.

    It may be missing, not fit the new one, or have heard speakers by whom that is validated or tested.
    """
    load_teachers(config, torch.device("cpu"))
    if config.training.initial is not None:
        start_from(Recognizer(config), config.training.initial)
    for name in config.training.sources:
        heard = set(Run(name).speakers.get("training", ()))
        for split in ("validation", "testing"):
            if leaked := heard.intersection(corpus.speakers(split)):
                raise UsageError(
                    f"{name}: was trained with {len(leaked)} speakers of the {split} split "
                    f"({min(leaked)}, ...): learn from a run that was not"
                )


def digests(config: RunConfig) -> dict[str, str]:
    """Give the SHA-256 of the weights of each run from which a new one learns."""
    files = {name: Run(name).folder / WEIGHTS for name in config.training.sources}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def start_from(recognizer: Recognizer, name: str) -> None:
    """Give a recogniser the weights of a trained run's model, but for a last layer that has other classes.

    The statistics that scale its features remain those of its own training clips. Raises UsageError where the
    run is missing, or has other features or layers.
    """
    trained = load(name)
    ours, theirs = recognizer.config, trained.config
    found = differences(theirs.features, ours.features)
    if theirs.corpus.sample_rate != ours.corpus.sample_rate:
        found.append(f"sample_rate {theirs.corpus.sample_rate} against {ours.corpus.sample_rate}")
    head = trained.classes == recognizer.classes
    weights, own = weights_of(trained, head=head), weights_of(recognizer, head=head)
    if {key: tensor.shape for key, tensor in weights.items()} != {
        key: tensor.shape for key, tensor in own.items()
    }:
        found += differences(theirs.model, ours.model)
    if found:
        raise UsageError(f"initial: {name} has other features or layers than the run ({'; '.join(found)})")
    recognizer.model.load_state_dict(weights, strict=False)


def weights_of(recognizer: Recognizer, *, head: bool) -> dict[str, Tensor]:
    """Give the weights of a recogniser's model, with or without those of its last layer."""
    weights = recognizer.model.state_dict()
    return {key: tensor for key, tensor in weights.items() if head or not key.startswith(HEAD)}
