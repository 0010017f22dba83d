"""A study of two tiny models: its rows, and that a stopped one repeats nothing that is finished."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType

import pytest

import wordspot
import wordspot.study.study as module
from tests.conftest import WORDS
from tests.runs import files_of, metrics_of
from wordspot.config import CorpusConfig, FeatureConfig, RecurrentConfig, RunConfig
from wordspot.models.recognizer import read_config
from wordspot.study.study import Row, run_study
from wordspot.training.loop import train
from wordspot.training.metrics import read_metrics

CORPUS = CorpusConfig(words=WORDS)


@pytest.fixture(autouse=True)
def recipes(tiny: RunConfig, monkeypatch: pytest.MonkeyPatch) -> dict[str, RunConfig]:
    """Put tiny recipes in the place of the program's."""
    recipe = replace(
        tiny,
        corpus=CorpusConfig(),  # the study's own takes its place
        features=FeatureConfig(n_mels=20, deltas=0),
        training=replace(tiny.training, epochs=2),
    )
    recipes = {
        "rnn": replace(recipe, model=RecurrentConfig(cell="rnn", units=8, layers=1)),
        "lstm": replace(recipe, model=RecurrentConfig(cell="lstm", units=8, layers=1)),
    }
    monkeypatch.setattr(module, "RECIPES", recipes)
    return recipes


@pytest.fixture
def out(shared_recordings: Path, tmp_path: Path) -> tuple[Path, list[Row]]:
    return tmp_path / "study", run_study(CORPUS, shared_recordings, tmp_path / "study")


def metrics_files(folder: Path) -> dict[str, bytes]:
    """Give the metrics of each run as they were written, times and all."""
    return {name: content for name, content in files_of(folder).items() if name.endswith("metrics.jsonl")}


def test_rows(out: tuple[Path, list[Row]], recipes: dict[str, RunConfig]) -> None:
    folder, rows = out
    assert json.loads((folder / "study.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps([asdict(row) for row in rows])
    )
    assert [row.model for row in rows] == ["rnn", "lstm"]
    # Input and recurrent weights and two biases of each gate, then the head's.
    assert [row.parameters for row in rows] == [
        gates * (20 * 8 + 8 * 8 + 8 + 8) + 8 * 3 + 3 for gates in (1, 4)
    ]
    for row in rows:
        lines = read_metrics(folder / row.run)
        scores = json.loads((folder / row.run / "evaluation-testing.json").read_text(encoding="utf-8"))
        assert row.epochs == len(lines) == 2
        assert row.minutes * 60 == pytest.approx(sum(line["seconds"] for line in lines))
        assert row.validation_accuracy == max(line["validation_accuracy"] for line in lines)
        assert row.test_accuracy == scores["accuracy"]
        assert list(row.interval) == scores["interval"]
        assert row.macro_f1 == scores["macro_f1"]
        config, _ = read_config(folder / row.run)
        assert config == replace(recipes[row.model], corpus=CORPUS)


def test_finished_study_is_left_as_it_is(out: tuple[Path, list[Row]], shared_recordings: Path) -> None:
    folder, rows = out
    before = files_of(folder)
    assert run_study(CORPUS, shared_recordings, folder) == rows
    assert files_of(folder) == before


def test_stopped_study_goes_on(
    out: tuple[Path, list[Row]], shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken, rows = out
    folder = tmp_path / "stopped"

    def stop(config: RunConfig, data: Path, run: Path, **settings: object) -> Path:
        if config.model.cell == "lstm":
            raise KeyboardInterrupt
        return train(config, data, run)

    with monkeypatch.context() as patch:
        patch.setattr(module, "train", stop)
        with pytest.raises(KeyboardInterrupt):
            run_study(CORPUS, shared_recordings, folder)
    finished = metrics_files(folder)
    assert set(finished) == {"rnn/metrics.jsonl"}
    assert [row["model"] for row in json.loads((folder / "study.json").read_text())] == ["rnn"]

    again = run_study(CORPUS, shared_recordings, folder)
    assert [replace(row, minutes=0) for row in again] == [replace(row, minutes=0) for row in rows]
    assert metrics_files(folder)["rnn/metrics.jsonl"] == finished["rnn/metrics.jsonl"]
    assert metrics_of(folder / "lstm") == metrics_of(unbroken / "lstm")


def test_public_names_hide_no_package() -> None:
    """A name that is also a folder's would be the function once, and the folder's module from then on."""
    for name in wordspot.__all__:
        assert getattr(wordspot, name) is getattr(wordspot, name)
        assert not isinstance(getattr(wordspot, name), ModuleType), name
