"""The folders of `wordspot publish`, whole as they are uploaded."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

import wordspot.deploy.publish as publishing
from tests.cli.conftest import Command
from wordspot.deploy.onnx_file import OnnxRecognizer
from wordspot.experiments.study import Result
from wordspot.files import write_json
from wordspot.runs.run import Run


def publish(study: tuple[Path, dict[str, Result]], folder: Path) -> list[str]:
    """Give the command that publishes a study of these runs in which the LSTM is best."""
    (folder / "family").symlink_to(study[0] / "family")
    family = study[1]["family"].comparison
    models = [replace(one, validation_accuracy=float(one.name == "lstm")) for one in family.models]
    best = replace(study[1]["family"], comparison=replace(family, models=models))
    write_json(folder / "study.json", [asdict(best)])
    out = str(folder / "out")
    return ["publish", str(folder), "--out", out, "--corpus", "Tones", "--licence", "CC0, by nobody."]


def test_the_command_line_lays_out_a_folder_to_upload(
    shared_study: tuple[Path, dict[str, Result]], tmp_path: Path, wordspot: Command
) -> None:
    command = publish(shared_study, tmp_path)
    ran = wordspot(*command, "--hub-licence", "cc0-1.0")
    folder = tmp_path / "out/lstm"
    assert (ran.code, ran.out, ran.err) == (0, f"published: {folder}\n", "")
    names = ["README.md", "config.json", "metrics.jsonl", "model.onnx", "model.safetensors", "speakers.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "license: cc0-1.0\n" in card
    assert "- onnx\n" in card
    assert "`model.onnx` is the same recogniser" in card
    exported = OnnxRecognizer(folder / "model.onnx")
    assert exported.metadata["licence"] == Run(folder).licence
    assert exported.classes == Run(folder).recognizer.classes


def test_without_onnx_the_folder_has_the_rest(
    shared_study: tuple[Path, dict[str, Result]],
    tmp_path: Path,
    wordspot: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "find_spec", lambda name: None if name == "onnxscript" else name)
    command = publish(shared_study, tmp_path)
    ran = wordspot(*command)
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert ran.err.startswith(
        "wordspot: no ONNX file is written (onnxscript is missing): python -m pip install"
    )
    assert not (tmp_path / "out/lstm/model.onnx").exists()
    assert (tmp_path / "out/lstm/model.safetensors").is_file()
    assert wordspot(*command, "--no-onnx").err == ""
