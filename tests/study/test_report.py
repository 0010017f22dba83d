"""The report of a tiny study: its pages, and its numbers against the study's."""

from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.runs import assert_one_line
from wordspot.analysis.comparison import Comparison
from wordspot.errors import UsageError
from wordspot.study.findings import best_model, percent
from wordspot.study.report import write_report
from wordspot.study.summary import Result


def words_of(pdf: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())


def test_numbers_of_the_report_are_the_studys(
    shared_study: tuple[Path, dict[str, Result]], tmp_path: Path
) -> None:
    folder, results = shared_study
    pdf = write_report(folder, tmp_path / "new" / "report.pdf", corpus="a few synthetic words")
    assert 2 <= len(PdfReader(pdf).pages) <= 4
    text = words_of(pdf)
    assert "3 models on a few synthetic words: low, high, rise" in text
    family: Comparison = results["family"].comparison
    assert best_model(family) in text
    for one in family.contenders:
        assert f"{one.parameters:,}" in text
        for share in (one.validation_accuracy, one.accuracy):
            assert percent(share) in text
        assert f"{one.macro_f1:.3f}" in text
        assert f"{one.calibration_error:.3f}" in text
    for name in ("features", "amounts"):
        assert results[name].question in text
        assert results[name].note in text
    for part, clips in (("training", 48), ("validation", 18), ("testing", 18)):
        assert f"{part} {clips} " in text


def test_the_same_study_gives_the_same_bytes(shared_study: tuple[Path, dict[str, Result]]) -> None:
    folder, _ = shared_study
    first = write_report(folder)
    assert first == folder / "report.pdf"
    before = first.read_bytes()
    assert write_report(folder).read_bytes() == before


def test_what_makes_no_report(tmp_path: Path) -> None:
    for text in (None, "[]", "{", '[{"name": "family"}]'):
        if text is not None:
            (tmp_path / "study.json").write_text(text)
        with pytest.raises(UsageError) as error:
            write_report(tmp_path)
        assert_one_line(error.value)
    assert not (tmp_path / "report.pdf").exists()
