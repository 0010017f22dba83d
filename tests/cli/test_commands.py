"""Every verb from start to end on the synthetic words, and what each leaves behind."""

import importlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile
from safetensors.numpy import load_file

from tests.cli.conftest import SMALL, Command, assert_drawing, contents, rows_of, run_program, train
from tests.conftest import SAMPLE_RATE, SPEAKERS, WORDS
from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, TrainingConfig, vary
from wordspot.recipes import RECIPES
from wordspot.runs.run import PRETRAINED, load, pretrained
from wordspot.schema import validated

MODELS: tuple[Literal["rnn", "lstm"], ...] = ("rnn", "lstm")


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
    assert (format_["sample_rate"], format_["channels"], format_["clips"]) == ("16000", "1", "84")
    seconds = [soundfile.info(path).duration for path in shared_recordings.rglob("*.wav")]
    durations = {row["word"]: row for row in rows_of(out / "durations.csv")}
    assert set(durations) == {*WORDS, "all words"}
    assert durations["all words"]["count"] == "84"
    assert float(durations["all words"]["mean"]) == pytest.approx(np.mean(seconds), abs=0.001)
    for name in ("durations.png", "clips.png", "augmentations.png"):
        assert_drawing(out / name)


def test_explore_tells_how_it_read_a_list(wordspot: Command, tmp_path: Path) -> None:
    for name in ("a.ogg", "b.AIFF"):
        soundfile.write(tmp_path / name, np.sin(np.arange(16_000) / 20), 16_000)
    (tmp_path / "mine.tsv").write_text("path\tword\tspeaker\na.ogg\tyes\tann\nb.AIFF\tno\tben\n")
    ran = wordspot("explore", "--data", tmp_path / "mine.tsv", "--out", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].startswith("read as: clips listed in mine.tsv; speakers as listed ")
    assert [row["word"] for row in rows_of(tmp_path / "out" / "counts.csv")] == ["yes", "no", "all words"]


@pytest.mark.parametrize("verb", ["train", "sweep", "study"])
def test_without_words_those_of_the_corpus_are_taken(
    wordspot: Command, shared_recordings: Path, tmp_path: Path, verb: str
) -> None:
    options = {
        "train": f"train lstm {SMALL} --epochs 1",
        "sweep": "sweep lstm --epochs 1 --trials 1",
        "study": "study --experiments family --models rnn lstm --seeds 1 --epochs 1 --jobs 1",
    }[verb]
    ran = wordspot(*options.split(), "--data", shared_recordings, "--out", tmp_path / "out")
    assert ran.code == 0
    assert ran.err.count("none of the ten commands is in ") == 1
    assert "so all 3 words there are taken (high, low, rise): choose some with --words\n" in ran.err
    configs = [json.loads(path.read_text())["config"] for path in (tmp_path / "out").rglob("config.json")]
    assert configs
    for config in configs:
        assert config["corpus"]["words"] == ["high", "low", "rise"]


@pytest.mark.parametrize("sample_rate", [8_000, 44_100, 48_000])
def test_explore_a_corpus_of_any_rate(wordspot: Command, tmp_path: Path, sample_rate: int) -> None:
    (tmp_path / "data" / "hum").mkdir(parents=True)
    hum = np.tile(np.sin(np.arange(sample_rate) / 20)[:, None], 2)
    soundfile.write(tmp_path / "data" / "hum" / "a_nohash_0.wav", hum, sample_rate)
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
    assert f"unusable files: 1\n  {bad}: " in ran.out


def test_a_run_with_a_log(wordspot: Command, shared_recordings: Path, tmp_path: Path) -> None:
    ran = wordspot(*train("rnn", shared_recordings, tmp_path / "run"), "--log", "tensorboard")
    assert (ran.code, len(list((tmp_path / "run/tensorboard").iterdir()))) == (0, 3)
    wrong = wordspot(*train("rnn", shared_recordings, tmp_path / "run"), "--log", "wandb")
    assert (wrong.code, "tensorboard" in wrong.err) == (2, True)


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
    assert isinstance(recipe.model, RecurrentConfig)
    config = validated(RunConfig, about["config"])
    assert config == replace(
        recipe,
        corpus=CorpusConfig(words=WORDS),
        model=replace(recipe.model, hidden_size=8),
        training=replace(recipe.training, epochs=2, learning_rate=0.01),
    )
    assert isinstance(config.model, RecurrentConfig)
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
    assert pretrained() == ["lstm", "wordspot", "wordspot-live"]
    for name in pretrained():
        assert (PRETRAINED / name / "model.safetensors").stat().st_size < 4_000_000
        assert wordspot("predict", one, "--run", name).code == 0


