"""wordspot: spoken-command recognition with recurrent networks in plain PyTorch.

    import wordspot

    run = wordspot.train(wordspot.RECIPES["lstm"], data="recordings", out="runs/lstm")
    print(wordspot.evaluate(run, data="recordings").accuracy)
    print(wordspot.load(run).predict("hello.wav").word)

Names are imported when they are first used, so that `import wordspot` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wordspot.analysis.compare import compare
    from wordspot.analysis.comparison import Comparison
    from wordspot.analysis.evaluate import Evaluation, evaluate
    from wordspot.analysis.explore import Exploration
    from wordspot.analysis.mistakes import write_mistakes
    from wordspot.config import RunConfig
    from wordspot.corpus.corpus import open_corpus
    from wordspot.corpus.synthetic.settings import Synthesis
    from wordspot.corpus.synthetic.synthesize import synthesize
    from wordspot.errors import WordspotError
    from wordspot.models.recognizer import Prediction, Recognizer, load
    from wordspot.recipes import RECIPES
    from wordspot.study.experiments import experiments
    from wordspot.study.own_words import own_words
    from wordspot.study.study import read_experiments, run_study
    from wordspot.training.loop import train

HOMES = {
    "Comparison": "analysis.comparison",
    "Evaluation": "analysis.evaluate",
    "Exploration": "analysis.explore",
    "Prediction": "models.recognizer",
    "RECIPES": "recipes",
    "Recognizer": "models.recognizer",
    "RunConfig": "config",
    "Synthesis": "corpus.synthetic.settings",
    "WordspotError": "errors",
    "compare": "analysis.compare",
    "evaluate": "analysis.evaluate",
    "experiments": "study.experiments",
    "load": "models.recognizer",
    "open_corpus": "corpus.corpus",
    "own_words": "study.own_words",
    "read_experiments": "study.study",
    "run_study": "study.study",
    "synthesize": "corpus.synthetic.synthesize",
    "train": "training.loop",
    "write_mistakes": "analysis.mistakes",
}
__all__ = [
    "RECIPES",
    "Comparison",
    "Evaluation",
    "Exploration",
    "Prediction",
    "Recognizer",
    "RunConfig",
    "Synthesis",
    "WordspotError",
    "compare",
    "evaluate",
    "experiments",
    "load",
    "open_corpus",
    "own_words",
    "read_experiments",
    "run_study",
    "synthesize",
    "train",
    "write_mistakes",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'wordspot' has no attribute {name!r}")
    return getattr(import_module(f"wordspot.{HOMES[name]}"), name)
