"""The kept report and the discussion in it tell the numbers of the kept study."""

import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from pypdf import PdfReader

from wordspot.evaluation.tables import percent
from wordspot.experiments.study import read_study
from wordspot.reporting.report import discussed
from wordspot.reporting.study_clips import FILE, StudyClips

KEPT = Path(__file__).parents[1] / "reports"
RESULTS = read_study(KEPT)


def letters(text: str) -> str:
    """Leave out what breaking lines may change."""
    return re.sub(r"[\s-]", "", text)


@pytest.fixture(scope="module")
def report() -> str:
    return letters("".join(page.extract_text() for page in PdfReader(KEPT / "report.pdf").pages))


def test_the_report_tells_the_accuracy_of_every_model(report: str) -> None:
    for name in {"controlled", "family"} & set(RESULTS):
        for one in RESULTS[name].comparison.models:
            assert letters(percent(one.accuracy)) in report
            assert f"{one.parameters:,}" in report


def test_the_discussion_is_in_the_report_with_the_studys_numbers(report: str) -> None:
    discussion = KEPT / "discussion.md"
    if not discussion.is_file():
        pytest.skip("reports/discussion.md is not written yet")
    clips = TypeAdapter(StudyClips).validate_json((KEPT / FILE).read_text(encoding="utf-8"))
    for text in discussed(discussion, RESULTS, clips.hypotheses).values():
        for paragraph in re.split(r"\n\s*\n", text):
            assert letters(re.sub("[*`]", "", paragraph)) in report
