"""An evaluation from Python: what it is given, and what it says."""

from pathlib import Path

import pytest

from tests.conftest import WORDS, speaker_names
from wordspot.deploy.settings import Detection
from wordspot.errors import UsageError
from wordspot.reporting.stream_table import stream_table
from wordspot.runs.run import load
from wordspot.streams.evaluate import evaluate_stream, tune_thresholds
from wordspot.streams.settings import StreamConfig

pytestmark = pytest.mark.usefixtures("espeak_alone")
SHORT = StreamConfig(hours=0.01)


def test_test_speakers_that_trained_are_told_of(tiny_run: Path, spoken: Path, tmp_path: Path) -> None:
    recognizer = load(tiny_run)
    recognizer.speakers |= set(speaker_names("testing", 2))
    with pytest.warns(UserWarning, match="2 of the test speakers were in training or validation"):
        result = evaluate_stream(
            recognizer, spoken, tmp_path, "testing", SHORT, Detection(threshold=0.6), quiet=True
        )
    assert result.recogniser == "Recognizer"
    assert result.thresholds == dict.fromkeys(WORDS, 0.6)
    assert not result.synthetic
    table = stream_table(result.to_json())
    assert [row[0] for row in table.rows] == [one.name for one in result.results]
    clean = result.results[0].score
    assert table.rows[0][1:3] == [str(clean.said), f"{100 * clean.missed / clean.said:.1f} %"]
    assert table.rows[-1][2:4] == ["-", "-"]


def test_nothing_is_stored_with_a_pretrained_recogniser(spoken: Path) -> None:
    with pytest.raises(UsageError, match="a pretrained recogniser stays as it is"):
        tune_thresholds("wordspot", spoken, 10, SHORT)
