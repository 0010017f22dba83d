"""What `compare` takes for a run, what it evaluates, and where it writes."""

import os
from pathlib import Path

import pandas as pd
import pytest

import wordspot as ws
from tests.evaluation.conftest import copy_run
from tests.helpers import assert_one_line, files_of


def test_nothing_is_written_without_a_folder(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    before = [files_of(run) for run in runs]
    result = ws.compare([runs[0], ws.Run(runs[3])], split="testing")
    assert isinstance(result, ws.Comparison)
    assert [one.name for one in result.models] == ["good", "poor"]
    assert [one.runs for one in result.models] == [[str(runs[0])], [str(runs[3])]]
    assert [one.accuracy for one in result.models] == pytest.approx([1, 12 / 18])
    assert result.noise is None
    assert [files_of(run) for run in runs] == before
    assert list(here.iterdir()) == []


def test_with_the_clips_runs_are_evaluated_where_they_were_not(
    runs: list[Path], evaluated: Path, shared_recordings: Path, tmp_path: Path
) -> None:
    new = copy_run(evaluated, tmp_path / "new", 0, dropout=0.3)
    (new / "evaluation-testing.json").unlink()
    result = ws.compare([new, runs[3]], split="testing", data=shared_recordings)
    assert ws.Run(new).is_evaluated("testing")
    assert ws.Run(new).evaluation("testing") == ws.Run(evaluated).evaluation("testing")
    assert [ws.Run(run).times_evaluated("testing") for run in (new, runs[3])] == [2, 1]
    assert [one.accuracy for one in result.models] == pytest.approx(
        [ws.Run(evaluated).evaluation("testing").accuracy, 12 / 18]
    )
    # On the split that is asked for, which is validation where none is.
    ws.compare([new, runs[3]], data=shared_recordings)
    assert [ws.Run(run).times_evaluated("validation") for run in (new, runs[3])] == [1, 1]
    assert [ws.Run(run).times_evaluated("testing") for run in (new, runs[3])] == [2, 1]


def test_an_evaluation_of_earlier_weights_is_made_again(runs: list[Path], shared_recordings: Path) -> None:
    evaluation = runs[3] / "evaluation-testing.json"
    weights = (runs[3] / "model.safetensors").stat()
    os.utime(evaluation, ns=(weights.st_atime_ns, weights.st_mtime_ns - 1))
    result = ws.compare([runs[0], runs[3]], split="testing", data=shared_recordings)
    assert ws.Run(runs[3]).times_evaluated("testing") == 2
    assert result.models[1].accuracy == ws.Run(runs[3]).evaluation("testing").accuracy


def test_a_run_without_weights(runs: list[Path], shared_recordings: Path) -> None:
    """A run whose results alone were kept is compared by them; what they lack can't be measured."""
    before = ws.compare([runs[0], runs[3]], split="testing")
    (runs[3] / "model.safetensors").unlink()
    assert ws.Run(runs[3]).is_evaluated("testing")
    after = ws.compare([runs[0], runs[3]], split="testing")
    assert [one.accuracy for one in after.models] == [one.accuracy for one in before.models]
    assert after.pairs == before.pairs
    with pytest.raises(ws.WordspotError, match="the weights of this run are missing") as error:
        ws.compare([runs[0], runs[3]], split="testing", data=shared_recordings)
    assert_one_line(error.value)


def test_pretrained_recognisers_by_name(
    runs: list[Path], evaluated: Path, pretrained_run: Path, shared_recordings: Path
) -> None:
    before = files_of(pretrained_run)
    result = ws.compare(["tiny", runs[3]], split="testing", data=shared_recordings, against="tiny")
    assert [one.name for one in result.models] == ["tiny", "poor"]
    assert result.models[0].runs == ["tiny"]
    assert result.models[0].accuracy == ws.Run(evaluated).evaluation("testing").accuracy
    assert [(pair.one, pair.other) for pair in result.pairs] == [("poor", "tiny")]
    assert files_of(pretrained_run) == before
    with pytest.raises(
        ws.WordspotError, match="tiny: not evaluated on the testing split: name its clips"
    ) as error:
        ws.compare(["tiny", runs[3]], split="testing")
    assert_one_line(error.value)


def test_a_pretrained_recogniser_beside_a_run_of_its_name(
    runs: list[Path], pretrained_run: Path, shared_recordings: Path, tmp_path: Path
) -> None:
    runs[3].rename(tmp_path / "tiny")
    result = ws.compare(["tiny", tmp_path / "tiny"], split="testing", data=shared_recordings)
    assert [one.name for one in result.models] == ["tiny", (tmp_path / "tiny").as_posix()]


def test_predictions_in_another_order_are_paired_by_their_clips(
    runs: list[Path], evaluated: Path, tmp_path: Path
) -> None:
    other = copy_run(evaluated, tmp_path / "other", 6, dropout=0.2)  # errs where `poor` does
    before = ws.compare([runs[3], other], split="testing")
    path = other / "predictions-testing.csv"
    pd.read_csv(path)[::-1].to_csv(path, index=False)
    (pair,) = ws.compare([runs[3], other], split="testing").pairs
    assert [pair] == before.pairs
    assert (pair.only_one_right, pair.only_other_right, pair.difference) == (0, 0, 0)


@pytest.mark.parametrize("column", ["path", "start", "speaker", "word"])
def test_predictions_of_other_clips_are_refused(runs: list[Path], column: str) -> None:
    path = runs[3] / "predictions-testing.csv"
    table = pd.read_csv(path, dtype={"speaker": str})
    table.loc[0, column] = 7 if column == "start" else "another"
    table.to_csv(path, index=False)
    with pytest.raises(
        ws.WordspotError, match=r"poor are not of the clips of .*: evaluate both again"
    ) as error:
        ws.compare(runs, split="testing")
    assert_one_line(error.value)
