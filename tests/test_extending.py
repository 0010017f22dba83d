"""A model, an encoder, a pooling, a transform, an augmentation and an experiment, each added in one place."""

import json
from collections.abc import Iterator
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from tests.conftest import WORDS
from tests.helpers import same_weights
from wordspot.audio.augment import AUGMENTATIONS, Augmentation, Augmenter, Clips
from wordspot.audio.features import Features
from wordspot.audio.padding import frame_mask, mean_over_time
from wordspot.config import (
    ENCODERS,
    POOLINGS,
    TRANSFORMS,
    AugmentConfig,
    CorpusConfig,
    FeatureConfig,
    ModelConfig,
    Probability,
    RecurrentConfig,
    RunConfig,
    vary,
)
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.evaluation.compare import compare
from wordspot.evaluation.evaluate import evaluate
from wordspot.experiments.experiments import EXPERIMENTS, Experiment, Plan, list_experiments
from wordspot.inspection.augmentation_gallery import plot_augmentations
from wordspot.models import MODELS
from wordspot.models.encoders import Encoder
from wordspot.models.model import Layers, Model
from wordspot.models.pooling import Pooling
from wordspot.models.recurrent import Recurrent
from wordspot.recipes import CONTROLLED_RECIPE
from wordspot.runs.run import Run
from wordspot.schema import schema, validated
from wordspot.training.loop import train


def through_json(config: RunConfig) -> RunConfig:
    return validated(RunConfig, json.loads(json.dumps(asdict(config))))


def assert_trains(config: RunConfig, recordings: Path, folder: Path) -> Run:
    """Train for an epoch; the run in the folder must give back the config and the same scores."""
    assert through_json(config) == config
    config = vary(config, epochs=1)
    run = train(config, recordings, folder, quiet=True)
    again = Run(folder)
    assert again.config == run.config == config
    assert type(again.config.model) is type(config.model)
    result = evaluate(again)
    assert result.clips == 18
    assert result.accuracy == again.validation_accuracy
    return again


# A model


@schema
class MeanConfig(ModelConfig):
    """The mean of the features over time, and a linear layer."""

    kind: Literal["mean"] = field(default="mean", kw_only=True)
    bias: bool = True


