"""Run folders that ask for too much, lack something or hold nonsense: refused before memory is taken."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.mutations import forget_peak, peak_kb
from tests.faults.tampering import read_tampered
from tests.helpers import assert_one_line, shared_run
from wordspot.config import RunConfig
from wordspot.errors import WordspotError
from wordspot.runs.run import Run, load


def change(run: Run, section: str, name: str, value: Any) -> None:
    path = run.folder / "config.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["config"][section][name] = value
    path.write_text(json.dumps(stored), encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("model", "num_layers", 10_000),
        ("model", "num_layers", 64),
        ("model", "hidden_size", 10**9),
        ("model", "hidden_size", 16_384),
        ("model", "channels", 10**6),
        ("corpus", "words", [f"word{number}" for number in range(1_000_000)]),
        ("corpus", "words", [f"word{number}" for number in range(10_000)]),
        ("corpus", "seconds", 30_000),
        ("corpus", "sample_rate", 10**9),
        ("features", "n_fft", 10**9),
        ("features", "n_mels", 10**6),
        ("features", "n_mels", 80),
    ],
)
def test_a_run_that_asks_for_too_much_is_refused_before_memory_is_taken(
    own_run: Run, section: str, name: str, value: Any
) -> None:
    change(own_run, section, name, value)
    started = time.process_time()
    forget_peak()
    before = peak_kb()
    with pytest.raises(
        WordspotError, match=r"not a config of this version|not the weights of this run"
    ) as it:
        load(own_run)
    assert_one_line(it.value)
    assert len(str(it.value)) < 2_000
    assert peak_kb() - before < 400_000
    assert time.process_time() - started < 30


@pytest.mark.parametrize("lost", ["path", "clips", "speakers", "machine", "versions", "threads"])
def test_a_run_without_its_origin(own_run: Run, lost: str) -> None:
    path = own_run.folder / "config.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    for part in (stored["provenance"], stored["provenance"]["data"], stored["provenance"].get("machine", {})):
        part.pop(lost, None)
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(WordspotError, match=f"{lost}: is missing") as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize("name", ["config.json", "speakers.json"])
def test_json_that_is_nested_deep(own_run: Run, name: str) -> None:
    (own_run.folder / name).write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(WordspotError, match=name) as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize("text", ["{}\n", "[]\n", "null\n", "[" * 200_000, '{"epoch": 1}\n'])
def test_metrics_that_are_none(own_run: Run, text: str) -> None:
    (own_run.folder / "metrics.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(WordspotError, match=r"metrics\.jsonl: damaged: remove"):
        assert own_run.metrics


def test_metrics_with_an_epoch_twice(own_run: Run) -> None:
    lines = own_run.metrics
    own_run.write_metrics([*lines, lines[-1]])
    with pytest.raises(WordspotError, match=r"metrics\.jsonl: damaged: remove"):
        assert own_run.metrics


@pytest.mark.parametrize("column", ["path", "start", "speaker", "word", "predicted", "p(low)"])
def test_predictions_without_a_column(own_run: Run, column: str) -> None:
    own_run.evaluate("testing")
    path = own_run.folder / "predictions-testing.csv"
    path.write_text(path.read_text().replace(column, "other", 1))
    with pytest.raises(WordspotError, match="damaged evaluation on the testing split"):
        own_run.evaluation("testing")


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"\x1f\x8b\x08\x00"])
def test_packed_predictions_that_are_damaged(own_run: Run, content: bytes) -> None:
    own_run.evaluate("testing")
    (own_run.folder / "predictions-testing.csv").unlink()
    (own_run.folder / "predictions-testing.csv.gz").write_bytes(content)
    with pytest.raises(WordspotError, match="damaged evaluation on the testing split"):
        own_run.evaluation("testing")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
@pytest.mark.parametrize("name", ["config.json", "metrics.jsonl", "model.safetensors", "speakers.json"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(own_run: Run, name: str) -> None:
    (own_run.folder / name).unlink()
    os.mkfifo(own_run.folder / name)
    if name in ("config.json", "model.safetensors"):
        with pytest.raises(WordspotError):
            load(own_run)
    assert isinstance(own_run.metrics, list)


def test_runs_that_are_tampered_with_at_random(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    found = read_tampered(range(40), shared_run(tiny, shared_recordings), tmp_path)
    assert found["refused"] > 20
    assert found.get("unexplained", 0) == 0
    assert found["most_memory_kb"] < 400_000
