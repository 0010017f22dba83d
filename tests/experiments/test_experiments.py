"""The experiments as data: what they vary, what they share, how they are shortened."""

from dataclasses import replace

import pytest

from tests.helpers import assert_one_line
from wordspot.audio.augment import AUGMENTATIONS, Augmentation
from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, differences, vary
from wordspot.errors import UsageError
from wordspot.experiments.experiments import BASE, DATA_SCALING, EXPERIMENTS, ON_REQUEST, list_experiments
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import CONTROLLED, CONTROLLED_RECIPE, RECIPES
from wordspot.tts.settings import CLIPS

CORPUS = CorpusConfig(words=("low", "high"))
ALL = {experiment.name: experiment for experiment in list_experiments(CORPUS)}


def test_the_family_has_every_recipe_as_it_is_with_three_seeds() -> None:
    family = ALL["family"]
    assert family.split == "testing"
    assert set(family.variants) == set(RECIPES)
    for model, recipe in RECIPES.items():
        assert [config.training.seed for config in family.seeded(model)] == [0, 1, 2]
        for config in family.seeded(model):
            assert vary(config, seed=recipe.training.seed) == replace(recipe, corpus=CORPUS)


def test_the_controlled_models_differ_in_nothing_but_themselves() -> None:
    controlled = ALL["controlled"]
    assert (controlled.split, controlled.against, controlled.seeds) == ("testing", None, 3)
    assert list(controlled.variants) == list(RECIPES)
    rest = {replace(config, model=RecurrentConfig()) for config in controlled.variants.values()}
    assert len(rest) == 1
    for model, config in controlled.variants.items():
        recipe = RECIPES[model].model
        assert type(config.model) is type(recipe)
        if isinstance(config.model, RecurrentConfig) and isinstance(recipe, RecurrentConfig):
            ours, theirs = (
                (one.cell, one.encoder, one.bidirectional, one.pooling) for one in (config.model, recipe)
            )
            assert ours == theirs, model  # it is the model of the family, in another size


def test_the_controlled_models_are_of_one_size() -> None:
    sizes = [
        Recognizer(RunConfig(model, features=CONTROLLED_RECIPE.features)).n_parameters
        for model in CONTROLLED.values()
    ]
    assert max(sizes) <= 1.1 * min(sizes)


def test_normalisation_of_the_pooled_state_is_all_that_two_variants_lack() -> None:
    experiment = ALL["head-norm"]
    assert (experiment.split, experiment.against, experiment.seeds) == ("testing", "lstm", 3)
    assert list(experiment.variants) == ["rnn", "lstm", "rnn without", "lstm without"]
    for model in ("rnn", "lstm"):
        base = experiment.variants[model]
        assert base == ALL["controlled"].variants[model]
        assert isinstance(base.model, RecurrentConfig)
        assert base.model.head_norm
        assert experiment.variants[f"{model} without"] == vary(base, head_norm=False)


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("controlled", "family", "head-norm")])
def test_other_experiments_choose_by_validation_and_vary_a_controlled_model(name: str) -> None:
    experiment = ALL[name]
    assert (experiment.split, experiment.against, experiment.seeds) == ("validation", BASE, 3)
    base = experiment.variants[BASE]
    assert base == ALL["controlled"].variants["lstm"]  # so that it is trained once for all
    for variant, config in experiment.variants.items():
        assert config.corpus.words == CORPUS.words
        assert variant == BASE or differences(config, base), variant
        # No early stop may cut a shortened schedule.
        assert config.training.patience >= config.training.epochs
    configs = list(experiment.variants.values())
    assert all(one != other for n, one in enumerate(configs) for other in configs[:n])


def test_each_augmentation_is_tried_alone() -> None:
    variants = ALL["augmentation"].variants
    assert list(variants) == [BASE, "none", *(one.title for one in AUGMENTATIONS), "all"]
    switches = {one.probability: one.trial for one in AUGMENTATIONS}
    for one in AUGMENTATIONS:
        augment = variants[one.title].augment
        on = {switch: getattr(augment, switch) for switch in switches if getattr(augment, switch)}
        assert on == {one.probability: one.trial}
    assert {switch: getattr(variants["all"].augment, switch) for switch in switches} == switches
    assert not any(getattr(variants["none"].augment, switch) for switch in switches)


