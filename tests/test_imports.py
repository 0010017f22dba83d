"""What importing costs: nothing that isn't used, and the public names alone."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import wordspot

PUBLIC: list[str] = vars(wordspot)["__all__"]
HEAVY = {"torch", "numpy", "pandas", "matplotlib", "sklearn", "scipy"}


def loaded(statement: str) -> set[str]:
    """Run a statement in a process of its own, and give the modules that it loads."""
    code = f"{statement}; import sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "module", ["wordspot", "wordspot.config", "wordspot.recipes", "wordspot.layout", "wordspot.cli"]
)
def test_importing_settings_loads_nothing_heavy(module: str) -> None:
    found = loaded(f"import {module}")
    assert module in found
    assert not found & HEAVY


@pytest.mark.parametrize(
    "statement",
    [
        "import wordspot.models.recognizer",
        "from wordspot.runs.run import load",
        "import wordspot; wordspot.load('wordspot').predict(wordspot.models.recognizer.torch.zeros(16000))",
    ],
)
def test_recognising_needs_no_corpus_no_figure_and_no_synthesiser(statement: str) -> None:
    found = loaded(statement)
    assert {"torch", "wordspot.models.recognizer"} <= found
    assert not found & {"pandas", "matplotlib", "sklearn"}
    rooms = {name.split(".")[1] for name in found if name.startswith("wordspot.")}
    assert not rooms & {"tts", "corpus", "training", "evaluation", "inspection", "experiments", "cli"}


def test_the_command_loads_neither_tables_nor_figures_nor_a_compiler(shared_recordings: Path) -> None:
    clip = next(shared_recordings.glob("*/*.wav"))
    found = loaded(
        f"import sys; from wordspot.cli import main; sys.argv = ['', 'predict', {str(clip)!r}]; main()"
    )
    assert "wordspot.models.recognizer" in found
    assert not found & {"pandas", "matplotlib", "scipy", "sklearn", "torch._dynamo", "torch._inductor"}


def test_the_public_names_are_those_that_are_shown() -> None:
    assert dir(wordspot) == sorted(PUBLIC)
    assert len(set(PUBLIC)) == len(PUBLIC)
    assert {"Recognizer", "Run", "RunConfig", "compare", "evaluate", "load", "recipe", "train"} <= set(PUBLIC)
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(wordspot, "nonsense")  # noqa: B009 - a type checker would refuse it


def test_every_public_name_is_what_it_says_whatever_else_is_imported() -> None:
    """No name is that of a room, which importing the room would put in its place."""
    for module in pkgutil.walk_packages(wordspot.__path__, "wordspot."):
        importlib.import_module(module.name)
    for name in PUBLIC:
        assert not isinstance(getattr(wordspot, name), ModuleType), name
