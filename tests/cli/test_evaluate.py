"""The verbs that score runs: evaluate, compare, mistakes, and the splits that they use."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command, assert_drawing, assert_one_line, contents, rows_of
from tests.conftest import SPEAKERS, WORDS, synthetic_word, write_samples
from wordspot.runs.run import HISTORY

MODELS = ("rnn", "lstm")


@pytest.mark.parametrize(
    ("model", "split"), [("rnn", "testing"), ("lstm", "testing"), ("lstm", "validation")]
)
def test_evaluate(
    wordspot: Command,
    trained: dict[str, Path],
    shared_recordings: Path,
    tmp_path: Path,
    model: str,
    split: str,
) -> None:
    run = Path(shutil.copytree(trained[model], tmp_path / "run"))
    command = ["evaluate", run, "--data", shared_recordings, "--split", split]
    ran = wordspot(*command)
    assert (ran.code, ran.err) == (0, "")
    result = json.loads((run / f"evaluation-{split}.json").read_text())
    clips = 6 * SPEAKERS[split]
    assert (result["split"], result["clips"], result["speakers"]) == (split, clips, SPEAKERS[split])
    assert f"accuracy {100 * result['accuracy']:.1f} %" in " ".join(ran.out.split())

    rows = rows_of(run / f"predictions-{split}.csv")
    assert len(rows) == clips
    assert len({row["path"] for row in rows}) == clips
    assert all((shared_recordings / row["path"]).is_file() for row in rows)
    assert all(row["word"] == row["path"].split("/")[0] for row in rows)
    for row in rows:
        probabilities = {word: float(row[f"p({word})"]) for word in WORDS}
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert row["predicted"] == max(probabilities, key=probabilities.__getitem__)
    right = [row["word"] == row["predicted"] for row in rows]
    assert result["accuracy"] == pytest.approx(sum(right) / clips)
    assert result["confusion"] == [
        [sum((row["word"], row["predicted"]) == (said, heard) for row in rows) for heard in WORDS]
        for said in WORDS
    ]
    assert_drawing(run / f"confusion-{split}.svg")

    before = contents(run)
    assert wordspot(*command).code == 0
    after = contents(run)
    assert after.pop(run / HISTORY) == 2 * before.pop(run / HISTORY)
    assert after == before


def test_evaluate_uses_the_validation_split_unless_told_otherwise(
    wordspot: Command, own_run: Path, shared_recordings: Path
) -> None:
    before = set(contents(own_run))
    ran = wordspot("evaluate", own_run, "--data", shared_recordings)
    assert (ran.code, ran.err) == (0, "")
    names = ["evaluation-validation.json", "predictions-validation.csv", "confusion-validation.svg"]
    assert ran.out.splitlines()[-1] == f"written to {own_run}: {', '.join(names)}"
    assert ran.out.startswith("validation split: ")
    assert set(contents(own_run)) - before == {own_run / name for name in (*names, HISTORY)}


def test_uses_of_the_test_split_are_counted_and_told_from_the_second_on(
    wordspot: Command, own_run: Path, shared_recordings: Path
) -> None:
    command = ["evaluate", own_run, "--data", shared_recordings]
    for times in (1, 2, 3):
        for split in ("validation", "testing"):
            ran = wordspot(*command, "--split", split)
            assert ran.code == 0
            said = f"this run was scored on the test split {times} times"
            assert (said in ran.out) == (split == "testing" and times > 1)
            assert ("scored on the test split" in ran.out) == (split == "testing" and times > 1)
    lines = [json.loads(line) for line in (own_run / HISTORY).read_text().splitlines()]
    assert [line["split"] for line in lines] == ["validation", "testing"] * 3
    accuracy = json.loads((own_run / "evaluation-testing.json").read_text())["accuracy"]
    assert [line["accuracy"] for line in lines if line["split"] == "testing"] == [accuracy] * 3


def test_evaluate_all_clips_of_a_folder_that_the_run_was_not_trained_on(
    wordspot: Command, own_run: Path, tmp_path: Path
) -> None:
    draw = np.random.default_rng(3)
    for word in WORDS[:2]:
        for n in range(2):
            write_samples(tmp_path / "mine" / word / f"me_nohash_{n}.wav", synthetic_word(word, draw))
    command = ["evaluate", own_run, "--data", tmp_path / "mine"]
    assert_one_line(refused := wordspot(*command), 2)
    assert "words: rise not in " in refused.err
    before = contents(own_run)
    ran = wordspot(*command, "--split", "all")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("all clips: accuracy ")
    assert "4 clips of 1 speakers" in ran.out
    assert contents(own_run) == before


def test_evaluate_all_warns_of_speakers_that_the_run_has_heard(
    wordspot: Command, own_run: Path, shared_recordings: Path
) -> None:
    ran = wordspot("evaluate", own_run, "--data", shared_recordings, "--split", "all")
    assert ran.code == 0
    assert ran.err.startswith(f"wordspot: {shared_recordings}: 11 speakers were in training or validation (")
    assert ran.err.count("\n") == 1
    assert "84 clips of 14 speakers" in ran.out


def test_mistakes_are_those_of_the_validation_split_unless_told_otherwise(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    command = ["mistakes", trained["rnn"], trained["lstm"], "--data", shared_recordings, "--out", page]
    for options, split in (([], "validation"), (["--split", "testing"], "testing")):
        ran = wordspot(*command, *options)
        assert (ran.code, ran.out, ran.err) == (0, f"page: {page}\n", "")
        assert f'"split": "{split}"' in page.read_text(encoding="utf-8")


def test_compare(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path
) -> None:
    runs = [shutil.copytree(run, tmp_path / model) for model, run in trained.items()]
    for run in runs:
        assert wordspot("evaluate", run, "--data", shared_recordings).code == 0
    out = tmp_path / "out"
    ran = wordspot("compare", *runs, "--out", out, "--data", shared_recordings, "--against", "rnn")
    assert (ran.code, ran.err) == (0, "")
    result = json.loads((out / "comparison.json").read_text())
    assert [one["name"] for one in result["models"]] == list(MODELS)
    assert [(pair["one"], pair["other"]) for pair in result["pairs"]] == [("lstm", "rnn")]
    assert result["split"] == "validation"
    for one in result["models"]:
        assert f"{100 * one['accuracy']:.1f} %" in ran.out
    for path in out.glob("*.svg"):
        assert_drawing(path)


def test_compare_evaluates_on_the_split_that_is_asked_for(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path
) -> None:
    runs = [shutil.copytree(run, tmp_path / model) for model, run in trained.items()]
    out = tmp_path / "out"
    command = ["compare", *runs, "--out", out, "--split", "testing"]
    refused = wordspot(*command)
    assert_one_line(refused, 2)
    assert f"run `wordspot evaluate {runs[0]} --data {shared_recordings} --split testing`" in refused.err
    assert wordspot(*command, "--data", shared_recordings).code == 0
    assert json.loads((out / "comparison.json").read_text())["split"] == "testing"
    for run in runs:
        assert [path.name for path in run.glob("evaluation-*")] == ["evaluation-testing.json"]
    assert wordspot(*command).code == 0  # now they are evaluated
    assert wordspot("compare", *runs, "--out", out).code == 2  # on the other split only


@pytest.fixture
def pretrained(trained: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the trained runs the pretrained recognisers `rnn` and `lstm`."""
    folder = trained["lstm"].parent
    monkeypatch.setattr("wordspot.runs.run.PRETRAINED", folder)
    return folder


@pytest.mark.usefixtures("pretrained")
def test_pretrained_recognisers_are_named_where_runs_are(
    wordspot: Command, pretrained: Path, shared_recordings: Path, tmp_path: Path
) -> None:
    before = contents(pretrained)
    data = ["--data", shared_recordings]
    ran = wordspot("evaluate", "lstm", *data)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("validation split: accuracy ")
    assert "written" not in ran.out
    assert wordspot("evaluate", "lstm", *data, "--split", "all").code == 0
    page = tmp_path / "page.html"
    assert wordspot("mistakes", "lstm", "rnn", *data, "--out", page).code == 0
    assert '"runs": ["lstm", "rnn"]' in page.read_text(encoding="utf-8")
    out = tmp_path / "out"
    ran = wordspot("compare", "lstm", "rnn", *data, "--out", out)
    assert (ran.code, ran.err) == (0, "")
    models = json.loads((out / "comparison.json").read_text())["models"]
    assert [one["name"] for one in models] == ["lstm", "rnn"]
    refused = wordspot("compare", "lstm", "rnn", "--out", out)
    assert_one_line(refused, 2)
    assert "--data" in refused.err
    assert contents(pretrained) == before
