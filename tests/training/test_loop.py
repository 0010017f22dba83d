"""The training loop: the schedule, what is drawn, what is learnt and what of it is kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

import wordspot.training.loop as loop
from tests.conftest import SAMPLE_RATE, SPEAKERS, WORDS, noise, speaker_names, write_samples
from tests.helpers import assert_same_run, same_weights
from tests.training.conftest import with_training
from wordspot.audio.augment import Augmenter, Clips
from wordspot.config import SILENCE, AugmentConfig, RecurrentConfig, RunConfig, TrainingConfig, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.dataset import Batch
from wordspot.evaluation.evaluate import evaluate
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run, load
from wordspot.training.loop import seed_epoch, train, validate
from wordspot.training.optimizer import learning_rate_at, make_optimizer
from wordspot.training.running_metrics import RunningMetrics

# The schedule


def test_learning_rate_by_hand() -> None:
    recipe = TrainingConfig(learning_rate=2.0, warmup=0.25)
    rates = [learning_rate_at(step, 16, recipe) for step in range(16)]
    assert rates[:5] == [0.5, 1.0, 1.5, 2.0, 2.0]  # the rise ends at the peak, where the cosine starts
    assert rates[10] == pytest.approx(1.0)  # half of the cosine's way
    assert rates[15] == pytest.approx(2 * np.sin(np.pi / 24) ** 2)  # the last but the end: (1 + cos)/2
    assert learning_rate_at(0, 16, TrainingConfig(learning_rate=2.0, warmup=0.0)) == 2.0


@given(st.integers(1, 500), st.floats(0, 1, exclude_max=True), st.floats(1e-8, 10))
def test_learning_rate_rises_then_falls_and_is_never_negative(steps: int, warmup: float, peak: float) -> None:
    recipe = TrainingConfig(learning_rate=peak, warmup=warmup)
    rates = [learning_rate_at(step, steps, recipe) for step in range(steps)]
    rise = round(warmup * steps)
    assert min(rates) > 0
    assert max(rates) == pytest.approx(peak)
    assert rates[:rise] == sorted(rates[:rise])
    assert rates[rise:] == sorted(rates[rise:], reverse=True)


def test_every_step_follows_the_schedule(run: Path, tiny: RunConfig) -> None:
    """48 training clips in batches of 8 are 6 steps an epoch; the last rate of each epoch is in its line."""
    assert [line["learning_rate"] for line in Run(run).metrics] == [
        learning_rate_at(6 * epoch - 1, 24, tiny.training) for epoch in (1, 2, 3, 4)
    ]


# What is drawn


def test_same_seed_same_weights(run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    train(tiny, shared_recordings, tmp_path / "same")
    assert_same_run(tmp_path / "same", run)


def test_other_seed_other_weights(
    run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    train(with_training(tiny, seed=4), shared_recordings, tmp_path / "other")
    assert not same_weights(tmp_path / "other", run)


def test_augmentation_changes_the_weights(
    run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    train(replace(tiny, augment=AugmentConfig(0, 0, 0)), shared_recordings, tmp_path / "plain")
    assert not same_weights(tmp_path / "plain", run)


def drawn(seed: int, epoch: int) -> tuple[Any, ...]:
    """Draw what an epoch would: numbers for dropout, for the order of clips, and for augmentation."""
    order, draw = torch.Generator(), torch.Generator()
    seed_epoch(seed, epoch, order, draw)
    return (
        *torch.rand(2).tolist(),
        *torch.rand(2, generator=order).tolist(),
        *torch.rand(2, generator=draw).tolist(),
    )


def test_each_epoch_and_seed_draws_anew() -> None:
    assert drawn(3, 1) == drawn(3, 1)
    draws = {(seed, epoch): drawn(seed, epoch) for seed in range(5) for epoch in range(1, 6)}
    for number in range(6):  # neither dropout nor the order nor augmentation repeats
        assert len({draw[number] for draw in draws.values()}) == len(draws)
    for draw in draws.values():  # nor do they draw the same as each other
        assert len(set(draw)) == 6


def test_the_rate_of_dropout_changes_no_augmentation(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the order of clips."""

    def heard(config: RunConfig, folder: Path) -> list[Tensor]:
        seen: list[Tensor] = []

        def note(self: Augmenter, features: Tensor) -> Tensor:
            seen.append(masked(self, features))
            return seen[-1]

        masked = Augmenter.features
        with monkeypatch.context() as patch:
            patch.setattr(Augmenter, "features", note)
            train(config, shared_recordings, folder)
        return seen

    config = vary(tiny, epochs=2)
    one = heard(config, tmp_path / "one")
    other = heard(vary(config, dropout=0.5), tmp_path / "other")
    assert len(one) == 12
    assert all(torch.equal(features, same) for features, same in zip(one, other, strict=True))
    assert not same_weights(tmp_path / "one", tmp_path / "other")


