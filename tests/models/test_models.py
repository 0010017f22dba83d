"""What every model keeps, whatever it is made of: a recipe is tested by being listed in RECIPES."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from tests.helpers import begun_run
from wordspot.audio.padding import zero_padding
from wordspot.config import POOLINGS, RecurrentConfig, RunConfig, vary
from wordspot.models import MODELS, make_model
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import RECIPES
from wordspot.runs.run import Run
from wordspot.schema import validated

CLIPS, FRAMES = 12, 25


def variants() -> dict[str, RunConfig]:
    """Give each recipe, the recurrent ones with every pooling."""
    found: dict[str, RunConfig] = {}
    for name, config in RECIPES.items():
        if isinstance(config.model, RecurrentConfig):
            found |= {f"{name}, {pooling}": vary(config, pooling=pooling) for pooling in POOLINGS}
        else:
            found[name] = config
    return found


VARIANTS = variants()


@pytest.fixture(params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> RunConfig:
    return RECIPES[request.param]


@pytest.fixture(params=VARIANTS)
def config(request: pytest.FixtureRequest) -> RunConfig:
    return VARIANTS[request.param]


def build(config: RunConfig, seed: int = 0) -> Recognizer:
    torch.manual_seed(seed)
    return Recognizer(config).eval()


def clips(recognizer: Recognizer) -> tuple[Tensor, Tensor]:
    """Give random features [B, T, F] and counts of real frames [B], from one to all."""
    features = torch.randn(CLIPS, FRAMES, recognizer.features.size)
    frames = torch.randint(1, FRAMES + 1, (CLIPS,))
    frames[0], frames[1] = 1, FRAMES
    return features, frames


def test_every_kind_of_model_has_a_recipe() -> None:
    assert {type(config.model) for config in RECIPES.values()} == set(MODELS)


def test_shape(config: RunConfig) -> None:
    recognizer = build(config)
    features, frames = clips(recognizer)
    assert recognizer.model(features, frames).shape == (CLIPS, len(config.corpus.classes))
    waveforms = torch.randn(3, config.corpus.samples)
    assert recognizer(waveforms).shape == (3, len(config.corpus.classes))


@pytest.mark.parametrize(("n_features", "n_classes"), [(40, 12), (13, 2), (1, 3)])
def test_any_number_of_features_and_classes(recipe: RunConfig, n_features: int, n_classes: int) -> None:
    model = make_model(recipe.model, n_features, n_classes).eval()
    assert model(torch.randn(2, 1, n_features), torch.tensor([1, 1])).shape == (2, n_classes)


def test_finite_gradient_for_every_parameter(config: RunConfig) -> None:
    recognizer = build(config).train()
    features, frames = clips(recognizer)
    labels = torch.arange(CLIPS) % len(config.corpus.classes)
    cross_entropy(recognizer.model(features, frames), labels).backward()  # type: ignore[no-untyped-call]
    for name, parameter in recognizer.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_learns_a_batch_by_heart(config: RunConfig) -> None:
    recognizer = build(config)  # without dropout
    features, frames = clips(recognizer)
    labels = torch.randint(len(config.corpus.classes), (CLIPS,))
    optimizer = torch.optim.Adam(recognizer.parameters(), 3e-3)
    for _ in range(100):
        loss = cross_entropy(recognizer.model(features, frames), labels)
        if loss < 0.05:
            return
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    pytest.fail(f"the loss is still {loss:.3f}")


def assert_saves_and_loads(config: RunConfig, folder: Path) -> None:
    recognizer = build(config)
    waveforms = torch.randn(3, config.corpus.samples)
    recognizer.features.fit([(waveforms, torch.full((3,), config.corpus.samples))])
    begun_run(folder, config).write_weights(recognizer)
    loaded = Run(folder).recognizer
    assert loaded.config == config
    assert type(loaded.config.model) is type(config.model)
    lengths = torch.tensor([16_000, 9000, 1])
    assert torch.equal(loaded(waveforms, lengths), recognizer(waveforms, lengths))


def test_saves_and_loads(config: RunConfig, tmp_path: Path) -> None:
    assert_saves_and_loads(config, tmp_path)


@pytest.mark.parametrize("n_mfcc", [13, 40])
def test_saves_and_loads_with_mfcc(recipe: RunConfig, n_mfcc: int, tmp_path: Path) -> None:
    assert_saves_and_loads(vary(recipe, transform="mfcc", n_mfcc=n_mfcc, rms_normalize=False), tmp_path)


def test_config_goes_to_json_and_back(config: RunConfig) -> None:
    again = validated(RunConfig, json.loads(json.dumps(asdict(config))))
    assert again == config
    assert again.model.kind == config.model.kind
    assert type(again.model) is type(config.model)


def test_padding_changes_nothing(config: RunConfig) -> None:
    recognizer = build(config)
    features, frames = clips(recognizer)
    padding = (torch.arange(FRAMES) >= frames[:, None])[:, :, None]
    changed = torch.where(padding, 100 * torch.randn_like(features), features)
    assert not torch.equal(changed, features)
    torch.testing.assert_close(
        recognizer.model(changed, frames), recognizer.model(features, frames), atol=1e-6, rtol=0
    )


LENGTHS = (16_000, 9_123, 400, 12_345, 4_000)
"""Lengths of clips in samples, one of them of two frames."""


def sounds() -> tuple[Tensor, Tensor]:
    """Give noise [B, S] of every loudness with lengths [B], zero-padded to the longest."""
    lengths = torch.tensor(LENGTHS)
    loud = torch.tensor([0.1, 0.01, 0.3, 0.05, 0.2])[:, None]
    return zero_padding(loud * torch.randn(len(LENGTHS), max(LENGTHS)), lengths), lengths


def without_dropout(recognizer: Recognizer) -> Recognizer:
    for layer in recognizer.modules():
        if isinstance(layer, nn.Dropout | nn.Dropout2d):
            layer.p = 0.0
        if isinstance(layer, nn.RNNBase):
            layer.dropout = 0.0
    return recognizer


def fitted(config: RunConfig) -> Recognizer:
    """Build a recogniser with the statistics of the sounds, also in batch normalisation."""
    recognizer = without_dropout(build(config))
    recognizer.features.fit([sounds()])
    recognizer.train()
    for _ in range(30):
        recognizer(*sounds())
    return recognizer.eval()


@pytest.mark.parametrize("deltas", [0, 2])
def test_the_amount_of_padding_changes_nothing(config: RunConfig, deltas: int) -> None:
    """Nor do other clips of the batch, nor their lengths."""
    recognizer = fitted(vary(config, deltas=deltas))
    waveforms, lengths = sounds()
    scores = recognizer(waveforms, lengths)
    assert scores.std(dim=0).min() > 1e-3  # the clips can be told apart
    for more in (1, 4_000):
        padded = pad(waveforms, (0, more))
        torch.testing.assert_close(recognizer(padded, lengths), scores, atol=1e-5, rtol=0)
    for n, length in enumerate(LENGTHS):
        alone = recognizer(waveforms[n : n + 1, :length])
        torch.testing.assert_close(alone, scores[n : n + 1], atol=1e-5, rtol=0)


def test_padding_counts_for_no_statistic_in_training(config: RunConfig) -> None:
    waveforms, lengths = sounds()
    states = []
    for more in (0, 4_000):
        recognizer = without_dropout(build(config)).train()
        padded = pad(waveforms, (0, more))
        recognizer.features.fit([(padded, lengths)])
        recognizer.double()  # so that no rounding decides on which side of a ReLU's kink a value is
        scores = recognizer(padded.double(), lengths)
        scores.square().sum().backward()
        gradients = {f"gradient of {name}": one.grad for name, one in recognizer.named_parameters()}
        states.append({"scores": scores, **recognizer.state_dict(), **gradients})
    torch.testing.assert_close(states[1], states[0], atol=1e-5, rtol=1e-3)


def test_the_ends_of_a_clip_count(config: RunConfig) -> None:
    """The first and the last, whatever the pooling."""
    recognizer = build(config)
    features, frames = clips(recognizer)
    first, last = features.clone(), features.clone()
    first[:, 0] += 1
    last[torch.arange(CLIPS), frames - 1] += 1
    scores = recognizer.model(features, frames)
    for changed in (first, last):
        assert (recognizer.model(changed, frames) != scores).any(dim=1).all()


def test_batch_of_one_is_a_row_of_many(config: RunConfig) -> None:
    recognizer = build(config)
    features, frames = clips(recognizer)
    many = recognizer.model(features, frames)
    for n in range(CLIPS):
        one = recognizer.model(features[n : n + 1], frames[n : n + 1])
        torch.testing.assert_close(one, many[n : n + 1], atol=1e-5, rtol=0)


def test_initial_weights_follow_the_seed(recipe: RunConfig) -> None:
    one, same, other = (dict(build(recipe, seed).named_parameters()) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_layers_are_described_in_one_line_each(recipe: RunConfig) -> None:
    for text in MODELS[type(recipe.model)].describe(recipe.model):
        assert text
        assert "\n" not in text
