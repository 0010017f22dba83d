"""Run.evaluate: the clips are found where the run was trained from."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import SAMPLE_RATE
from tests.helpers import assert_one_line, files_of
from wordspot.config import RunConfig, Runtime, vary
from wordspot.errors import UsageError, WordspotError
from wordspot.evaluation.evaluate import evaluate
from wordspot.runs.run import Run
from wordspot.training.loop import train


def test_the_clips_are_those_that_it_was_trained_on(run: Path, shared_recordings: Path) -> None:
    assert Run(run).provenance["data"]["path"] == str(shared_recordings)
    result = Run(run).evaluate()
    named = evaluate(run, shared_recordings)
    assert result == named
    assert result.predictions.equals(named.predictions)
    assert Run(run).evaluate("testing") == evaluate(run, shared_recordings, "testing")
    assert Run(run).evaluate("testing", shared_recordings) == Run(run).evaluation("testing")


def test_other_versions_are_warned_of(run: Path, shared_recordings: Path) -> None:
    stored = json.loads((run / "config.json").read_text())
    torch = stored["provenance"]["versions"]["torch"]
    stored["provenance"]["versions"]["torch"] = "1.0"
    (run / "config.json").write_text(json.dumps(stored))
    said = f"was made with torch 1.0 (now {torch}): scores may differ"
    with pytest.warns(UserWarning, match=re.escape(said)):
        Run(run).evaluate(data=shared_recordings)


def test_clips_that_were_moved(run: Path, shared_recordings: Path) -> None:
    stored = json.loads((run / "config.json").read_text())
    stored["provenance"]["data"]["path"] = "somewhere/else"
    (run / "config.json").write_text(json.dumps(stored))
    before = files_of(run)
    with pytest.raises(UsageError, match=r"^somewhere/else: no such folder: --data takes") as error:
        Run(run).evaluate()
    assert_one_line(error.value)
    assert files_of(run) == before
    assert Run(run).evaluate(data=shared_recordings).clips == 18


def test_clips_are_read_as_they_were(recordings: Path, tiny: RunConfig, tmp_path: Path) -> None:
    (clip, *_) = sorted(recordings.glob("low/*.wav"))
    samples, _ = soundfile.read(clip, dtype="int16")
    soundfile.write(clip, np.stack([samples, samples], axis=1), SAMPLE_RATE, subtype="PCM_16")
    run = train(vary(tiny, epochs=1), recordings, tmp_path / "run", Runtime(convert=True), quiet=True)
    with pytest.raises(WordspotError, match="channels"):
        evaluate(run, recordings)
    assert run.evaluate() == evaluate(run, recordings, runtime=Runtime(convert=True))
