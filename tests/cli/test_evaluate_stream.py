"""wordspot evaluate-stream, on small synthetic clips."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command, assert_drawing, assert_nothing_half_written, assert_one_line
from tests.conftest import WORDS
from tests.streams.conftest import spoken as spoken
from tests.tts.conftest import espeak_alone as espeak_alone
from wordspot.runs.run import Run

pytestmark = pytest.mark.usefixtures("espeak_alone")


@pytest.fixture
def own(tiny_run: Path, tmp_path: Path) -> Path:
    """Give the run as one that the test may change."""
    return Path(shutil.copytree(tiny_run, tmp_path / "own run"))


def test_thresholds_are_chosen_and_used(wordspot: Command, own: Path, spoken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = wordspot(
        "evaluate-stream", own, "--data", spoken, "--hours", 0.03, "--split", "testing", "--out", out,
        "--choose-thresholds", "--false-accepts", 100, "--wav",
    )  # fmt: skip
    assert ran.code == 0
    lines = ran.err.splitlines()
    assert "listening to 3 recordings of 0.03 h (clean, noise at 10 dB, room echo)" in ran.err
    assert "the first of validation clips: 25 words, to recognise or others" in ran.err
    assert "listening to 7 recordings of 0.03 h" in lines[-1]
    assert "of testing clips" in lines[-1]
    assert ran.out.startswith("thresholds: ")
    thresholds = Run(own).thresholds
    assert set(thresholds) == set(WORDS)
    result = json.loads((out / "stream-testing.json").read_text())
    assert result["thresholds"] == thresholds
    assert result["split"] == "testing"
    assert result["config"] == {"hours": 0.03, "snr_db": 10.0, "seed": 0}
    assert result["share_of_one_core"]["in files"] > 0
    with (out / "said-testing.csv").open(newline="") as file:
        said = [line["word"] for line in csv.DictReader(file)]
    for one in result["recordings"]:
        with_words = one["name"] in ("clean", "noise at 10 dB", "room echo")
        assert one["words_said"] == (sum(word in WORDS for word in said) if with_words else 0)
        assert one["other_words_said"] == (sum(word not in WORDS for word in said) if with_words else 0)
        assert one["false_accepts_per_hour"] == pytest.approx(one["false_accepts"] / 0.03)
        assert sum(word["missed"] for word in one["by_word"].values()) == one["missed"]
        assert len(one["curve"]) > 10
        assert f"\n {one['name']} " in ran.out
    assert_drawing(out / "stream-testing.svg")
    assert sorted(path.name for path in out.glob("*.wav"))[0] == "testing-clean.wav"
    assert len(list(out.glob("*.wav"))) == 7
    assert_nothing_half_written(tmp_path)


def test_an_exported_file_at_one_threshold(
    wordspot: Command, exported: Path, spoken: Path, tmp_path: Path
) -> None:
    ran = wordspot(
        "evaluate-stream", exported, "--data", spoken, "--hours", 0.01, "--threshold", 1, "--out", tmp_path
    )
    assert ran.code == 0
    result = json.loads((tmp_path / "stream-validation.json").read_text())
    assert result["recogniser"] == str(exported)
    assert result["thresholds"] == dict.fromkeys(WORDS, 1.0)
    assert all(one["false_accepts"] == 0 for one in result["recordings"])
    assert all(one["missed"] == one["words_said"] for one in result["recordings"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("absent --data {data}", "no run here"),
        ("wordspot --data {data}", "no clips of backward, down, forward"),
        ("wordspot --data {data} --choose-thresholds", "a pretrained recogniser stays as it is"),
        ("{run} --data absent", "absent: no such folder"),
        ("{run} --data {data} --device cuda", "runs on the CPU"),
        ("{run} --data {data} --hours 0.0001", "clips don't fit into 0.0001 h"),
        ("{run} --data {data} --hours 0", "hours"),
        ("{run} --data {data} --seed -1", "seed"),
        ("{run} --data {data} --choose-thresholds --threshold 0.5", "exclude each other"),
        ("{run} --data {data} --choose-thresholds --false-accepts -1", "must be at least 0"),
    ],
)
def test_wrong_use(
    wordspot: Command, tiny_run: Path, spoken: Path, tmp_path: Path, arguments: str, reason: str
) -> None:
    given = arguments.format(run=tiny_run, data=spoken).split()
    ran = wordspot("evaluate-stream", *given, "--out", tmp_path / "out")
    assert reason in ran.err
    assert_one_line(ran, 2)
    assert not list(tmp_path.rglob("*.json"))
