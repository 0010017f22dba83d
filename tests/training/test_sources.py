"""Learning from trained runs: what is taken from one, what is refused, and whom they have heard."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.conftest import SPEAKERS, WORDS
from tests.helpers import assert_one_line, last_epoch_of, same_weights
from tests.training.conftest import with_training
from wordspot.config import RunConfig, vary
from wordspot.errors import UsageError
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run, load
from wordspot.training.loop import train
from wordspot.training.sources import start_from


def test_all_layers_are_taken_where_the_classes_are_the_same(run: Path, tiny: RunConfig) -> None:
    recognizer = Recognizer(tiny)
    mean = recognizer.features.mean.clone()
    start_from(recognizer, str(run))
    ours, theirs = recognizer.model.state_dict(), load(run).model.state_dict()
    assert ours.keys() == theirs.keys()
    for name, weights in theirs.items():
        torch.testing.assert_close(ours[name], weights, rtol=0, atol=0)
    torch.testing.assert_close(recognizer.features.mean, mean)


@pytest.mark.parametrize("words", [WORDS[:2], ("any", "other", "words")])
def test_the_last_layer_is_left_where_the_classes_differ(
    run: Path, tiny: RunConfig, words: tuple[str, ...]
) -> None:
    recognizer = Recognizer(vary(tiny, words=words))
    drawn = recognizer.model.head.weight.clone()
    start_from(recognizer, str(run))
    ours, theirs = recognizer.model.state_dict(), load(run).model.state_dict()
    assert torch.equal(ours["head.weight"], drawn)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if not name.startswith("head."))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"n_mels": 64}, "n_mels 40 against 64"),
        ({"sample_rate": 15_500}, "sample_rate 16000 against 15500"),
        ({"hidden_size": 24}, "hidden_size 16 against 24"),
        ({"cell": "gru"}, "cell lstm against gru"),
    ],
)
def test_other_features_and_layers_are_refused(
    run: Path, tiny: RunConfig, settings: dict[str, int | str], named: str
) -> None:
    with pytest.raises(UsageError, match=named) as refused:
        start_from(Recognizer(vary(tiny, **settings)), str(run))
    assert_one_line(refused.value)


def test_settings_without_weights_may_differ(run: Path, tiny: RunConfig) -> None:
    start_from(Recognizer(vary(tiny, dropout=0.5)), str(run))


def test_a_run_begins_where_another_ended(
    run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    """At a learning rate that changes nothing, one epoch is enough; from drawn weights it would not be."""
    small = {"epochs": 1, "learning_rate": 1e-9}
    drawn = train(with_training(tiny, **small), shared_recordings, tmp_path / "drawn")
    begun = train(with_training(tiny, initial=str(run), **small), shared_recordings, tmp_path / "begun")
    assert begun.validation_accuracy == Run(run).validation_accuracy > drawn.validation_accuracy


def test_it_is_read_once(own_run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    """A run that was stopped goes on without it, to the weights of one that was not."""

    def stop(metrics: dict[str, object]) -> None:
        if metrics["epoch"] == 2:
            raise KeyboardInterrupt

    config = with_training(tiny, initial=str(own_run))
    whole = train(config, shared_recordings, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(config, shared_recordings, tmp_path / "stopped", after_epoch=stop)
    own_run.rename(own_run.with_name("gone"))
    resumed = train(config, shared_recordings, tmp_path / "stopped")
    assert last_epoch_of(resumed) == tiny.training.epochs
    assert same_weights(whole, resumed)


def test_a_missing_run_is_one_line(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: no run here") as refused:
        train(with_training(tiny, initial="nowhere"), shared_recordings, tmp_path / "new")
    assert_one_line(refused.value)
    assert not (tmp_path / "new" / "config.json").exists()


def test_what_does_not_fit_leaves_the_folder_free(
    run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    wrong = with_training(vary(tiny, hidden_size=24), initial=str(run))
    with pytest.raises(UsageError, match="hidden_size 16 against 24"):
        train(wrong, shared_recordings, tmp_path / "new")
    train(with_training(tiny, epochs=1, initial=str(run)), shared_recordings, tmp_path / "new")


@pytest.mark.parametrize("source", ["initial", "teachers"])
def test_who_was_heard_by_a_source_counts_as_heard(
    run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path, source: str
) -> None:
    """Of the source's training speakers, some validate in a fold, so that its weights tell of them."""
    named: dict[str, object] = {"initial": str(run), "teachers": (str(run),)}
    config = with_training(tiny, epochs=1, **{source: named[source]})
    fold = replace(config, corpus=replace(config.corpus, fold=0))
    with pytest.raises(UsageError, match=r"was trained with \d+ speakers of the validation split") as refused:
        train(fold, shared_recordings, tmp_path / "fold")
    assert_one_line(refused.value)
    assert not (tmp_path / "fold" / "config.json").exists()
    learnt = train(config, shared_recordings, tmp_path / "learnt")
    assert learnt.speakers == Run(run).speakers
    assert len(learnt.speakers["training"]) == SPEAKERS["training"]
    weights = (run / "model.safetensors").read_bytes()
    assert learnt.provenance["sources"] == {str(run): hashlib.sha256(weights).hexdigest()}
