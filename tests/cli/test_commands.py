"""Every verb from start to end on the synthetic words, and what each leaves behind."""

import csv
import importlib
import json
import shutil
import textwrap
from dataclasses import asdict, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from pydantic import TypeAdapter
from safetensors.numpy import load_file

import wordspot as package
from tests.cli.conftest import Command, run_program, train
from tests.conftest import RATE_HZ, SPEAKERS, WORDS
from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, TrainingConfig, vary
from wordspot.models.recognizer import PRETRAINED, load, pretrained
from wordspot.recipes import RECIPES

MODELS = ("rnn", "lstm")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_drawing(path: Path) -> None:
    """Assert that a figure is whole and shows something."""
    if path.suffix == ".png":
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert path.stat().st_size > 5_000
    else:
        drawing = ElementTree.parse(path).getroot()
        assert drawing.tag.endswith("svg")
        assert len(list(drawing.iter("{http://www.w3.org/2000/svg}path"))) > 5


@pytest.mark.parametrize(
    "verb",
    [
        "",
        "explore",
        "train",
        "train rnn",
        "train lstm",
        "evaluate",
        "predict",
        "compare",
        "mistakes",
        "sweep",
        "study",
        "report",
        "notebook",
        "publish",
        "synthesize",
        "own-words",
    ],
)
def test_help(wordspot: Command, verb: str) -> None:
    ran = wordspot(*verb.split(), "--help")
    assert ran.code == 0
    assert ran.err == ""
    assert f"usage: wordspot {verb}".rstrip() in ran.out


def test_no_verb_and_unknown_options_are_wrong_use(wordspot: Command) -> None:
    assert wordspot().code == 2
    assert wordspot("train", "lstm", "--nonsense").code == 2


