"""The main job in small on real clips: two words, a few epochs, speakers that were never heard."""

from dataclasses import replace
from pathlib import Path

from wordspot.analysis.evaluate import evaluate
from wordspot.config import CorpusConfig
from wordspot.recipes import RECIPES
from wordspot.training.loop import train


def test_real_words_are_recognised(real_clips: Path, tmp_path: Path) -> None:
    recipe = RECIPES["lstm"]
    config = replace(
        recipe,
        corpus=CorpusConfig(words=("yes", "no")),
        model=replace(recipe.model, units=64),
        training=replace(recipe.training, epochs=5),
    )
    run = train(config, real_clips, tmp_path / "run")
    # Chance is 0.5; five epochs gave over 0.9.
    assert evaluate(run, real_clips, "validation").accuracy > 0.85
