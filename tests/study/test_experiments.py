"""The experiments as data: what they vary, what they share, how they are shortened."""

from dataclasses import replace

import pytest

from tests.runs import assert_one_line
from wordspot.config import CorpusConfig, differences, vary
from wordspot.corpus.synthetic.settings import CLIPS
from wordspot.errors import UsageError
from wordspot.recipes import RECIPES
from wordspot.study.experiments import AMOUNTS, BASE, SWITCHES, WORTH, experiments

CORPUS = CorpusConfig(words=("low", "high"))
ALL = {experiment.name: experiment for experiment in experiments(CORPUS)}


def test_the_family_has_every_recipe_as_it_is_with_three_seeds() -> None:
    family = ALL["family"]
    assert family.split == "testing"
    assert set(family.variants) == set(RECIPES)
    for model, recipe in RECIPES.items():
        assert [config.training.seed for config in family.seeded(model)] == [0, 1, 2]
        for config in family.seeded(model):
            assert vary(config, seed=recipe.training.seed) == replace(recipe, corpus=CORPUS)


@pytest.mark.parametrize("name", [name for name in ALL if name != "family"])
def test_other_experiments_choose_by_validation_and_say_that_they_are_short(name: str) -> None:
    experiment = ALL[name]
    assert (experiment.split, experiment.against) == ("validation", BASE)
    base = experiment.variants[BASE]
    assert base == ALL["features"].variants[BASE]  # so that it is trained once for all
    assert f"{base.training.epochs} epochs" in experiment.note
    for variant, config in experiment.variants.items():
        assert config.corpus.words == CORPUS.words
        assert variant == BASE or differences(config, base), variant
        # No early stop may cut a shortened schedule.
        assert config.training.patience >= config.training.epochs
    configs = list(experiment.variants.values())
    assert all(one != other for n, one in enumerate(configs) for other in configs[:n])


def test_each_augmentation_is_tried_alone() -> None:
    variants = ALL["augmentation"].variants
    for name, switch in SWITCHES.items():
        augment = variants[name].augment
        assert [other for other in SWITCHES.values() if getattr(augment, other) > 0] == [switch]
    assert all(getattr(variants["all"].augment, switch) > 0 for switch in SWITCHES.values())
    assert not any(getattr(variants["none"].augment, switch) for switch in SWITCHES.values())


def test_fewer_clips_are_gone_through_more_often() -> None:
    variants = list(ALL["amounts"].variants.values())
    assert [config.corpus.clips_per_word for config in variants] == [*AMOUNTS, None]
    epochs = [config.training.epochs for config in variants]
    assert epochs == sorted(epochs, reverse=True)


def test_a_quick_look_bounds_every_run_and_says_so() -> None:
    for experiment in experiments(CORPUS, epochs=2, seeds=1):
        assert all(config.training.epochs <= 2 for config in experiment.variants.values())
        assert "No run has more epochs than 2" in experiment.note
        assert experiment.seeds == 1


def test_experiments_and_models_can_be_chosen() -> None:
    (family,) = experiments(CORPUS, ["family"], ["gru", "rnn"])
    assert list(family.variants) == ["gru", "rnn"]
    for wrong in (
        {"names": ["nonsense"]},
        {"models": ["transformer"]},
        {"seeds": 0},
        {"epochs": 0},
    ):
        with pytest.raises(UsageError) as error:
            experiments(CORPUS, **wrong)
        assert_one_line(error.value)


def test_the_worth_of_synthetic_speech_is_asked_only_by_name() -> None:
    assert WORTH not in ALL
    (worth,) = experiments(CORPUS, [WORTH], seeds=2)
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
    short = experiments(replace(CORPUS, synthetic=9), [WORTH], epochs=2)[0]
    assert all(config.training.epochs <= 2 for config in short.variants.values())
    assert short.variants[BASE].corpus == CORPUS
