"""The figures in docs/own-words.md are those of the results that the project keeps."""

import json
from pathlib import Path

import pytest

from wordspot.evaluation.comparison import ModelResult, read_comparison
from wordspot.evaluation.tables import percent, percent_interval
from wordspot.experiments.study import read_study

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "own-words.md").read_text(encoding="utf-8")
README = (PROJECT / "README.md").read_text(encoding="utf-8")
WORTH = {one.name: one for one in read_study(PROJECT / "reports/synthetic")["synthetic"].comparison.models}
CHANGES = sorted(path.name for path in (PROJECT / "reports/synthetic/variety").iterdir())


def cell(one: ModelResult) -> str:
    return f"{percent(one.accuracy)} ({percent_interval(one.interval)})"


@pytest.mark.parametrize("count", ["10", "30", "100", "300"])
def test_a_row_of_recorded_clips(count: str) -> None:
    alone, mixed = WORTH[f"{count} recorded"], WORTH[f"{count} and synthetic"]
    assert f"| {count} | {cell(alone)} | {cell(mixed)} |" in PAGE


def test_the_rows_of_no_recorded_clip_and_of_all() -> None:
    assert f"| 0 | | {cell(WORTH['0 and synthetic'])} |" in PAGE
    assert f"| all | {cell(WORTH['recipe'])} | {cell(WORTH['all and synthetic'])} |" in PAGE


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_of_the_variety(change: str) -> None:
    folder = PROJECT / "reports/synthetic/variety" / change
    scores = [json.loads(path.read_text(encoding="utf-8"))["accuracy"] for path in sorted(folder.iterdir())]
    assert len(scores) == 2
    mean = sum(scores) / len(scores)
    assert (
        f"| `--{change.replace('=', ' ')}` | {' and '.join(map(percent, scores))} | {percent(mean)} |" in PAGE
    )


def test_the_start_from_a_trained_recogniser() -> None:
    compared = read_comparison(PROJECT / "reports/transfer")
    assert compared
    assert f"on their {compared.clips} test clips of\n{compared.speakers} speakers" in PAGE
    assert ", ".join(compared.words) in PAGE
    for name, one in zip(("drawn weights", "`--initial wordspot`"), compared.models, strict=True):
        assert f"| {name} | {cell(one)} | {percent(one.noise[0])} |" in PAGE
    (pair,) = compared.pairs
    low, high = pair.interval
    assert f"{-100 * pair.difference:.1f} points ({-100 * high:.1f} to {-100 * low:.1f})" in PAGE
    scratch, transfer = compared.models
    assert f"{100 * transfer.accuracy:.1f} instead of {percent(scratch.accuracy)} on ten words" in README


def test_speech_that_was_chosen_without_any_recording() -> None:
    scores = json.loads((PROJECT / "reports/synthetic/alone.json").read_text(encoding="utf-8"))
    assert f"{percent(scores['accuracy'])} ({percent_interval(scores['interval'])})" in PAGE
