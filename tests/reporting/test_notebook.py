"""The notebook in its quick mode, from top to bottom."""

import json
from dataclasses import asdict
from pathlib import Path

import jupytext
import nbformat
import pytest

from tests.conftest import WORDS
from tests.helpers import assert_one_line, files_of
from wordspot.config import CorpusConfig
from wordspot.errors import UsageError, WordspotError
from wordspot.experiments.experiments import list_experiments
from wordspot.experiments.study import run_study
from wordspot.files import write_json
from wordspot.reporting.notebook import PARAMETERS, write_notebook

SOURCE = Path(__file__).parents[2] / "notebooks" / "spoken_words.py"


def test_the_notebook_runs_from_top_to_bottom(shared_recordings: Path, tmp_path: Path) -> None:
    out, study = tmp_path / "new" / "words.ipynb", tmp_path / "study"
    assert write_notebook(SOURCE, shared_recordings, study, out, words=WORDS, quick=True) == out
    notebook = nbformat.read(out, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("image/png") == 15
    assert sum("<audio" in output.get("data", {}).get("text/html", "") for output in outputs) >= len(WORDS)
    assert out.stat().st_size < 5_000_000
    results = {result["name"]: result for result in json.loads((study / "study.json").read_text())}
    assert set(results) == {"family", "augmentation"}
    conclusions = outputs[-1]["data"]["text/markdown"]
    best = max(one["accuracy"] for one in results["family"]["comparison"]["models"])
    assert f"it recognises {100 * best:.1f} % of the test clips" in conclusions
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        assert cell.execution_count == number + 1


def test_a_notebook_shows_the_study_that_is_there(noisy_recordings: Path, tmp_path: Path) -> None:
    study, out = tmp_path / "study", tmp_path / "words.ipynb"
    corpus = CorpusConfig(words=WORDS, clips_per_word=8)
    run_study(list_experiments(corpus, ["family"], ["gru"], seeds=1, epochs=1), noisy_recordings, study)
    changing = (".svg", "evaluations.jsonl")  # the notebook evaluates on the validation split too
    before = {path: content for path, content in files_of(study).items() if not path.endswith(changing)}
    write_notebook(SOURCE, noisy_recordings, study, out, words=("other", "words"), without_sounds=True)
    written = out.read_text(encoding="utf-8")
    assert "<audio" not in written
    assert f"WORDS = {WORDS}" in written
    after = files_of(study)
    assert {path: after[path] for path in before} == before
    assert {Path(path).parts[:3] for path in after if path.endswith("config.json")} == {
        ("family", "gru", "seed-0")
    }


def test_the_notebook_that_is_kept_is_the_script_with_outputs() -> None:
    kept = nbformat.read(SOURCE.with_suffix(".ipynb"), as_version=4)  # type: ignore[no-untyped-call]
    script = jupytext.read(SOURCE)
    for cell, there in zip(script.cells, kept.cells, strict=True):
        assert cell.cell_type == there.cell_type
        if PARAMETERS not in cell.metadata.get("tags", []):
            assert cell.source == there.source
        assert there.cell_type == "markdown" or there.execution_count
    assert SOURCE.with_suffix(".ipynb").stat().st_size < 5_000_000


def test_a_study_without_the_family_makes_no_notebook(tmp_path: Path) -> None:
    write_json(
        tmp_path / "experiments.json",
        [asdict(one) for one in list_experiments(CorpusConfig(words=WORDS), ["data-scaling"])],
    )
    with pytest.raises(UsageError, match="needs the experiment family") as error:
        write_notebook(SOURCE, tmp_path, tmp_path, tmp_path / "out.ipynb", words=WORDS)
    assert_one_line(error.value)


def test_a_cell_that_fails_and_what_is_no_notebook(tmp_path: Path) -> None:
    out, data = tmp_path / "out.ipynb", tmp_path / "nowhere"
    with pytest.raises(WordspotError, match=r"a cell failed \(UsageError: .*nowhere") as error:
        write_notebook(SOURCE, data, tmp_path, out, words=WORDS, quick=True)
    assert_one_line(error.value)
    (tmp_path / "plain.py").write_text("print()")
    for source in (tmp_path / "none.py", tmp_path / "plain.py"):
        with pytest.raises(UsageError) as wrong:
            write_notebook(source, data, tmp_path, out, words=WORDS)
        assert_one_line(wrong.value)
    assert not out.exists()
