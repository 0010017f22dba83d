"""Files whose names tell speakers in their own way, from training to what follows it."""

import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command, assert_one_line, train
from wordspot.config import Runtime
from wordspot.runs.run import Run

REGEX = r"-(\w+)\.wav"
SPEAKER_FROM = ("--speaker-from", REGEX)


@pytest.fixture
def renamed(shared_recordings: Path, tmp_path: Path) -> Path:
    """Give the shared recordings with each file called `<number>-<speaker>.wav`."""
    for path in shared_recordings.rglob("*.wav"):
        speaker, _, number = path.stem.partition("_nohash_")
        place = tmp_path / "renamed" / path.parent.name / f"{number}-{speaker}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    return tmp_path / "renamed"


def test_a_run_remembers_how_speakers_were_named(wordspot: Command, renamed: Path, tmp_path: Path) -> None:
    explored = wordspot("explore", "--data", renamed, "--out", tmp_path / "look", *SPEAKER_FROM)
    assert (explored.code, explored.err) == (0, "")
    assert "; speakers by --speaker-from (84 files)" in explored.out.splitlines()[0]

    run = tmp_path / "run"
    trained = wordspot(*train("lstm", renamed, run), *SPEAKER_FROM)
    assert trained.code == 0
    assert "name no speaker" not in trained.err
    assert Run(run).runtime == Runtime(speaker_from=REGEX)
    assert Run(run).provenance["data"]["speakers"] == {"training": 8, "validation": 3, "testing": 3}

    forgotten = wordspot("evaluate", run, "--data", renamed)
    assert forgotten.code == 2
    assert f"name those clips and --speaker-from {shlex.quote(REGEX)}" in forgotten.err
    (mend,) = [line for line in trained.out.splitlines() if line.startswith("next: wordspot ")]
    evaluated = wordspot(*shlex.split(mend)[2:])
    assert (evaluated.code, evaluated.err) == (0, "")
    assert "18 clips of 3 speakers" in evaluated.out


@pytest.mark.parametrize("regex", ["(", "nothing", "(nothing)"])
@pytest.mark.parametrize("verb", ["train lstm", "explore", "study", "own-words yes no"])
def test_a_regular_expression_that_is_no_use(
    wordspot: Command, renamed: Path, tmp_path: Path, verb: str, regex: str
) -> None:
    data = "--recordings" if verb.startswith("own-words") else "--data"
    ran = wordspot(*verb.split(), data, renamed, "--out", tmp_path / "out", "--speaker-from", regex)
    assert_one_line(ran, 2)
    assert ran.err.startswith(f"wordspot: speaker_from: {regex} ")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
