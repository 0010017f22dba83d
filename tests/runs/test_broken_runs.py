"""Runs that are missing, unfinished or damaged: each is one line that says what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import assert_one_line
from wordspot.errors import UsageError, WordspotError
from wordspot.runs.run import Run, load


def test_what_is_no_run(tmp_path: Path) -> None:
    for missing in (tmp_path, tmp_path / "nowhere", "no-such-name"):
        with pytest.raises(UsageError, match=r"no run here .* or a pretrained recogniser") as caught:
            load(missing)
        assert_one_line(caught.value)
        assert str(caught.value).startswith(f"{missing}: ")


def test_a_run_without_a_finished_epoch(own_run: Run) -> None:
    for name in ("model.safetensors", "metrics.jsonl"):
        (own_run.folder / name).unlink()
    with pytest.raises(UsageError, match="nothing trained here") as caught:
        load(own_run)
    assert_one_line(caught.value)


def test_a_trained_run_whose_weights_are_gone(own_run: Run) -> None:
    (own_run.folder / "model.safetensors").unlink()
    with pytest.raises(WordspotError, match="the weights of this run are missing: restore") as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(own_run: Run, value: float) -> None:
    recognizer = load(own_run)
    recognizer.state_dict()["model.head.bias"][1] = value
    own_run.write_weights(recognizer)
    with pytest.raises(
        WordspotError, match=r"model\.head\.bias has values that are not finite: restore"
    ) as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize("kept", [0, 5, 500])
def test_damaged_weights(own_run: Run, kept: int) -> None:
    weights = own_run.folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(WordspotError, match=r"model\.safetensors: not the weights of this run") as caught:
        load(own_run)
    assert_one_line(caught.value)


def change_model(run: Run, name: str, value: Any) -> None:
    """Change a setting of the model in a run's config."""
    path = run.folder / "config.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["config"]["model"][name] = value
    path.write_text(json.dumps(stored), encoding="utf-8")


def test_weights_of_another_model(own_run: Run) -> None:
    change_model(own_run, "hidden_size", 17)
    with pytest.raises(WordspotError, match="not the weights of this run") as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"config": {}}', '{"config": {}, "provenance": {"data": {}}}'],
)
def test_a_damaged_config(own_run: Run, text: str) -> None:
    (own_run.folder / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(WordspotError, match=r"config\.json: not a config of this version") as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("cell", "unheard-of", "cell: unheard-of must be 'rnn', 'lstm' or 'gru'"),
        ("hidden_size", "many", "hidden_size: "),
        ("hidden_size", -1, "hidden_size: -1 must be at least 1"),
        ("pooling", "attention", "pooling: 'attention' must be one of 'last', 'mean', "),
        ("kind", "transformer", "'transformer' must be one of recurrent, bc-resnet"),
        ("kind", None, "None must be one of recurrent, bc-resnet"),
        ("units", 128, "units: no such setting"),
    ],
)
def test_a_config_that_cannot_be(own_run: Run, name: str, value: Any, reason: str) -> None:
    change_model(own_run, name, value)
    with pytest.raises(WordspotError, match=r"config\.json: not a config of this version") as caught:
        load(own_run)
    assert_one_line(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize("text", ['{"epoch": 1', '{"epoch": 1}\n\0\0\0'])
def test_damaged_metrics(own_run: Run, text: str) -> None:
    (own_run.folder / "metrics.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(WordspotError, match=r"metrics\.jsonl: damaged: remove .* and train again") as caught:
        assert own_run.metrics
    assert_one_line(caught.value)


@pytest.mark.parametrize("text", ["", "[1]", '{"training": 5}', '{"training": [1, 2]}'])
def test_damaged_speakers(own_run: Run, text: str) -> None:
    (own_run.folder / "speakers.json").write_text(text, encoding="utf-8")
    with pytest.raises(WordspotError, match=r"speakers\.json: damaged: remove .* and train again") as caught:
        assert own_run.speakers
    assert_one_line(caught.value)


@pytest.mark.parametrize("text", ["{", "3", "{}", '{"split": "testing"}\n{"spl'])
def test_a_damaged_history(own_run: Run, text: str) -> None:
    (own_run.folder / "evaluations.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(WordspotError, match=r"evaluations\.jsonl: damaged") as caught:
        own_run.times_evaluated("testing")
    assert_one_line(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"split": "somewhere"}'])
def test_a_damaged_evaluation(own_run: Run, text: str) -> None:
    own_run.evaluate("testing")
    (own_run.folder / "evaluation-testing.json").write_text(text, encoding="utf-8")
    assert_evaluation_refused(own_run)


@pytest.mark.parametrize("kept", [0, 40, 900])
def test_damaged_predictions(own_run: Run, kept: int) -> None:
    own_run.evaluate("testing")
    path = own_run.folder / "predictions-testing.csv"
    path.write_bytes(path.read_bytes()[:kept])
    assert_evaluation_refused(own_run)


def assert_evaluation_refused(run: Run) -> None:
    with pytest.raises(
        WordspotError, match=r"damaged evaluation on the testing split .*: evaluate"
    ) as caught:
        run.evaluation("testing")
    assert_one_line(caught.value)
