"""Completion in bash: verbs, recipes, options, choices, and names of files where nothing else fits."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Command, assert_one_line

WORDS_TYPED = {
    "wordspot tra": {"train"},
    "wordspot own": {"own-words"},
    "wordspot train lst": {"lstm"},
    "wordspot train lstm --hidd": {"--hidden-size"},
    "wordspot train lstm --cell ": {"rnn", "lstm", "gru"},
    "wordspot evaluate lstm --split val": {"validation"},
    "wordspot evaluate lstm --data soun": {"sounds"},
    "wordspot predict soun": set(),  # left to bash, which knows the names of files
}


def test_bash_completes(wordspot: Command, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash
    ran = wordspot("--completion", "bash")
    assert (ran.code, ran.err) == (0, "")
    (tmp_path / "completion").write_text(ran.out)
    (tmp_path / "sounds").mkdir()
    typed = "\n".join(
        f"COMP_WORDS=({' '.join(repr(word) for word in line.split(' '))}); "
        'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _tyro_wordspot; echo "${COMPREPLY[*]}"'
        for line in WORDS_TYPED
    )
    script = f"source ./completion\ncomplete -p wordspot\n{typed}\n"
    done = subprocess.run([bash, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    how, *found = done.stdout.splitlines()
    assert "-o default" in how
    assert dict(zip(WORDS_TYPED, (set(line.split()) for line in found), strict=True)) == WORDS_TYPED


def test_no_description_is_taken_for_a_choice(wordspot: Command, tmp_path: Path) -> None:
    (spec,) = (
        line
        for line in wordspot("--completion", "bash").out.splitlines()
        if line.startswith("COMPLETION_SPEC")
    )
    assert "Arithmetic of the model in training" in spec  # a description of two lines
    assert "\\n" not in spec


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_too(wordspot: Command, shell: str) -> None:
    ran = wordspot("--completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert "evaluate-stream" in ran.out


@pytest.mark.parametrize(
    "arguments", [["--completion"], ["--completion", "csh"], ["--tyro-print-completion", "csh"]]
)
def test_a_shell_that_has_none(wordspot: Command, arguments: list[str]) -> None:
    assert_one_line(wordspot(*arguments), 2)