def test_clips_come_once_an_epoch_in_another_order(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    train_step = loop.train_step

    def step_and_note(recognizer: Recognizer, batch: Batch, *others: Any) -> tuple[Tensor, Tensor, Tensor]:
        heard.extend(batch.samples.long().square().sum(dim=1).tolist())  # tells the clips apart
        return train_step(recognizer, batch, *others)

    monkeypatch.setattr(loop, "train_step", step_and_note)
    train(with_training(tiny, epochs=3), shared_recordings, tmp_path / "run")
    orders = [heard[:48], heard[48:96], heard[96:]]
    assert [len(set(order)) for order in orders] == [48, 48, 48]
    assert set(orders[0]) == set(orders[1]) == set(orders[2])
    assert orders[0] != orders[1]
    assert orders[1] != orders[2]


# What it learns, and what of it is kept


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_learns(cell: Any, tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    config = replace(
        with_training(tiny, epochs=8),
        model=RecurrentConfig(cell=cell, hidden_size=16, num_layers=2, dropout=0.1),
    )
    metrics = train(config, shared_recordings, tmp_path / "run").metrics
    assert metrics[-1]["training_accuracy"] >= 0.95
    assert metrics[-1]["training_loss"] < metrics[0]["training_loss"] / 2
    assert max(line["validation_accuracy"] for line in metrics) >= 0.9


def test_validation_is_without_dropout_and_gradient(run: Path, shared_recordings: Path) -> None:
    recognizer = load(run).train()
    validation = open_corpus(shared_recordings, recognizer.config.corpus).loader("validation", 5)
    seen = []
    recognizer.model.register_forward_hook(
        lambda module, _inputs, logits: seen.append((module.training, logits.requires_grad))
    )
    first, logits, labels = validate(recognizer, validation)
    recognizer.train()
    assert validate(recognizer, validation)[0] == first
    assert seen == [(False, False)] * 8  # 18 clips in batches of 5, twice
    assert first.clips == len(logits) == len(labels) == 18


def test_running_metrics_by_hand() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
    running = RunningMetrics()
    running.add(torch.tensor(0.5), logits, torch.tensor([0, 0]))
    assert running.clips == 0  # not read yet
    running.add(torch.tensor(2.0), logits[:1], torch.tensor([0]))
    assert running.read() is running.read()
    assert (running.mean_loss, running.accuracy, running.clips) == (1.0, 2 / 3, 3)


def test_a_mixed_clip_is_scored_by_its_dominant_word(tiny: RunConfig, shared_recordings: Path) -> None:
    """By hard labels, a recogniser that always hears the dominant word would miss some."""
    corpus = open_corpus(shared_recordings, tiny.corpus)
    config = vary(tiny, mixup_p=1.0, mixup_alpha=1.0)
    draw = torch.Generator().manual_seed(0)
    augmenter = loop.make_augmenter(config, corpus, draw)
    recognizer = Recognizer(config)
    targets: list[Tensor] = []
    mix = augmenter.waveforms

    def note(waveforms: Tensor, lengths: Tensor, labels: Tensor) -> Clips:
        clips = mix(waveforms, lengths, labels)
        targets.append(clips.targets)
        return clips

    augmenter.waveforms = note  # type: ignore[method-assign]
    (batch,) = corpus.loader("training", 48)
    _, _, labels = loop.train_step(recognizer, batch, augmenter, make_optimizer(recognizer, tiny.training))
    assert torch.equal(labels, targets[0].argmax(dim=1))
    assert not torch.equal(labels, batch.labels)
    running = RunningMetrics()
    running.add(torch.tensor(0.0), targets[0], labels)
    assert running.read().accuracy == 1.0
    augmenter.config = tiny.augment
    _, _, labels = loop.train_step(recognizer, batch, augmenter, make_optimizer(recognizer, tiny.training))
    assert torch.equal(labels, batch.labels)


def test_a_quiet_room_is_silence(recordings: Path, tiny: RunConfig, tmp_path: Path) -> None:
    """Faint noise, a faint hum at the pitch of a word, or no sound at all."""
    write_samples(recordings / "_background_noise_" / "rain.wav", noise(200_000) // 16)  # -29 dB
    config = vary(tiny, silence=True, epochs=12)
    recognizer = train(config, recordings, tmp_path / "run").recognizer
    rain = 0.577 * torch.rand(SAMPLE_RATE, generator=torch.Generator().manual_seed(0))
    hum = torch.sin(2 * torch.pi * 400 * torch.arange(SAMPLE_RATE) / SAMPLE_RATE)
    for level_db in (-30, -50, -70, -90):
        assert recognizer.predict(10 ** (level_db / 20) * rain).word == SILENCE
    for level_db in (-80, -90):
        assert recognizer.predict(10 ** (level_db / 20) * hum).word == SILENCE
    assert recognizer.predict(torch.zeros(SAMPLE_RATE)).word == SILENCE
    for word in WORDS:
        assert recognizer.predict(next(recordings.glob(f"{word}/*.wav"))).word == word


def test_kept_weights_have_the_best_validation_accuracy(own_run: Path, shared_recordings: Path) -> None:
    best = max(line["validation_accuracy"] for line in Run(own_run).metrics)
    assert evaluate(own_run, shared_recordings, "validation").accuracy == best


@pytest.mark.parametrize(("keep", "kept_number"), [("best", 3), ("last", 4)])
def test_weights_of_one_epoch_are_kept(
    keep: str,
    kept_number: int,
    tiny: RunConfig,
    shared_recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Validation is made to say 9, 12, 12, 10 of 18; of the two with 12 the one of less loss is best."""
    said = iter(
        [
            RunningMetrics(18.0, 9, 18),
            RunningMetrics(18.0, 12, 18),
            RunningMetrics(9.0, 12, 18),
            RunningMetrics(0.0, 10, 18),
        ]
    )
    weights = []

    def scripted(recognizer: Recognizer, *_others: Any) -> tuple[RunningMetrics, Tensor, Tensor]:
        weights.append({name: tensor.clone() for name, tensor in recognizer.state_dict().items()})
        return next(said), torch.zeros(18, len(WORDS)), torch.zeros(18, dtype=torch.int64)

    monkeypatch.setattr(loop, "validate", scripted)
    run = train(with_training(tiny, keep=keep), shared_recordings, tmp_path / "run")
    kept = load_file(run.folder / "model.safetensors")
    del kept["temperature"]  # fitted after validation
    same = [all(torch.equal(kept[name], state[name]) for name in kept) for state in weights]
    assert same == [number == kept_number for number in (1, 2, 3, 4)]
    assert run.validation_accuracy == {3: 12 / 18, 4: 10 / 18}[kept_number]
    assert run.plot_curves().axes[0].lines[-1].get_xdata() == [kept_number] * 2


@pytest.mark.parametrize(("keep", "epochs"), [("best", 3), ("last", 9)])
def test_stops_early_where_the_best_is_kept(
    keep: str, epochs: int, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    """Steps too small to change a weight leave the first epoch the best."""
    config = with_training(tiny, epochs=9, patience=2, learning_rate=1e-30, keep=keep)
    metrics = train(config, shared_recordings, tmp_path / "run").metrics
    assert [line["epoch"] for line in metrics] == list(range(1, epochs + 1))


def test_gradients_are_clipped(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    """Six steps of rate 1 along gradients of 1e-3 at most can't carry the weights far."""
    config = with_training(
        tiny, epochs=1, optimizer="sgd", learning_rate=1.0, clip_norm=1e-3, weight_decay=0.0
    )
    torch.manual_seed(config.training.seed)
    first = dict(Recognizer(config).named_parameters())
    last = dict(load(train(config, shared_recordings, tmp_path / "run")).named_parameters())
    moved = torch.cat([(last[name] - first[name]).flatten() for name in first]).norm()
    assert 0 < moved < 6 * 10 * 1e-3  # a gradient counts for less than 10 under the momentum 0.9


@pytest.mark.parametrize("split", ["validation", "testing"])
def test_other_parts_change_no_weight(
    split: str, recordings: Path, run: Path, tiny: RunConfig, tmp_path: Path
) -> None:
    """The last weights and the scaling come from the training clips alone (the best epoch may be another)."""
    for speaker in speaker_names(split, SPEAKERS[split]):
        for path in recordings.glob(f"*/{speaker}_nohash_1.wav"):
            soundfile.write(path, np.full(9000, 0.5), SAMPLE_RATE, subtype="PCM_16")
    train(tiny, recordings, tmp_path / "run")
    state = "last/state.safetensors"
    before, after = load_file(run / state), load_file(tmp_path / "run" / state)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert before.keys() == after.keys()
