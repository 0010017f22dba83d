"""The main job in small on real clips: two words, a few epochs, speakers that were never heard."""

from pathlib import Path

from wordspot.evaluation.evaluate import evaluate
from wordspot.recipes import recipe
from wordspot.training.loop import train


def test_real_words_are_recognised(real_clips: Path, tmp_path: Path) -> None:
    config = recipe("lstm", words=("yes", "no"), hidden_size=64, epochs=5)
    run = train(config, real_clips, tmp_path / "run")
    # Chance is 0.5; five epochs gave over 0.9.
    assert evaluate(run, real_clips, "validation").accuracy > 0.85
