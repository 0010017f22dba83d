"""What the program says of itself, and how soon."""

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from wordspot.config import ENCODERS, POOLINGS, TRANSFORMS
from wordspot.layout import SPLITS
from wordspot.recipes import RECIPES

VERBS = [
    "",
    "explore",
    "pack",
    "train",
    "train rnn",
    "train lstm",
    "train bc-resnet",
    "evaluate",
    "predict",
    "compare",
    "mistakes",
    "sweep",
    "sweep lstm",
    "study",
    "report",
    "notebook",
    "publish",
    "evaluate-stream",
    "synthesize",
    "own-words",
    "page",
]
COMPUTING = [
    "train lstm",
    "evaluate",
    "predict",
    "compare",
    "mistakes",
    "sweep lstm",
    "study",
    "notebook",
    "evaluate-stream",
]
SCORING = ["evaluate", "compare", "mistakes", "evaluate-stream"]


@pytest.fixture(autouse=True)
def _columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def told(text: str) -> str:
    """Give the words of a help without its boxes, on one line."""
    return " ".join(text.replace("│", " ").replace(" | ", " ").split())


@pytest.mark.parametrize("verb", VERBS)
def test_help(wordspot: Command, verb: str) -> None:
    ran = wordspot(*verb.split(), "--help")
    assert ran.code == 0
    assert ran.err == ""
    assert f"usage: wordspot {verb}".rstrip() in ran.out


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits_a_terminal_and_shows_nothing_internal(wordspot: Command, verb: str) -> None:
    out = wordspot(*verb.split(), "--help").out
    usage, *lines = out.splitlines()
    assert usage.startswith("usage: ")
    assert max(map(len, lines)) <= 80
    for internal in ("default: None", "default: )", "{None}|", "--kind", "settings.", "runtime."):
        assert internal not in told(out)


@pytest.mark.parametrize("verb", [*COMPUTING, "own-words", "train bc-resnet"])
def test_verbs_that_compute_take_the_same_options(wordspot: Command, verb: str) -> None:
    out = wordspot(*verb.split(), "--help").out
    for option in ("--device STR ", "--threads INT ", "--convert ", "--skip-bad "):
        assert option in out


@pytest.mark.parametrize("verb", SCORING)
def test_verbs_that_score_use_the_validation_split_by_default(wordspot: Command, verb: str) -> None:
    out = told(wordspot(verb, "--help").out)
    choices = ",".join([*SPLITS, "all"] if verb == "evaluate" else SPLITS)
    assert f"--split {{{choices}}}" in out
    assert "(default: validation)" in out


@pytest.mark.parametrize("verb", ["train", "sweep"])
def test_settings_show_the_names_that_they_take(wordspot: Command, verb: str) -> None:
    out = told(wordspot(verb, "lstm", "--help").out)
    for setting, choices in (("encoder", ENCODERS), ("pooling", POOLINGS), ("transform", TRANSFORMS)):
        assert f"--{setting} {{{','.join(choices)}}}" in out
    recipes = wordspot(verb, "--help").out
    assert all(f"• {recipe} " in recipes for recipe in RECIPES)


def test_a_model_without_recurrent_layers_takes_its_own_settings(wordspot: Command) -> None:
    out = told(wordspot("train", "bc-resnet", "--help").out)
    for setting in ("--scale", "--sub-bands", "--dropout", "--transform", "--epochs"):
        assert f"{setting} " in out
    for setting in ("--hidden-size", "--encoder", "--pooling"):
        assert setting not in out


def test_an_added_choice_is_shown_too(wordspot: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(ENCODERS, "mine", "somewhere:Mine")
        assert "--encoder {none,conv1d,conv2d,residual,mine}" in wordspot("train", "lstm", "--help").out
    assert "mine" not in wordspot("train", "lstm", "--help").out


def test_the_version_is_that_of_the_project(wordspot: Command) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    ran = wordspot("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"wordspot {project['version']}\n", "")
    assert "--version" in wordspot("--help").out


TO = "--data D --out O"
WRONG_CHOICES: dict[str, Iterable[str]] = {
    f"train lstm --encoder nonsense {TO}": ENCODERS,
    f"train lstm --pooling nonsense {TO}": POOLINGS,
    f"train lstm --transform nonsense {TO}": TRANSFORMS,
    f"train lstm --cell nonsense {TO}": ("rnn", "lstm", "gru"),
    f"train lstm --optimizer lion {TO}": ("adamw", "adam", "sgd"),
    f"train lstm --deltas 3 {TO}": ("0", "1", "2"),
    f"train nonsense {TO}": RECIPES,
    f"sweep nonsense {TO}": RECIPES,
    "evaluate wordspot --split test --data D": (*SPLITS, "all"),
    "compare wordspot lstm --split all --out O": SPLITS,
    f"mistakes wordspot --split test {TO}": SPLITS,
    "synthesize yes --engines festival --out O": ("espeak", "piper"),
    "nonsense": ("explore", "train", "evaluate", "own-words"),
}


@pytest.mark.parametrize("command", WRONG_CHOICES)
def test_a_wrong_choice_lists_the_right_ones(wordspot: Command, command: str) -> None:
    ran = wordspot(*command.split())
    assert (ran.code, ran.out) == (2, "")
    for choice in WRONG_CHOICES[command]:
        assert choice in told(ran.err)


def test_no_verb_and_unknown_options_are_wrong_use(wordspot: Command) -> None:
    assert wordspot().code == 2
    assert wordspot("train", "lstm", "--nonsense").code == 2
    assert wordspot(*f"train lstm {TO} --kind recurrent".split()).code == 2


@pytest.mark.parametrize("arguments", ["--help", "train lstm --help", "own-words --help", "nonsense"])
def test_help_loads_nothing_heavy(arguments: str) -> None:
    code = f"""
import sys
from wordspot.cli import main
sys.argv = ["wordspot", *{arguments.split()}]
try:
    main()
except SystemExit:
    heavy = {{"torch", "numpy", "pandas", "matplotlib", "scipy", "sklearn", "soundfile"}}
    print("loaded:", *sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "loaded:"