def test_an_augmentation_that_the_recipe_does_not_know_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of a subclass of AugmentConfig, added to the list, leaves the recipes as they are."""
    other = Augmentation("echo_p", "echo", "waveform", lambda _, clips: clips)
    monkeypatch.setattr("wordspot.experiments.experiments.AUGMENTATIONS", [*AUGMENTATIONS, other])
    assert list_experiments(CORPUS, ["augmentation"]) == [ALL["augmentation"]]


def test_variants_are_named_for_what_they_change() -> None:
    features, settings = ALL["features"].variants, ALL["hyperparameters"].variants
    assert features["no RMS normalisation"].features.rms_normalize is False
    assert [features[name].features.deltas for name in ("no deltas", BASE, "delta-deltas")] == [
        0,
        1,
        2,
    ]
    assert features["80 mel bands"].features.n_mels == 80
    assert settings["learning rate 0.0005"].training.learning_rate == 5e-4
    model = settings["hidden size 128"].model
    assert isinstance(model, RecurrentConfig)
    assert model.hidden_size == 128


def test_every_experiment_has_its_name_and_kind() -> None:
    assert list(ALL) == [name for name in EXPERIMENTS if name not in ON_REQUEST]
    kinds = {name: experiment.kind for name, experiment in ALL.items()}
    models, scaling = dict.fromkeys(("controlled", "family"), "models"), {"data-scaling": "scaling"}
    assert kinds == dict.fromkeys(ALL, "settings") | models | scaling


def test_fewer_clips_are_gone_through_more_often() -> None:
    all_clips, *few = ALL["data-scaling"].variants.values()
    variants = [*few, all_clips]
    assert [config.corpus.clips_per_word for config in variants] == [*DATA_SCALING, None]
    epochs = [config.training.epochs for config in variants]
    assert epochs == sorted(epochs, reverse=True)


def test_a_quick_look_bounds_every_run_and_says_so() -> None:
    for experiment in list_experiments(CORPUS, epochs=2, seeds=1):
        assert all(config.training.epochs <= 2 for config in experiment.variants.values())
        assert "All runs are limited to 2 epochs" in experiment.note
        assert experiment.seeds == 1


def test_experiments_and_models_can_be_chosen() -> None:
    (family,) = list_experiments(CORPUS, ["family"], ["gru", "rnn"])
    assert list(family.variants) == ["gru", "rnn"]
    for wrong in (
        {"names": ["nonsense"]},
        {"models": ["transformer"]},
        {"seeds": 0},
        {"epochs": 0},
    ):
        with pytest.raises(UsageError) as error:
            list_experiments(CORPUS, **wrong)
        assert_one_line(error.value)


def test_what_synthetic_speech_is_worth_is_asked_only_by_name() -> None:
    assert "synthetic" not in ALL
    (worth,) = list_experiments(CORPUS, ["synthetic"], seeds=2)
    assert (worth.split, worth.against, worth.seeds) == ("testing", BASE, 2)
    assert worth.variants[BASE] == replace(RECIPES["wordspot"], corpus=CORPUS)
    clips = {
        name: (config.corpus.clips_per_word, config.corpus.synthetic, config.corpus.recorded_times)
        for name, config in worth.variants.items()
    }
    assert clips["0 and synthetic"] == (0, CLIPS, 1)
    assert clips["10 and synthetic"] == (10, CLIPS, 25)
    assert clips["all and synthetic"] == (None, CLIPS, 1)
    assert clips["10 recorded"] == (10, 0, 1)
    for name, (count, synthetic, times) in clips.items():
        if synthetic and count:  # about as many of both in an epoch
            assert 250 <= count * times <= 1.5 * CLIPS, name
    short = list_experiments(replace(CORPUS, synthetic=9), ["synthetic"], epochs=2)[0]
    assert all(config.training.epochs <= 2 for config in short.variants.values())
    assert short.variants[BASE].corpus == CORPUS
