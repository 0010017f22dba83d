"""The notebook from top to bottom: by itself, and with a study, on a few synthetic clips."""

import json
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest

from tests.conftest import WORDS
from tests.helpers import assert_one_line, files_of
from wordspot.errors import UsageError, WordspotError
from wordspot.experiments.study import Result
from wordspot.files import write_json
from wordspot.reporting.notebook import PARAMETERS, PLACES, SOURCE, write_notebook

KEPT = Path(__file__).parents[2] / "notebooks" / "spoken_words.ipynb"
WIDTH = 79


def outputs_of(path: Path) -> list[nbformat.NotebookNode]:
    """Give the outputs of every cell of a valid notebook, all of whose code was run in order."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    return [output for cell in code for output in cell.outputs]


def texts_of(path: Path) -> str:
    """Give all text that the cells of a notebook put out."""
    outputs = outputs_of(path)
    kinds = ("text/markdown", "text/html", "text/plain")
    texts = [output.get("text", "") for output in outputs]
    texts += [output.get("data", {}).get(kind, "") for output in outputs for kind in kinds]
    return "\n".join(texts)


def test_the_notebook_stands_alone(shared_recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "words.ipynb"
    assert write_notebook(SOURCE, shared_recordings, None, out, words=WORDS, quick=True) == out
    outputs, text = outputs_of(out), texts_of(out)
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) > 15
    assert text.count("<audio") >= len(WORDS)
    assert out.stat().st_size < 5_000_000
    assert "What does each change of the LSTM do?" in text  # the small study that it trains
    assert "recognises" in text
    assert {path.name for path in tmp_path.iterdir()} == {"new"}

    notebook = nbformat.read(out, as_version=4)  # type: ignore[no-untyped-call]
    script = jupytext.read(SOURCE)
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in script.cells]
    (parameters,) = (cell for cell in notebook.cells if PARAMETERS in cell.metadata.get("tags", []))
    told = parameters.outputs[0].text
    assert f"DATA = {shared_recordings.name!r}" in told
    assert f"WORDS = {WORDS}\nSTUDY = None\nQUICK = True\nDISCUSSION = None\n" in told
    assert str(tmp_path) not in out.read_text(encoding="utf-8")


def test_a_notebook_shows_the_study_that_is_there(
    shared_study: tuple[Path, dict[str, Result]], shared_recordings: Path, tmp_path: Path
) -> None:
    study, results = shared_study
    before, out = files_of(study), tmp_path / "words.ipynb"
    discussion = tmp_path / "discussion.md"
    discussion.write_text(
        "## confusions\nThe tones *rise*.\n\n## choice\nTake the smallest.\n", encoding="utf-8"
    )
    write_notebook(
        SOURCE,
        shared_recordings,
        study,
        out,
        words=("other", "words"),
        quick=True,
        discussion=discussion,
        without_sounds=True,
    )
    assert files_of(study) == before
    text = texts_of(out)
    assert "<audio" not in text
    assert text.count("(audio, left out of this copy)") > len(WORDS) + 2  # mistakes beside the first ones
    assert "DISCUSSION = 'discussion.md'\n" in text
    assert f"WORDS = {WORDS}" in text
    best = max(one.accuracy for one in results["family"].comparison.models)
    assert f"it recognises {100 * best:.1f} % of the test clips" in text
    assert text.count("The tones *rise*.") == text.count("Take the smallest.") == 1
    for result in results.values():
        assert result.question in text


def test_a_study_without_predictions_is_shown_too(
    shared_study: tuple[Path, dict[str, Result]], shared_recordings: Path, tmp_path: Path
) -> None:
    study = shutil.copytree(shared_study[0], tmp_path / "study")
    for path in [*study.rglob("predictions-*"), *study.rglob("*.safetensors")]:
        path.unlink()
    out = tmp_path / "words.ipynb"
    write_notebook(SOURCE, shared_recordings, study, out, words=WORDS, quick=True)
    assert "of section 6: " in texts_of(out)  # whose mistakes are heard instead


def test_the_notebook_that_is_kept_is_the_script_with_outputs() -> None:
    kept = nbformat.read(KEPT, as_version=4)  # type: ignore[no-untyped-call]
    script = jupytext.read(SOURCE)
    for cell, there in zip(script.cells, kept.cells, strict=True):
        assert cell.cell_type == there.cell_type
        assert cell.source == there.source
        assert there.cell_type == "markdown" or there.execution_count
    assert KEPT.stat().st_size < 5_000_000


def test_cells_are_few_and_narrow() -> None:
    script = jupytext.read(SOURCE)
    assert len(script.cells) <= 90
    assert max(len(line) for cell in script.cells for line in cell.source.splitlines()) <= WIDTH


def test_every_place_of_a_discussion_is_in_the_notebook() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert [place for place in PLACES if f'"{place}"' not in text] == []


def test_a_study_without_a_comparison_of_models_makes_no_notebook(
    shared_study: tuple[Path, dict[str, Result]], tmp_path: Path
) -> None:
    for name in ("study.json", "experiments.json"):
        stored = json.loads((shared_study[0] / name).read_text())
        write_json(tmp_path / name, [one for one in stored if one["name"] != "family"])
    with pytest.raises(UsageError, match="needs the experiment controlled or family") as error:
        write_notebook(SOURCE, tmp_path, tmp_path, tmp_path / "out.ipynb", words=WORDS)
    assert_one_line(error.value)
    (tmp_path / "study.json").unlink()
    with pytest.raises(UsageError, match="an unfinished study") as unfinished:
        write_notebook(SOURCE, tmp_path, tmp_path, tmp_path / "out.ipynb", words=WORDS)
    assert_one_line(unfinished.value)


def test_a_cell_that_fails_and_what_is_no_notebook(shared_recordings: Path, tmp_path: Path) -> None:
    out, data = tmp_path / "out.ipynb", shared_recordings
    failing = tmp_path / "failing.py"
    failing.write_text('# %% tags=["parameters"]\nDATA = ""\n\n# %%\nraise ValueError("no such thing")\n')
    with pytest.raises(WordspotError, match=r"a cell failed \(ValueError: no such thing\)") as error:
        write_notebook(failing, data, None, out, words=WORDS, quick=True)
    assert_one_line(error.value)
    with pytest.raises(UsageError, match="no such folder") as missing:
        write_notebook(SOURCE, tmp_path / "nowhere", None, out, words=WORDS)
    assert_one_line(missing.value)
    (tmp_path / "plain.py").write_text("print()")
    for source in (tmp_path / "none.py", tmp_path / "plain.py"):
        with pytest.raises(UsageError) as wrong:
            write_notebook(source, data, None, out, words=WORDS)
        assert_one_line(wrong.value)
    (tmp_path / "discussion.md").write_text("## Nowhere\ntext")
    with pytest.raises(UsageError, match="no place 'Nowhere'") as unknown:
        write_notebook(SOURCE, data, None, out, words=WORDS, discussion=tmp_path / "discussion.md")
    assert_one_line(unknown.value)
    assert not out.exists()
