"""Words and file names are data wherever they are shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command, assert_one_line, program, train
from wordspot.config import CorpusConfig, RunConfig
from wordspot.errors import UsageError
from wordspot.evaluation.tables import Table
from wordspot.experiments.study import read_study
from wordspot.figures import save_figure
from wordspot.reporting.model_card import answers
from wordspot.runs.evaluation import Evaluation, WordScores

MARKUP = "<script>alert(1)</script>"
ODD = ["\x1b[31mred", "two\nlines", "\u202eback", "", "a" * 101, "\udcff"]


@pytest.mark.parametrize("word", ODD)
def test_a_word_that_cannot_be_printed_is_refused_in_one_line(word: str) -> None:
    with pytest.raises(
        UsageError, match="must have 1 to 100 characters, all of which can be printed"
    ) as caught:
        CorpusConfig(words=("low", word))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("word", ["naïve", "明かり", "क्\u200dष", "don't", "$x$", MARKUP])
def test_words_of_any_script_are_words(word: str) -> None:
    assert CorpusConfig(words=("low", word)).classes == ("low", word)


def test_markup_is_data_in_markdown_and_in_a_notebook() -> None:
    table = Table("", ["word"], [[MARKUP], ["[a](javascript:b)"], ["a|b"]])
    assert table.to_markdown().splitlines()[2:] == [
        "| &lt;script&gt;alert(1)&lt;/script&gt; |",
        "| \\[a\\](javascript:b) |",
        "| a\\|b |",
    ]
    assert "<script" not in table._repr_html_()
    config = RunConfig(corpus=CorpusConfig(words=("low", MARKUP)))
    assert answers(config) == ["low", "&lt;script&gt;alert(1)&lt;/script&gt;"]


def test_control_characters_are_written_out_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Table("a\x1b[2J", ["b\x07"], [["c\nd"]]).print()
    shown = capsys.readouterr().out
    assert {"a\\x1b[2J", "b\\x07", "c\\nd"} <= set(shown.split())


def test_dollars_are_no_formula_in_a_figure(tmp_path: Path) -> None:
    words = ["$\\frac{$", "<b>"]
    scores = [WordScores(word, 1.0, 1.0, 1.0, 1) for word in words]
    bounds = (0.5, 1.0)
    result = Evaluation("testing", 2, 2, "", 1.0, bounds, bounds, bounds, 1.0, scores, [[1, 0], [0, 1]])
    save_figure(result.plot_confusion(), tmp_path / "confusion.svg")
    drawing = (tmp_path / "confusion.svg").read_text(encoding="utf-8")
    assert "<b>" not in drawing


def test_a_file_name_with_control_characters_is_shown_without_them(
    wordspot: Command, shared_recordings: Path, tmp_path: Path
) -> None:
    clip = next(shared_recordings.rglob("*.wav"))
    odd = tmp_path / "a\x1b[31m\n.wav"
    odd.write_bytes(clip.read_bytes())
    ran = wordspot("predict", odd)
    assert ran.code == 0
    assert ran.out.endswith("a\\x1b[31m\\n.wav\n")
    assert ran.out.count("\n") == 1
    odd.write_text("hello")
    assert_one_line(wordspot("predict", odd), 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that aren't text")
def test_names_that_are_no_text_are_told_in_one_line(
    wordspot: Command, recordings: Path, tmp_path: Path
) -> None:
    odd = Path(os.fsdecode(os.fsencode(recordings) + b"/caf\xe9"))
    (recordings / "low").rename(odd)
    ran = wordspot(*train("lstm", recordings, tmp_path / "out"))
    assert_one_line(ran, 1)
    assert "caf\\udce9: the folder's name isn't text: rename it" in ran.err
    done = subprocess.run([program(), "predict", os.fsencode(odd)], capture_output=True)
    assert done.returncode == 2
    assert done.stderr.startswith(b"wordspot: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", ""])
def test_a_study_whose_names_lead_elsewhere_is_refused(
    shared_study: tuple[Path, object], tmp_path: Path, name: str
) -> None:
    stored = (shared_study[0] / "study.json").read_text(encoding="utf-8")
    (tmp_path / "study.json").write_text(stored.replace('"family"', f'"{name}"'), encoding="utf-8")
    with pytest.raises(UsageError, match="can't be a name"):
        read_study(tmp_path)
