"""The kept report tells the numbers of the kept study, and both documents what their author says of it."""

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from pydantic import TypeAdapter
from pypdf import PdfReader

from wordspot.evaluation.tables import percent
from wordspot.experiments.study import read_study
from wordspot.experiments.tables import remake_study
from wordspot.reporting.discussion import read_discussion
from wordspot.reporting.notebook import PLACES
from wordspot.reporting.report import discussed
from wordspot.reporting.study_clips import FILE, StudyClips

KEPT = Path(__file__).parents[1] / "reports"
RESULTS = read_study(KEPT)


def letters(text: str) -> str:
    """Leave out what breaking lines may change."""
    return re.sub(r"[\s-]", "", text)


@pytest.fixture(scope="module")
def pages() -> list[str]:
    texts = [page.extract_text() for page in PdfReader(KEPT / "report.pdf").pages]
    return [letters(re.sub(r"\d+\s*$", "", text)) for text in texts]  # without their numbers


@pytest.fixture(scope="module")
def report(pages: list[str]) -> str:
    return "".join(pages)


def test_the_report_tells_the_accuracy_of_every_model(report: str) -> None:
    for name in {"controlled", "family"} & set(RESULTS):
        for one in RESULTS[name].comparison.models:
            assert letters(percent(one.accuracy)) in report
            assert f"{one.parameters:,}" in report


def test_the_discussion_is_in_the_report_with_the_studys_numbers(pages: list[str]) -> None:
    discussion = KEPT / "discussion.md"
    if not discussion.is_file():
        pytest.skip("reports/discussion.md is not written yet")
    clips = TypeAdapter(StudyClips).validate_json((KEPT / FILE).read_text(encoding="utf-8"))
    for text in discussed(discussion, RESULTS, clips.hypotheses).values():
        for paragraph in re.split(r"\n\s*\n", text):
            assert is_told(letters(re.sub("[*`]", "", paragraph)), pages)


def is_told(text: str, pages: list[str]) -> bool:
    """Tell whether a text is on a page, or goes on from it to the next, with figures in between."""
    return any(
        text[:cut] in page and text[cut:] in following
        for page, following in pairwise(["", *pages])
        for cut in range(len(text))
    )


def test_a_text_goes_on_from_one_page_to_the_next_and_is_not_altered() -> None:
    assert is_told("abcdef", ["xabcdefx"])
    assert is_told("abcdef", ["y", "xabc FIGURE", "FIGURE defx"])
    assert not is_told("abcdef", ["xabc FIGURE defx"])
    assert not is_told("abcdef", ["defx", "xabc"])
    assert not is_told("abcdef", ["xabc", "dxef"])


def test_the_controlled_comparison_is_made_again_from_what_is_kept(tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(KEPT / "controlled", study / "controlled")
    for name in ("study.json", "experiments.json"):
        stored = json.loads((KEPT / name).read_text(encoding="utf-8"))
        kept = [one for one in stored if one["name"] == "controlled"]
        (study / name).write_text(json.dumps(kept), encoding="utf-8")
    (made,) = remake_study(study, tmp_path / "made")
    again, before = made.comparison, RESULTS["controlled"].comparison
    assert [one.name for one in again.models] == [one.name for one in before.models]
    for one, other in zip(again.models, before.models, strict=True):
        assert one.confusion == other.confusion
        assert one.noise == pytest.approx(other.noise)
        assert one.soft == pytest.approx(other.soft)
        assert one.interval == pytest.approx(other.interval, abs=1e-3)
    for pair, kept_pair in zip(again.pairs, before.pairs, strict=True):
        assert pair.difference == pytest.approx(kept_pair.difference)
        assert pair.interval == pytest.approx(kept_pair.interval, abs=1e-3)
        assert pair.p_value == pytest.approx(kept_pair.p_value, abs=0.01)


def test_the_authors_paragraphs_are_in_the_kept_notebook() -> None:
    kept = nbformat.read(KEPT.parent / "notebooks/spoken_words.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    shown = "".join(
        output.data.get("text/markdown", "")
        for cell in kept.cells
        for output in cell.get("outputs", [])
        if "data" in output
    )
    for place, text in read_discussion(KEPT / "notebook-discussion.md", PLACES).items():
        assert text in shown, place
