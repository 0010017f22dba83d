"""The command that is named to run next: whole, and quoted for a shell."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import SMALL, Command, Ran
from tests.conftest import WORDS
from wordspot.runs.run import Run


def next_of(ran: Ran) -> list[str]:
    """Give the arguments of the command that was named."""
    assert ran.code == 0
    (line,) = [line for line in ran.out.splitlines() if line.startswith("next: ")]
    program, *arguments = shlex.split(line.removeprefix("next: "))
    assert program == "wordspot"
    return arguments


def test_after_training_the_validation_split_is_scored(
    wordspot: Command, shared_recordings: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(shared_recordings, tmp_path / "my clips"))
    out = tmp_path / "its run"
    options = ["--data", data, "--out", out, "--words", *WORDS, *SMALL.split(), "--skip-bad"]
    after = next_of(wordspot("train", "lstm", *options))
    expected = ["evaluate", out, "--data", data, "--split", "validation", "--skip-bad"]
    assert after == list(map(str, expected))
    assert wordspot(*after).code == 0
    assert (out / "evaluation-validation.json").is_file()


def test_the_mend_of_a_run_that_is_not_evaluated_can_be_run(
    wordspot: Command, trained: dict[str, Path], tmp_path: Path
) -> None:
    runs = [shutil.copytree(run, tmp_path / f"my {model}") for model, run in trained.items()]
    for run in runs:
        ran = wordspot("compare", *runs, "--out", tmp_path / "out")
        assert ran.code == 2
        program, *mend = shlex.split(ran.err.split("`")[1])
        assert program == "wordspot"
        assert mend[:2] == ["evaluate", str(run)]
        assert wordspot(*mend).code == 0
    assert wordspot("compare", *runs, "--out", tmp_path / "out").code == 0


def test_after_a_sweep_its_best_config_is_trained(
    wordspot: Command, shared_recordings: Path, tmp_path: Path
) -> None:
    options = ["--data", shared_recordings, "--out", tmp_path / "my sweep", "--threads", "1"]
    small = ["--words", *WORDS, "--epochs", "1", "--scale", "0.5", "--win-ms", "25", "--hop-ms", "25"]
    after = next_of(wordspot("sweep", "bc-resnet", "--trials", "1", *options, *small))
    best = tmp_path / "my sweep" / "best.json"
    assert after == ["train", str(best), "--data", str(shared_recordings), "--out", "RUN"]
    out = tmp_path / "run"
    assert wordspot(*[str(out) if word == "RUN" else word for word in after]).code == 0
    assert json.loads((out / "config.json").read_text())["config"] == json.loads(best.read_text())["config"]


def test_after_synthesis_its_words_are_trained(
    wordspot: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordspot.tts.synthesize.synthesize", lambda words, out, settings: out)
    out = tmp_path / "my words"
    after = next_of(wordspot("synthesize", "light", "music off", "--out", out))
    assert after == ["train", "lstm", "--data", str(out), "--words", "light", "music off", "--out", "RUN"]


def test_after_training_on_own_words_a_sound_is_recognised(
    wordspot: Command, own_run: Path, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wordspot.experiments.own_words import OwnWords

    folder = own_run.rename(tmp_path / "my words")
    result = OwnWords(Run(folder), Run(folder).evaluate("validation", shared_recordings))
    monkeypatch.setattr("wordspot.experiments.own_words.own_words", lambda *_args, **_settings: result)
    ran = wordspot("own-words", "light", "music", "--out", tmp_path / "out")
    assert next_of(ran) == ["predict", "hello.wav", "--run", str(folder)]
    assert "validation split: accuracy " in ran.out