def test_explore(wordspot: Command, shared_recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = wordspot("explore", "--data", shared_recordings, "--out", out, "--words", "low", "rise")
    assert (ran.code, ran.err) == (0, "")
    names = ["counts.csv", "durations.csv", "formats.csv", "durations.png", "clips.png", "augmentations.png"]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    assert [line for line in ran.out.splitlines() if line.startswith("written: ")] == [
        f"written: {out / name}" for name in names
    ]
    counts = {row["word"]: list(row.values())[1:] for row in rows_of(out / "counts.csv")}
    of_word = [str(2 * SPEAKERS[split]) for split in ("training", "validation", "testing")]
    assert counts == {word: [*of_word, "28"] for word in WORDS} | {"all words": ["48", "18", "18", "84"]}
    (format_,) = rows_of(out / "formats.csv")
    assert (format_["rate_hz"], format_["channels"], format_["clips"]) == ("16000", "1", "84")
    seconds = [soundfile.info(path).duration for path in shared_recordings.rglob("*.wav")]
    durations = {row["word"]: row for row in rows_of(out / "durations.csv")}
    assert set(durations) == {*WORDS, "all words"}
    assert durations["all words"]["count"] == "84"
    assert float(durations["all words"]["mean"]) == pytest.approx(np.mean(seconds), abs=0.001)
    for name in ("durations.png", "clips.png", "augmentations.png"):
        assert_drawing(out / name)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_explore_a_corpus_of_any_rate(wordspot: Command, tmp_path: Path, rate_hz: int) -> None:
    (tmp_path / "data" / "hum").mkdir(parents=True)
    hum = np.tile(np.sin(np.arange(rate_hz) / 20)[:, None], 2)
    soundfile.write(tmp_path / "data" / "hum" / "a_nohash_0.wav", hum, rate_hz)
    ran = wordspot("explore", "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert_drawing(tmp_path / "out" / "clips.png")


def test_explore_counts_files_that_cannot_be_used(
    wordspot: Command, recordings: Path, tmp_path: Path
) -> None:
    bad = next((recordings / "low").iterdir())
    bad.write_text("hello")
    ran = wordspot("explore", "--data", recordings, "--out", tmp_path / "out")
    assert ran.code == 0
    assert f"files that can't be used: 1\n  {bad}: " in ran.out


@pytest.mark.parametrize("model", MODELS)
def test_a_trained_run(trained: dict[str, Path], model: str) -> None:
    run = trained[model]
    assert {path.name for path in run.iterdir()} >= {
        "config.json",
        "curves.svg",
        "last",
        "metrics.jsonl",
        "model.safetensors",
    }
    about = json.loads((run / "config.json").read_text())
    recipe = RECIPES[model]
    config = TypeAdapter(RunConfig).validate_python(about["config"])
    assert config == replace(
        recipe,
        corpus=CorpusConfig(words=WORDS),
        model=replace(recipe.model, units=8),
        training=replace(recipe.training, epochs=2, learning_rate=0.01),
    )
    assert config.model.cell == model
    data = about["provenance"]["data"]
    assert data["clips"] == {split: 6 * count for split, count in SPEAKERS.items()}
    assert data["speakers"] == SPEAKERS
    assert about["provenance"]["versions"]["torch"]
    metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in metrics] == [1, 2]
    assert all(0 <= line["validation_accuracy"] <= 1 for line in metrics)
    assert_drawing(run / "curves.svg")
    weights = load_file(run / "model.safetensors")
    assert weights["model.head.weight"].shape == (3, 8)
    assert all(np.isfinite(tensor).all() for tensor in weights.values())
    assert load_file(run / "last" / "state.safetensors")


@pytest.mark.parametrize("model", MODELS)
def test_training_a_finished_run_again_changes_nothing(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path, model: str
) -> None:
    run = Path(shutil.copytree(trained[model], tmp_path / "run"))
    before = contents(run)
    ran = wordspot(*train(model, shared_recordings, run))
    assert ran.code == 0
    assert f"trained: {run}" in ran.out
    assert "epoch   " not in ran.err  # no epoch was trained
    assert contents(run) == before


@pytest.mark.parametrize(
    ("model", "split"), [("rnn", "testing"), ("lstm", "testing"), ("lstm", "validation")]
)
def test_evaluate(
    wordspot: Command,
    trained: dict[str, Path],
    shared_recordings: Path,
    tmp_path: Path,
    model: str,
    split: str,
) -> None:
    run = Path(shutil.copytree(trained[model], tmp_path / "run"))
    command = ["evaluate", run, "--data", shared_recordings, "--split", split]
    ran = wordspot(*command)
    assert (ran.code, ran.err) == (0, "")
    result = json.loads((run / f"evaluation-{split}.json").read_text())
    clips = 6 * SPEAKERS[split]
    assert (result["split"], result["clips"], result["speakers"]) == (split, clips, SPEAKERS[split])
    assert f"accuracy {result['accuracy']:.1%}" in " ".join(ran.out.split())

    rows = rows_of(run / f"predictions-{split}.csv")
    assert len(rows) == clips
    assert len({row["path"] for row in rows}) == clips
    assert all((shared_recordings / row["path"]).is_file() for row in rows)
    assert all(row["word"] == row["path"].split("/")[0] for row in rows)
    for row in rows:
        probabilities = {word: float(row[f"p({word})"]) for word in WORDS}
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert row["predicted"] == max(probabilities, key=probabilities.__getitem__)
    right = [row["word"] == row["predicted"] for row in rows]
    assert result["accuracy"] == pytest.approx(sum(right) / clips)
    assert result["confusion"] == [
        [sum((row["word"], row["predicted"]) == (said, heard) for row in rows) for heard in WORDS]
        for said in WORDS
    ]
    assert_drawing(run / f"confusion-{split}.svg")

    before = contents(run)
    assert wordspot(*command).code == 0
    assert contents(run) == before


def test_predict_prints_a_line_for_each_file(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path
) -> None:
    one = sorted((shared_recordings / "low").iterdir())[0]
    ran = wordspot("predict", one, shared_recordings / "high", "--run", trained["lstm"])
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert [line[2] for line in lines] == [
        str(one),
        *map(str, sorted((shared_recordings / "high").iterdir())),
    ]
    assert {line[0] for line in lines} <= set(WORDS)
    assert all(line[1].endswith("%") and 33 <= float(line[1][:-1]) <= 100 for line in lines)


def test_predict_needs_no_run(wordspot: Command, shared_recordings: Path) -> None:
    one = next((shared_recordings / "low").iterdir())
    ran = wordspot("predict", one)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.split()[0] in load().classes
    assert pretrained() == ["lstm", "wordspot"]
    for name in pretrained():
        assert (PRETRAINED / name / "model.safetensors").stat().st_size < 4_000_000
        assert wordspot("predict", one, "--run", name).code == 0


def test_predict_says_what_evaluate_said(wordspot: Command, own_run: Path, shared_recordings: Path) -> None:
    assert wordspot("evaluate", own_run, "--data", shared_recordings).code == 0
    ran = wordspot("predict", shared_recordings, "--run", own_run, "--json")
    assert (ran.code, ran.err) == (0, "")
    heard = {line["path"]: line for line in map(json.loads, ran.out.splitlines())}
    assert len(heard) == 84
    for row in rows_of(own_run / "predictions-testing.csv"):
        line = heard[str(shared_recordings / row["path"])]
        assert line["word"] == row["predicted"]
        assert line["probability"] == max(line["probabilities"].values())
        assert line["probabilities"] == pytest.approx(
            {word: float(row[f"p({word})"]) for word in WORDS}, abs=2e-5
        )


def test_predict_warns_of_what_it_does_not_hear(
    wordspot: Command, trained: dict[str, Path], tmp_path: Path
) -> None:
    tone = (8000 * np.sin(np.arange(2 * RATE_HZ) / 10)).astype(np.int16)
    soundfile.write(tmp_path / "long.wav", tone, RATE_HZ)
    soundfile.write(tmp_path / "whole.wav", tone[:RATE_HZ], RATE_HZ)
    ran = wordspot("predict", tmp_path, "--json", "--run", trained["lstm"])
    assert ran.code == 0
    assert ran.err.startswith(f"wordspot: {tmp_path / 'long.wav'} lasts 2.00 s")
    assert ran.err.count("\n") == 1
    long, whole = map(json.loads, ran.out.splitlines())
    assert long["probabilities"] == whole["probabilities"]


def test_study(
    wordspot: Command, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {
        name: RunConfig(replace(RECIPES[name].model, units=8), training=TrainingConfig(epochs=3))
        for name in MODELS
    }
    # The recipes' own units would take a minute.
    monkeypatch.setattr(importlib.import_module("wordspot.study.experiments"), "RECIPES", small)
    out = tmp_path / "out"
    chosen = "--experiments family --models rnn lstm --seeds 2 --epochs 1 --threads 1"
    command = ["study", "--words", *WORDS, "--data", shared_recordings, "--out", out, *chosen.split()]
    ran = wordspot(*command)
    assert ran.code == 0
    assert ran.err.startswith("study: 0 of 4 runs finished, at most about ")
    (result,) = json.loads((out / "study.json").read_text())
    assert result["name"] == "family"
    assert "No run has more epochs than 1" in result["note"]
    assert result["note"] in ran.out
    contenders = result["comparison"]["contenders"]
    assert [one["name"] for one in contenders] == list(MODELS)
    for one in contenders:
        assert one["runs"] == [f"{one['name']}/seed-{seed}" for seed in range(2)]
        for seed, run in enumerate(one["runs"]):
            config = json.loads((out / "family" / run / "config.json").read_text())["config"]
            expected = replace(small[one["name"]], corpus=CorpusConfig(words=WORDS))
            assert TypeAdapter(RunConfig).validate_python(config) == vary(expected, epochs=1, seed=seed)
        assert f"{one['accuracy']:.1%}" in ran.out
    for name in ("accuracy", "curves", "confusions", "noise"):
        assert_drawing(out / "family" / f"{name}.svg")
    before = contents(out)
    assert wordspot(*command).code == 0
    assert contents(out) == before


def test_compare(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path
) -> None:
    runs = [shutil.copytree(run, tmp_path / model) for model, run in trained.items()]
    for run in runs:
        assert wordspot("evaluate", run, "--data", shared_recordings).code == 0
    out = tmp_path / "out"
    ran = wordspot("compare", *runs, "--out", out, "--data", shared_recordings, "--against", "rnn")
    assert (ran.code, ran.err) == (0, "")
    result = json.loads((out / "comparison.json").read_text())
    assert [one["name"] for one in result["contenders"]] == list(MODELS)
    assert [(pair["one"], pair["other"]) for pair in result["pairs"]] == [("lstm", "rnn")]
    for one in result["contenders"]:
        assert f"{one['accuracy']:.1%}" in ran.out
    for path in out.glob("*.svg"):
        assert_drawing(path)


def test_train_takes_the_config_of_a_run(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path
) -> None:
    config = trained["lstm"] / "config.json"
    ran = wordspot("train", config, "--data", shared_recordings, "--out", tmp_path / "run", "--epochs", "1")
    assert ran.code == 0
    stored, first = (json.loads(path.read_text()) for path in (tmp_path / "run" / "config.json", config))
    first["config"]["training"]["epochs"] = 1
    assert stored["config"] == first["config"]


def test_the_program_itself_predicts(trained: dict[str, Path], shared_recordings: Path) -> None:
    path = sorted((shared_recordings / "low").iterdir())[0]
    ran = run_program("predict", path, "--json", "--run", trained["lstm"])
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["path"] == str(path)


def test_the_lines_of_the_packages_docstring(
    recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert package.__doc__
    lines = [line for line in package.__doc__.splitlines() if line.startswith("    ") or not line]
    small = RunConfig(RecurrentConfig(units=8), CorpusConfig(words=WORDS), training=TrainingConfig(epochs=1))
    monkeypatch.setitem(RECIPES, "lstm", small)
    monkeypatch.chdir(recordings.parent)
    shutil.copy(next((recordings / "low").iterdir()), "hello.wav")
    exec(textwrap.dedent("\n".join(lines)), {})
    accuracy, word = capsys.readouterr().out.split()
    assert 0 <= float(accuracy) <= 1
    assert word in WORDS
    stored = json.loads(Path("runs/lstm/config.json").read_text())
    assert stored["config"] == json.loads(json.dumps(asdict(small)))


@pytest.mark.parametrize("name", package.__all__)
def test_public_names_stay_what_they_are(name: str) -> None:
    # A module of the same name would take the place of the function once it is loaded.
    module = importlib.import_module(f"wordspot.{package.HOMES[name]}")
    assert getattr(package, name) is getattr(module, name)
    assert getattr(package, name) is getattr(module, name)


def test_every_home_is_public() -> None:
    assert sorted(package.HOMES) == sorted(package.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(package, "nonsense")  # noqa: B009 (mypy knows that it isn't there)
