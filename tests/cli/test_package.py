"""What `import wordspot` gives: its docstring's lines, and names that are imported when they are used."""

import ast
import importlib
import json
import shutil
import textwrap
from dataclasses import asdict
from pathlib import Path

import pytest

import wordspot as package
from tests.conftest import WORDS
from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, TrainingConfig, vary
from wordspot.recipes import RECIPES
from wordspot.runs.run import load

STUB = ast.parse(Path(package.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
HOMES = {
    alias.name: node.module for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names
}
"""The module of each public name."""


def test_the_lines_of_the_packages_docstring(
    recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert package.__doc__
    lines = [line for line in package.__doc__.splitlines() if line.startswith("    ") or not line]
    small = RunConfig(
        RecurrentConfig(hidden_size=8), CorpusConfig(words=WORDS), training=TrainingConfig(epochs=1)
    )
    monkeypatch.setitem(RECIPES, "lstm", small)
    monkeypatch.chdir(recordings.parent)
    shutil.copy(next((recordings / "low").iterdir()), "hello.wav")
    exec(textwrap.dedent("\n".join(lines)), {})
    accuracy, word = capsys.readouterr().out.split()
    assert 0 <= float(accuracy) <= 1
    assert word in load("wordspot").classes
    stored = json.loads(Path("runs/lstm/config.json").read_text())
    assert stored["config"] == json.loads(json.dumps(asdict(vary(small, epochs=10))))


@pytest.mark.parametrize("name", HOMES)
def test_public_names_stay_what_they_are(name: str) -> None:
    # A module of the same name would take the place of the function once it is loaded.
    module = importlib.import_module(f"wordspot.{HOMES[name]}")
    assert getattr(package, name) is getattr(module, name)
    assert getattr(package, name) is getattr(module, name)


def test_every_name_of_the_list_is_public() -> None:
    assert dir(package) == sorted(HOMES)
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(package, "nonsense")  # noqa: B009 (mypy knows that it isn't there)
