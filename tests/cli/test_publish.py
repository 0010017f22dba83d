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


STREAM = {
    "recogniser": "live",
    "split": "testing",
    "synthetic": True,
    "recordings": [
        {
            "name": "clean",
            "hours": 2.0,
            "words_said": 200,
            "miss_rate": 0.05,
            "miss_rate_interval": [0.03, 0.09],
            "false_accepts_per_hour": 4.5,
            "false_accepts_per_hour_interval": [2.1, 8.5],
            "latency_s": {"median": 0.21, "90 %": 0.34},
        },
        {
            "name": "music",
            "hours": 2.0,
            "words_said": 0,
            "miss_rate": None,
            "miss_rate_interval": None,
            "false_accepts_per_hour": 0.5,
            "false_accepts_per_hour_interval": [0.0, 2.8],
            "latency_s": {"median": None, "90 %": None},
        },
    ],
}


def test_one_run_is_published_with_its_scores_in_long_recordings(
    shared_study: tuple[Path, dict[str, Result]], tmp_path: Path, wordspot: Command
) -> None:
    run = shared_study[0] / "family" / shared_study[1]["family"].comparison.models[0].runs[0]
    write_json(tmp_path / "stream-testing.json", STREAM)
    out = ["--out", str(tmp_path / "out"), "--corpus", "Tones", "--licence", "CC0, by nobody.", "--no-onnx"]
    command = ["publish", str(run), *out, "--name", "tones-live"]
    ran = wordspot(*command, "--stream", str(tmp_path / "stream-testing.json"))
    folder = tmp_path / "out/tones-live"
    assert (ran.code, ran.out, ran.err) == (0, f"published: {folder}\n", "")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "# tones-live: 3 spoken words" in card
    assert "The epoch was chosen by validation accuracy (" in card
    assert "recordings of 2 h made of testing clips (synthetic speech)" in card
    clean, music = (line for line in card.splitlines() if line.startswith(("| clean", "| music")))
    assert clean == "| clean | 200 | 5.0 % | 3.0 to 9.0 % | 4.5 | 2.1 to 8.5 | 210 (340) |"
    assert music == "| music | 0 | - | - | 0.5 | 0.0 to 2.8 | - |"
    assert Run(folder).config == Run(run).config


def test_what_does_not_belong_to_a_run_is_refused(
    shared_study: tuple[Path, dict[str, Result]], tmp_path: Path, wordspot: Command
) -> None:
    run = shared_study[0] / "family" / shared_study[1]["family"].comparison.models[0].runs[0]
    out = ["--out", str(tmp_path / "out"), "--corpus", "Tones", "--licence", "CC0, by nobody.", "--no-onnx"]
    (tmp_path / "other.json").write_text('{"recordings": []}', encoding="utf-8")
    refused = {
        "leave out --name and --stream": ["publish", str(shared_study[0]), *out, "--name", "x"],
        "not a result of `wordspot evaluate-stream`": [
            *("publish", str(run), *out, "--stream", str(tmp_path / "other.json"))
        ],
        "No such file or directory": ["publish", str(run), *out, "--stream", str(tmp_path / "none.json")],
        "leave out --models": ["publish", str(run), *out, "--models", "lstm"],
        "can't be the name of a folder": ["publish", str(run), *out, "--name", "../x"],
    }
    for reason, command in refused.items():
        ran = wordspot(*command)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert reason in ran.err
    assert not (tmp_path / "out").exists()