class MeanModel(Model):
    """Shape: features [B, T, F] and counts of real frames [B] to logits [B, C]."""

    def __init__(self, config: MeanConfig, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.head = nn.Linear(n_features, n_classes, bias=config.bias)

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        logits: Tensor = self.head(mean_over_time(features, frames))
        return logits

    @staticmethod
    def describe(config: MeanConfig) -> Layers:
        return Layers("-", "-", "mean", "-")


def test_a_model(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, MeanConfig, MeanModel)
    config = replace(tiny, model=MeanConfig())
    assert vary(config, bias=False).model == MeanConfig(bias=False)
    assert asdict(config)["model"] == {"kind": "mean", "bias": True}
    run = assert_trains(config, shared_recordings, tmp_path / "mean")
    model = run.recognizer.model
    assert isinstance(model, MeanModel)
    assert run.recognizer.n_parameters == 80 * 3 + 3
    assert run.recognizer.predict(next(shared_recordings.glob("low/*.wav"))).word in WORDS
    compared = compare([run, train_other(tiny, shared_recordings, tmp_path)], data=shared_recordings)
    assert [one.name for one in compared.models] == ["mean", "other"]
    assert compared.models[0].macs == 80 * 3
    with pytest.raises(UsageError, match="hidden_size: no such setting"):
        vary(config, hidden_size=5)


def train_other(tiny: RunConfig, recordings: Path, folder: Path) -> Run:
    return train(vary(tiny, epochs=1), recordings, folder / "other", quiet=True)


# An encoder and a pooling


class EveryOther(Encoder):
    """Every other frame."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.size, self.stride = n_features, 2

    @staticmethod
    def describe(channels: int) -> str:
        return "every other frame"

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        return features[:, ::2]


class Largest(Pooling):
    """The largest value over time."""

    description = "largest"

    def __init__(self, size: int, bidirectional: bool) -> None:
        super().__init__()

    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        padding = ~frame_mask(frames, states.shape[1])[:, :, None]
        return states.masked_fill(padding, -torch.inf).amax(dim=1)


def test_an_encoder_and_a_pooling(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("encoder", "pooling"):
        with pytest.raises(UsageError, match=f"{name}: 'own' must be one of"):
            vary(tiny, **{name: "own"})
    monkeypatch.setitem(ENCODERS, "own", EveryOther)
    monkeypatch.setitem(POOLINGS, "own", Largest)
    config = vary(tiny, encoder="own", pooling="own")
    assert isinstance(config.model, RecurrentConfig)
    run = assert_trains(config, shared_recordings, tmp_path / "run")
    model = run.recognizer.model
    assert isinstance(model, Recurrent)
    assert isinstance(model.encoder, EveryOther)
    assert isinstance(model.pooling, Largest)
    assert model.attention(torch.randn(1, 9, 80), torch.tensor([9])) is None
    states, frames = model.states(torch.randn(1, 9, 80), torch.tensor([7]))
    assert states.shape == (1, 5, 16)
    assert frames.tolist() == [4]
    assert Recurrent.describe(config.model) == ("every other frame", "1 x 16 LSTM", "largest", "0.1")


# A feature transform


class Loudness(nn.Module):
    """Logarithm of the energy at each hop: [B, S] to [B, 1, T]."""

    size = 1

    def __init__(self, config: FeatureConfig, sample_rate: int) -> None:
        super().__init__()
        self.hop = round(config.hop_ms * sample_rate / 1000)

    def forward(self, waveforms: Tensor) -> Tensor:
        padded = nn.functional.pad(waveforms, (0, self.hop))
        energy = padded.unfold(1, self.hop, self.hop).square().mean(dim=2)  # (B, T)
        return (energy + 1e-6).log()[:, None, :]


def test_a_transform(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRANSFORMS, "loudness", Loudness)
    config = vary(tiny, transform="loudness", deltas=2)
    features = Features(config.features, 16_000)
    assert features.size == 3
    assert features(torch.randn(2, 16_000)).shape == (2, 51, 3)
    run = assert_trains(config, shared_recordings, tmp_path / "run")
    assert isinstance(run.recognizer.features.transform, Loudness)


# An augmentation


@schema
class ReversingConfig(AugmentConfig):
    """Augmentation that may play clips from their end to their start."""

    reverse_p: Probability = 0.0
    """Probability of a reversal."""


def reverse(augmenter: Augmenter, clips: Clips) -> Clips:
    p = augmenter.config.reverse_p  # type: ignore[attr-defined]
    chosen = augmenter.where(p, torch.ones(len(clips.waveforms)), 0.0)[:, None] == 1
    return clips._replace(waveforms=torch.where(chosen, clips.waveforms.flip(1), clips.waveforms))


@pytest.fixture
def reversal() -> Iterator[Augmentation]:
    """Add an augmentation for one test."""
    added = Augmentation("reverse_p", "reversal", "waveform", reverse)
    AUGMENTATIONS.append(added)
    yield added
    AUGMENTATIONS.remove(added)


@pytest.mark.usefixtures("reversal")
def test_an_augmentation_is_trained_with(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    off = replace(tiny, augment=ReversingConfig(**asdict(tiny.augment)))
    on = vary(off, reverse_p=1.0)
    assert on.augment == ReversingConfig(**asdict(tiny.augment), reverse_p=1.0)
    assert type(through_json(on).augment) is ReversingConfig
    assert type(through_json(tiny).augment) is AugmentConfig
    run = assert_trains(on, shared_recordings, tmp_path / "on")
    others = [
        train(vary(one, epochs=1), shared_recordings, tmp_path / name, quiet=True)
        for name, one in (("off", off), ("tiny", tiny))
    ]
    assert same_weights(*others)
    assert not same_weights(run, others[0])


@pytest.mark.usefixtures("reversal")
def test_an_augmentation_changes_a_share_of_the_clips() -> None:
    clips = torch.arange(6.0).repeat(1000, 1)
    only = ReversingConfig(shift_p=0.0, reverse_p=0.25)
    augmenter = Augmenter(only, 16_000, 20.0, 3, torch.zeros(0), torch.Generator().manual_seed(0))
    changed = augmenter.waveforms(clips, torch.full((1000,), 6), torch.zeros(1000)).waveforms
    reversed_ = (changed == clips.flip(1)).all(dim=1)
    assert float(reversed_.float().mean()) == pytest.approx(0.25, abs=0.04)
    assert torch.equal(changed[~reversed_], clips[~reversed_])


@pytest.mark.usefixtures("reversal")
def test_an_augmentation_has_a_panel_in_the_gallery(shared_recordings: Path) -> None:
    corpus = open_corpus(shared_recordings, words=WORDS)
    path, partner = (next(shared_recordings.glob(f"{word}/*.wav")) for word in ("rise", "low"))

    def panels(config: AugmentConfig) -> list[str]:
        figure = plot_augmentations(path, partner, [], corpus, config)
        return [axes.get_title() for axes in figure.axes if axes.get_visible()]

    without, with_it = panels(AugmentConfig()), panels(ReversingConfig())
    assert sorted(with_it) == sorted([*without, "reversal"])
    assert "reversal" not in without


@pytest.mark.usefixtures("reversal")
@pytest.mark.parametrize("known", [False, True])
def test_an_augmentation_is_tried_in_the_experiment(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the config of the recipe knows it."""
    if known:
        recipe = replace(CONTROLLED_RECIPE, augment=ReversingConfig())
        monkeypatch.setattr("wordspot.experiments.experiments.CONTROLLED_RECIPE", recipe)
    (experiment,) = list_experiments(CorpusConfig(words=WORDS), ["augmentation"])
    assert ("reversal" in experiment.variants) == known
    if known:
        assert vary(experiment.variants["reversal"], reverse_p=0.0) == experiment.variants["none"]


# An experiment


def sizes(plan: Plan) -> Experiment:
    """Compare two sizes."""
    variants = {f"size {size}": vary(plan.base, hidden_size=size) for size in (4, 8)}
    return Experiment("sizes", "Which size?", "Two sizes.", "validation", variants, plan.seeds)


def test_an_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = CorpusConfig(words=WORDS)
    with pytest.raises(UsageError, match="experiments: sizes must be among controlled, family, head-norm"):
        list_experiments(corpus, ["sizes"])
    before = [one.name for one in list_experiments(corpus)]
    monkeypatch.setitem(EXPERIMENTS, "sizes", sizes)
    (experiment,) = list_experiments(corpus, ["sizes"], seeds=2, epochs=1)
    assert experiment.name == "sizes"
    assert list(experiment.variants) == ["size 4", "size 8"]
    for config in experiment.variants.values():
        assert config.corpus == corpus
        assert config.training.epochs == 1
    assert [config.training.seed for config in experiment.seeded("size 4")] == [0, 1]
    assert [one.name for one in list_experiments(corpus)] == [*before, "sizes"]