def test_predict_says_what_evaluate_said(wordspot: Command, own_run: Path, shared_recordings: Path) -> None:
    assert wordspot("evaluate", own_run, "--data", shared_recordings).code == 0
    ran = wordspot("predict", shared_recordings, "--run", own_run, "--json")
    assert (ran.code, ran.err) == (0, "")
    heard = {line["path"]: line for line in map(json.loads, ran.out.splitlines())}
    assert len(heard) == 84
    for row in rows_of(own_run / "predictions-validation.csv"):
        line = heard[str(shared_recordings / row["path"])]
        assert line["word"] == row["predicted"]
        assert line["probability"] == max(line["probabilities"].values())
        assert line["probabilities"] == pytest.approx(
            {word: float(row[f"p({word})"]) for word in WORDS}, abs=2e-5
        )


def test_predict_warns_of_what_it_does_not_hear(
    wordspot: Command, trained: dict[str, Path], tmp_path: Path
) -> None:
    tone = (8000 * np.sin(np.arange(2 * SAMPLE_RATE) / 10)).astype(np.int16)
    soundfile.write(tmp_path / "long.wav", tone, SAMPLE_RATE)
    soundfile.write(tmp_path / "whole.wav", tone[:SAMPLE_RATE], SAMPLE_RATE)
    ran = wordspot("predict", tmp_path, "--json", "--run", trained["lstm"])
    assert ran.code == 0
    path = tmp_path / "long.wav"
    assert ran.err == f"wordspot: {path} is 2.00 s long; only the first 1 s are used\n"
    long, whole = map(json.loads, ran.out.splitlines())
    assert long["probabilities"] == whole["probabilities"]


def test_study(
    wordspot: Command, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {
        name: RunConfig(RecurrentConfig(cell=name, hidden_size=8), training=TrainingConfig(epochs=3))
        for name in MODELS
    }
    # The recipes' own hidden size would take a minute.
    monkeypatch.setattr(importlib.import_module("wordspot.experiments.experiments"), "RECIPES", small)
    out = tmp_path / "out"
    chosen = "--experiments family --models rnn lstm --seeds 2 --epochs 1 --threads 1"
    command = ["study", "--words", *WORDS, "--data", shared_recordings, "--out", out, *chosen.split()]
    ran = wordspot(*command)
    assert ran.code == 0
    assert ran.err.startswith("study: 0 of 4 runs finished, about ")
    (result,) = json.loads((out / "study.json").read_text())
    assert result["name"] == "family"
    assert "All runs are limited to 1 epoch (--epochs)." in result["note"]
    assert result["note"] in ran.out
    models = result["comparison"]["models"]
    assert [one["name"] for one in models] == list(MODELS)
    for one in models:
        assert one["runs"] == [f"{one['name']}/seed-{seed}" for seed in range(2)]
        for seed, run in enumerate(one["runs"]):
            config = json.loads((out / "family" / run / "config.json").read_text())["config"]
            expected = replace(small[one["name"]], corpus=CorpusConfig(words=WORDS))
            assert validated(RunConfig, config) == vary(expected, epochs=1, seed=seed)
        assert f"{100 * one['accuracy']:.1f} %" in ran.out
    for name in ("accuracy", "curves", "confusions", "noise"):
        assert_drawing(out / "family" / f"{name}.svg")
    before = contents(out)
    assert wordspot(*command).code == 0
    assert contents(out) == before


def test_train_takes_the_config_of_a_run(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path
) -> None:
    config = trained["lstm"] / "config.json"
    options = ["--data", shared_recordings, "--out", tmp_path / "run"]
    assert wordspot("train", config, *options, "--epochs", "1").code == 0
    assert wordspot("train", *options, config, "--epochs", "1").code == 0  # the same run
    stored, first = (json.loads(path.read_text()) for path in (tmp_path / "run" / "config.json", config))
    first["config"]["training"]["epochs"] = 1
    assert stored["config"] == first["config"]


def test_the_program_itself_predicts(trained: dict[str, Path], shared_recordings: Path) -> None:
    path = sorted((shared_recordings / "low").iterdir())[0]
    ran = run_program("predict", path, "--json", "--run", trained["lstm"])
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["path"] == str(path)
