"""Drawings of models: from features to logits, each layer with the shape that it puts out."""

from dataclasses import dataclass

from wordspot.audio.features import Features
from wordspot.config import RecurrentConfig, RunConfig
from wordspot.models import MODELS, make_model
from wordspot.models.recurrent import Recurrent
from wordspot.reporting.config_tables import describe_features


@dataclass(frozen=True)
class Block:
    """A layer in a drawing."""

    title: str
    shape: str
    """Of what it puts out for one clip."""


def drawing(config: RunConfig) -> list[Block | None]:
    """Draw a model: features, encoder, recurrent layers, pooling, logits; None where it has no such layer.

    >>> [block and f"{block.title}: {block.shape}" for block in drawing(RunConfig())]
    ['log-mel, deltas: 51 x 80', None, '2 x 128 LSTM: 51 x 128', 'mean: 128', 'dropout 0.2, linear: 10']
    """
    corpus, kind = config.corpus, MODELS[type(config.model)]
    features = Features(config.features, corpus.sample_rate)
    T, F, C = 1 + corpus.samples // features.hop, features.size, len(corpus.classes)
    layers = kind.describe(config.model)
    model = make_model(config.model, F, C)
    encoded, states, pooled = "", "", ""
    head = f"dropout {layers.dropout}, linear"
    if isinstance(config.model, RecurrentConfig) and isinstance(model, Recurrent):
        frames = -(-T // model.encoder.stride)
        encoded = f"{frames} x {model.encoder.size}"
        states = f"{frames} x {config.model.state_size}"
        pooled = f"{model.head.in_features}"
        head = f"{'norm, ' * config.model.head_norm}dropout {config.model.dropout:g}, linear"
    return [
        Block(name_features(config), f"{T} x {F}"),
        block(layers.encoder, encoded),
        block(layers.recurrent, states),
        block(layers.pooling, pooled),
        Block(head, str(C)),
    ]


def block(title: str, shape: str) -> Block | None:
    """Draw a layer; nothing for one that is not there."""
    return None if title == "-" else Block(title, shape)


def name_features(config: RunConfig) -> str:
    """Name features, and what normalises them, in a few words."""
    deltas = ("", ", deltas", ", delta-deltas")[config.features.deltas]
    normalised = isinstance(config.model, RecurrentConfig) and config.model.batch_norm
    return f"{describe_features(config.features)[0]}{deltas}{', norm' * normalised}"
