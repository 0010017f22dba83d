"""What is synthetic says so: every table and figure, report, notebook, page of mistakes and model card."""

import html
import json
import re
from pathlib import Path

import nbformat
import pytest
from pypdf import PdfReader

from wordspot.config import CorpusConfig, Runtime
from wordspot.deploy.publish import publish
from wordspot.evaluation.comparison import Comparison
from wordspot.evaluation.evaluate import evaluate
from wordspot.evaluation.tables import Table, comparison_tables, evaluation_table
from wordspot.experiments.experiments import Experiment, list_experiments
from wordspot.experiments.study import read_study, run_study
from wordspot.experiments.sweep import sweep
from wordspot.figures import SYNTHETIC
from wordspot.inspection.explore import Exploration
from wordspot.inspection.mistakes import write_mistakes
from wordspot.reporting.card_header import Credits
from wordspot.reporting.narrative import best_model
from wordspot.reporting.notebook import SOURCE, write_notebook
from wordspot.reporting.report import write_report
from wordspot.tts.settings import Synthesis
from wordspot.tts.synthesize import synthesize

WORDS = ("yes", "no")
ONE_THREAD = Runtime(threads=1)


def two_models() -> list[Experiment]:
    return list_experiments(CorpusConfig(words=WORDS), ["family"], ["rnn", "gru"], seeds=1, epochs=1)


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Synthesis(clips=40, engines=("espeak",))
    return synthesize(WORDS, tmp_path_factory.mktemp("speech") / "speech", settings, quiet=True)


@pytest.fixture(scope="module")
def study(speech: Path) -> Path:
    """Give a study of two models on synthetic speech."""
    run_study(two_models(), speech, speech.with_name("study"), ONE_THREAD, quiet=True)
    return speech.with_name("study")


@pytest.fixture
def family(study: Path) -> Comparison:
    """Give the comparison of the two models."""
    return read_study(study)["family"].comparison


def renderings(table: Table, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Show a table in every way that has its title."""
    table.print()
    return [table.title, capsys.readouterr().out, table._repr_html_()]


def test_tables(study: Path, speech: Path, family: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation = evaluation_table(evaluate(study / "family" / "rnn" / "seed-0", speech, "testing"))
    tables = [evaluation, *comparison_tables(family), *Exploration(speech).tables()]
    assert len(tables) == 1 + 6 + 4
    for table in tables:
        for shown in renderings(table, capsys):
            assert f"({SYNTHETIC})" in shown


def test_the_summary_of_a_study(study: Path) -> None:
    summary = (study / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith(f"# Results of the study ({SYNTHETIC})\n")
    heads = [line for line in summary.splitlines() if line.startswith("**")]
    assert len(heads) == 6
    assert all(line.endswith(f"({SYNTHETIC})**") for line in heads)


def test_figures(study: Path, speech: Path) -> None:
    figures = list(study.rglob("*.svg"))
    # Six of the comparison; curves and confusion matrices of each run.
    assert len(figures) >= 6 + 2 * 2
    for path in figures:
        assert f"<!-- {SYNTHETIC} -->" in path.read_text(encoding="utf-8"), path
    look = Exploration(speech)
    some = look.some()
    plots = (look.plot_durations(), look.plot_clips(some), look.plot_augmentations(some[0], some[1]))
    for figure in plots:
        assert figure.get_suptitle() == SYNTHETIC
    for frame in (look.counts(), look.durations(), look.formats()):
        assert frame.columns.name == SYNTHETIC


def test_the_report(study: Path) -> None:
    pages = PdfReader(write_report(study)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "All results are on synthetic speech" in text
    assert "The clips are synthetic speech: " in text
    assert f"of the test clips of {SYNTHETIC}" in text
    tables, figures = (re.findall(rf"{kind} (\d+):", text) for kind in ("Table", "Figure"))
    assert text.count(f"({SYNTHETIC}).") == len(tables) >= 3
    assert text.count("(Synthetic speech.)") == len(figures) - 1 >= 4  # the first is a drawing of the models


def test_the_notebook(study: Path, speech: Path, family: Comparison, tmp_path: Path) -> None:
    out = tmp_path / "words.ipynb"
    write_notebook(SOURCE, speech, study, out, words=WORDS, quick=True)
    notebook = nbformat.read(out, as_version=4)  # type: ignore[no-untyped-call]
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [text for data in shown for text in (data.get("text/markdown"), data.get("text/html")) if text]
    assert any(text.startswith(f"**All figures are of {SYNTHETIC}") for text in texts)
    for table in comparison_tables(family):
        assert SYNTHETIC in table.title
        assert any(f"<caption>{html.escape(table.title)}</caption>" in text for text in texts)
    assert best_model(family) in texts[-1]
    assert f"clips of {SYNTHETIC} (" in texts[-1]


def test_the_page_of_mistakes(study: Path, speech: Path, tmp_path: Path) -> None:
    run = study / "family" / "gru" / "seed-0"
    page = write_mistakes([run], speech, tmp_path / "page.html", "testing").read_text(encoding="utf-8")
    assert f'"split": "testing ({SYNTHETIC})"' in page


def test_the_model_card(study: Path, tmp_path: Path) -> None:
    for place in publish(study, tmp_path / "out", Credits("Two words", "-"), onnx=False):
        card = (place / "README.md").read_text(encoding="utf-8")
        assert f"Two words ({SYNTHETIC}): " in card
        assert f"name: Two words ({SYNTHETIC})\n" in card
        assert "- synthetic\n" in card
        titles = [line for line in card.splitlines() if line.startswith("**")]
        assert len(titles) == 3
        assert all(line.endswith(f"({SYNTHETIC})**") for line in titles)


def test_a_search(speech: Path, tmp_path: Path) -> None:
    recipe = two_models()[0].variants["rnn"]
    best = sweep(recipe, speech, tmp_path / "sweep", ONE_THREAD, trials=2)
    assert json.loads(best.read_text(encoding="utf-8"))["synthetic"] is True
    figures = list((tmp_path / "sweep").glob("*.svg"))
    assert figures
    for path in figures:
        assert f"<!-- {SYNTHETIC} -->" in path.read_text(encoding="utf-8"), path
