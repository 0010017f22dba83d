"""The benchmark: what its figures are made of, and the command from end to end with few and short cases."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import WORDS
from tests.helpers import assert_one_line
from wordspot.bench import bench, corpus, jobs, prediction, training
from wordspot.bench.measurement import Measurement, measurements_table
from wordspot.bench.timing import Ratio, interleaved
from wordspot.bench.tutorial import torchaudio_mel
from wordspot.bench.worker import worker
from wordspot.cli import main
from wordspot.config import CorpusConfig, RunConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError


def test_cases_take_turns_and_the_first_round_does_not_count() -> None:
    order = []
    seconds = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b"] * 3
    assert {name: len(times) for name, times in seconds.items()} == {"a": 2, "b": 2}


def test_a_goal_is_reached_by_the_median() -> None:
    at = Ratio(3.0, 2.0, 4.0)
    assert Measurement("x", at, "", at_least=3).reached
    assert not Measurement("x", at, "", at_least=3.1).reached
    assert Measurement("x", at, "", at_most=3).reached
    assert Measurement("x", at, "").reached is None
    (row,) = measurements_table([Measurement("x", at, "1 / 3", at_most=2.5, limit="all")]).rows
    assert row == ["x", "3.00", "2.00 to 4.00", "at most 2.5", "no", "1 / 3", "all"]


def cases(*arguments: str) -> dict[str, Callable[[], object]]:
    """Give what a worker of the next test does."""
    path = Path(arguments[0])
    return {"write": lambda: path.write_text("written"), "remove": path.unlink}


def test_a_worker_runs_the_cases_that_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with worker(__name__, [str(path)]) as one:
        one.run("write")
        assert path.read_text() == "written"
        one.run("remove")
        assert not path.exists()
        one.start("remove")  # which fails
        with pytest.raises(RuntimeError, match="has ended"):
            one.wait()


def test_the_reference_is_what_the_features_are(tiny: RunConfig, shared_recordings: Path) -> None:
    trainee = training.Trainee(tiny, open_corpus(shared_recordings, CorpusConfig(words=WORDS)))
    features = trainee.recognizer.features
    mel = torchaudio_mel(tiny.features, tiny.corpus.sample_rate)
    expected = features.transform(trainee.waveforms)
    np.testing.assert_allclose((mel(trainee.waveforms) + 1e-6).log(), expected, atol=1e-3)


def test_a_corpus_is_repeated_to_any_size(shared_recordings: Path, tmp_path: Path) -> None:
    config = CorpusConfig(words=WORDS)
    whole = len(open_corpus(shared_recordings, config).store.table)
    corpus.repeat(shared_recordings, config, tmp_path, 2 * whole + 5)
    again = open_corpus(tmp_path, config).store.table
    assert len(again) == 2 * whole + 5
    assert (
        again["speaker"].nunique()
        > 2 * open_corpus(shared_recordings, config).table("training")["speaker"].nunique()
    )


def test_the_command_prints_and_writes_every_measurement(
    tiny: RunConfig,
    shared_recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(training, "RECIPES", {"lstm": tiny})
    for module in (training, jobs, prediction, corpus):
        monkeypatch.setattr(module, "ROUNDS", 1)
    monkeypatch.setattr(prediction, "FILE_ROUNDS", 1)
    monkeypatch.setattr(bench, "time_growth", lambda: iter(()))
    out = tmp_path / "bench.json"
    arguments = ["bench", "--data", str(shared_recordings), "--words", *WORDS, "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["wordspot", *arguments])
    main()
    kept = json.loads(out.read_text())
    names = [one["name"] for one in kept["measurements"]]
    assert "features: torchaudio, same settings / wordspot" in names
    assert all(one["ratio"]["median"] > 0 for one in kept["measurements"])
    assert kept["made_with"]["matrix_products_gflops"] > 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in names)


def test_a_large_corpus_has_at_least_the_clips_that_it_is_made_of(shared_recordings: Path) -> None:
    with pytest.raises(UsageError, match="large: 5 must be at least the 84 clips of ") as error:
        bench.run_bench(shared_recordings, CorpusConfig(words=WORDS), large=5)
    assert_one_line(error.value)
