"""What is synthetic says so: every table and figure, report, notebook, page of mistakes and model card."""

import json
from pathlib import Path

import nbformat
import pytest
from pypdf import PdfReader

from wordspot.analysis.evaluate import evaluate
from wordspot.analysis.explore import Exploration
from wordspot.analysis.mistakes import write_mistakes
from wordspot.analysis.tables import print_comparison, print_evaluation, print_exploration
from wordspot.config import CorpusConfig
from wordspot.corpus.synthetic.settings import Synthesis
from wordspot.corpus.synthetic.synthesize import synthesize
from wordspot.deploy.publish import publish
from wordspot.figures import SYNTHETIC
from wordspot.study.experiments import experiments
from wordspot.study.notebook import write_notebook
from wordspot.study.report import write_report
from wordspot.study.study import run_study
from wordspot.training.sweep import sweep

SOURCE = Path(__file__).parents[2] / "notebooks" / "spoken_words.py"
WORDS = ("yes", "no")
CORPUS = CorpusConfig(words=WORDS)


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Synthesis(clips=40, engines=("espeak",))
    return synthesize(WORDS, tmp_path_factory.mktemp("speech") / "speech", settings, quiet=True)


@pytest.fixture(scope="module")
def study(speech: Path) -> Path:
    """Give a study of two models on synthetic speech."""
    asked = experiments(CORPUS, ["family"], ["rnn", "gru"], seeds=1, epochs=1)
    run_study(asked, speech, speech.with_name("study"), threads=1, quiet=True)
    return speech.with_name("study")


def titles(shown: str) -> list[str]:
    """Find the titles of tables: the lines over an empty one or a rule, that are no row."""
    return [line for line in shown.splitlines() if line and line[0].isalpha() and "  " not in line]


def test_tables(study: Path, speech: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_evaluation(evaluate(study / "family" / "rnn" / "seed-0", speech))
    (found,) = titles(capsys.readouterr().out)
    assert found.startswith(f"testing ({SYNTHETIC}): accuracy ")
    print_exploration(Exploration(speech))
    shown = [line for line in titles(capsys.readouterr().out) if not line.startswith(("recordings", "files"))]
    assert len(shown) == 4
    assert all(line.endswith(f"({SYNTHETIC})") for line in shown)


def test_a_comparison_and_its_summary(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (result,) = run_study(
        experiments(CORPUS, ["family"], ["rnn", "gru"], seeds=1, epochs=1),
        study.with_name("speech"),
        study,
        threads=1,
        quiet=True,
    )
    assert result.comparison.synthetic
    print_comparison(result.comparison)
    shown = titles(capsys.readouterr().out)
    assert len(shown) == 5
    assert all(line.endswith(f"({SYNTHETIC})") for line in shown)
    summary = (study / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith(f"# Results of the study ({SYNTHETIC})\n")
    heads = [line for line in summary.splitlines() if line.startswith("**")]
    assert len(heads) == 5
    assert all(line.endswith(f"({SYNTHETIC})**") for line in heads)


def test_figures(study: Path, speech: Path, tmp_path: Path) -> None:
    figures = list(study.rglob("*.svg"))
    # Six of the comparison; curves and confusion matrix of each run.
    assert len(figures) == 6 + 2 * 2
    for path in figures:
        assert f"<!-- {SYNTHETIC} -->" in path.read_text(encoding="utf-8"), path
    look = Exploration(speech)
    some = look.some()
    for figure in (
        look.plot_durations(),
        look.plot_clips(some),
        look.plot_augmentations(some[0], some[1]),
    ):
        assert figure.get_suptitle() == SYNTHETIC
    for table in (look.counts(), look.durations(), look.formats()):
        assert table.columns.name == SYNTHETIC


def test_the_report(study: Path) -> None:
    pages = PdfReader(write_report(study)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "All figures are of synthetic speech" in text
    assert "of the clips of synthetic speech" in text
    captions = [kind for kind in ("Table 1:", "Table 4:", "Figure 1:", "Figure 5:") if kind in text]
    assert len(captions) == 4
    assert text.count("(Synthetic speech.)") == 4 + 5


def test_the_notebook(study: Path, speech: Path, tmp_path: Path) -> None:
    out = tmp_path / "words.ipynb"
    write_notebook(SOURCE, speech, study, out, words=WORDS)
    notebook = nbformat.read(out, as_version=4)  # type: ignore[no-untyped-call]
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [text for data in shown for text in (data.get("text/markdown"), data.get("text/html")) if text]
    assert "**All figures are of synthetic speech; the parts share the synthesisers' voices.**" in texts
    assert sum(text.startswith("**") and text.endswith(f"({SYNTHETIC})**") for text in texts) == 5
    assert sum(f">{SYNTHETIC}</th>" in text for text in texts) == 5
    assert f"of the clips of {SYNTHETIC}" in texts[-1]


def test_the_page_of_mistakes_the_model_card_and_a_search(study: Path, speech: Path, tmp_path: Path) -> None:
    run = study / "family" / "gru" / "seed-0"
    page = write_mistakes([run], speech, tmp_path / "page.html").read_text(encoding="utf-8")
    assert f'"split": "testing ({SYNTHETIC})"' in page
    (place,) = publish(study, tmp_path / "out", corpus="Two words", licence="-")[:1]
    card = (place / "README.md").read_text(encoding="utf-8")
    assert f"Two words ({SYNTHETIC}): " in card
    assert f"| these weights ({SYNTHETIC}) |" in card
    recipe = experiments(CORPUS, ["family"], ["rnn"], seeds=1, epochs=1)[0].variants["rnn"]
    best = sweep(recipe, speech, tmp_path / "sweep", trials=2, threads=1)
    assert json.loads(best.read_text(encoding="utf-8"))["synthetic"] is True
    for path in (tmp_path / "sweep").glob("*.svg"):
        assert f"<!-- {SYNTHETIC} -->" in path.read_text(encoding="utf-8"), path
