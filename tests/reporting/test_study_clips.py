"""What is measured on the clips of a study, kept beside it, and told by its report."""

import json
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from tests.conftest import SAMPLE_RATE
from wordspot.errors import UsageError
from wordspot.experiments.study import Result
from wordspot.reporting.report import find_sources, write_report
from wordspot.reporting.study_clips import StudyClips, difficulties, plot_spreads, read_clips, spread

Study = tuple[Path, dict[str, Result]]


@pytest.fixture
def measured(shared_study: Study, shared_recordings: Path, tmp_path: Path) -> StudyClips:
    folder, results = shared_study
    (tmp_path / "family").symlink_to(folder / "family")
    found = find_sources(tmp_path, {"family": results["family"]}, shared_recordings).clips
    assert found is not None
    return found


def test_lengths_and_levels_are_those_of_all_clips(measured: StudyClips, shared_recordings: Path) -> None:
    paths = sorted(shared_recordings.glob("*/*.wav"))
    sizes = [(path.stat().st_size - 44) // 2 for path in paths]
    assert measured.clips == len(paths) == 84
    assert measured.shorter == pytest.approx(np.mean([size < SAMPLE_RATE for size in sizes]))
    assert sum(measured.seconds.counts) == len(paths)
    seconds = np.array(sizes) / SAMPLE_RATE
    assert measured.seconds.low == pytest.approx(np.percentile(seconds, 5))
    assert (measured.seconds.edges[0], measured.seconds.edges[-1]) == pytest.approx(
        (seconds.min(), seconds.max())
    )
    assert -40 < measured.level_db.low < measured.level_db.high < 0
    text = difficulties(measured, 1.0)
    assert text.startswith(f"Of all 84 clips, {100 * measured.shorter:.1f} % are shorter than 1 s")


def test_silence_has_no_level() -> None:
    found = spread(np.array([-np.inf, -20.0, -10.0]))
    assert (found.edges[0], found.edges[-1], sum(found.counts)) == (-20, -10, 2)


def test_later_reports_need_no_clips(measured: StudyClips, shared_study: Study, tmp_path: Path) -> None:
    results = shared_study[1]
    sources = find_sources(tmp_path, {"family": results["family"]})
    assert sources.clips == measured
    assert sources.hypotheses == measured.hypotheses
    names = {one.hypothesis for one in measured.hypotheses}
    assert {"cut ends", "soft speech", "noise", "one speaker's habit"} <= names
    stored = json.loads((tmp_path / "clips.json").read_text())
    (tmp_path / "clips.json").write_text(json.dumps(stored | {"accuracy": 0.123}))
    assert read_clips(tmp_path, sources.group) is None  # of an older study
    (tmp_path / "clips.json").write_text("{}")
    assert read_clips(tmp_path, sources.group) is None


def test_the_report_has_them(shared_study: Study, shared_recordings: Path, tmp_path: Path) -> None:
    folder, _ = shared_study
    (tmp_path / "family").symlink_to(folder / "family")
    (tmp_path / "study.json").write_text((folder / "study.json").read_text())
    for name in ("features", "data-scaling"):
        (tmp_path / name).symlink_to(folder / name)
    pages = PdfReader(write_report(tmp_path, data=shared_recordings)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Of all 84 clips" in text
    assert "Duration, level and range" in text
    assert "soft speech" in text
    before = (tmp_path / "report.pdf").read_bytes()
    assert write_report(tmp_path).read_bytes() == before


def test_other_clips_are_refused(shared_study: Study, recordings: Path) -> None:
    folder, results = shared_study
    next((recordings / "low").iterdir()).unlink()
    with pytest.raises(UsageError, match="not the clips"):
        find_sources(folder, {"family": results["family"]}, recordings)
    assert not (folder / "clips.json").exists()


def test_the_figure(measured: StudyClips, shared_study: Study) -> None:
    axes = plot_spreads(measured, shared_study[1]["family"]).axes
    assert [one.get_xlabel()[:8] for one in axes] == ["duration", "level (d", "soft to "]
    for one, values in zip(axes, (measured.seconds, measured.level_db, measured.range_db), strict=True):
        heights, edges, _ = one.patches[0].get_data()  # type: ignore[attr-defined]
        assert heights.sum() == pytest.approx(1)
        assert edges.tolist() == values.edges
