"""Completion in shells: verbs, recipes, options, choices, and names of files where nothing else fits."""

import os
import pty
import select
import shutil
import subprocess
from collections.abc import Sequence
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


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes(wordspot: Command, tmp_path: Path) -> None:
    (tmp_path / "completion").write_text(wordspot("--completion", "fish").out)
    (tmp_path / "sounds").mkdir()
    typed = "; ".join(f"complete -C {line!r}; echo" for line in WORDS_TYPED)
    done = subprocess.run(
        ["fish", "-c", f"source ./completion; {typed}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"HOME": str(tmp_path)},
        check=True,
    )
    assert done.stderr == ""
    found = [{line.split("\t")[0] for line in one.splitlines()} for one in done.stdout.split("\n\n")[:-1]]
    folders = {line: {"sounds/"} for line in WORDS_TYPED if line.endswith("soun")}  # as fish writes them
    assert dict(zip(WORDS_TYPED, found, strict=True)) == WORDS_TYPED | folders


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes(wordspot: Command, tmp_path: Path) -> None:
    """As on a terminal: a line that is typed with a tab at its end, and what stands there then."""
    (tmp_path / "completion").write_text(wordspot("--completion", "zsh").out)
    (tmp_path / "sounds").mkdir()
    typed = {
        "wordspot own": "wordspot own-words ",
        "wordspot train lstm --hidd": "wordspot train lstm --hidden-size ",
        "wordspot evaluate lstm --split val": "wordspot evaluate lstm --split validation ",
        "wordspot predict soun": "wordspot predict sounds/",
    }
    assert dict(zip(typed, completed_by_zsh(tmp_path, list(typed)), strict=True)) == typed


def completed_by_zsh(place: Path, lines: Sequence[str]) -> list[str]:
    """Type each line and a tab to a shell on a terminal of its own; gives what the lines have become."""
    told = place / "told"
    setup = f"""
        autoload -U compinit && compinit -u && source ./completion
        tell() {{ print -r -- "$BUFFER" >> {told}; BUFFER=; zle accept-line }}
        zle -N tell; bindkey '^X' tell; setopt noautomenu nolistambiguous
    """
    (place / ".zshrc").write_text(setup)
    terminal, other = pty.openpty()
    shell = subprocess.Popen(
        ["zsh", "-i"],
        cwd=place,
        stdin=other,
        stdout=other,
        stderr=other,
        env=os.environ | {"ZDOTDIR": str(place), "TERM": "xterm"},
        start_new_session=True,
    )
    try:
        for number, line in enumerate(lines, 1):
            os.write(terminal, f"{line}\t\x18".encode())
            for _ in range(600):
                if told.is_file() and len(told.read_text().splitlines()) >= number:
                    break
                if select.select([terminal], [], [], 0.1)[0]:
                    os.read(terminal, 65536)
    finally:
        shell.kill()
        shell.wait()
    return told.read_text().splitlines()


@pytest.mark.parametrize(
    "arguments", [["--completion"], ["--completion", "csh"], ["--tyro-print-completion", "csh"]]
)
def test_a_shell_that_has_none(wordspot: Command, arguments: list[str]) -> None:
    assert_one_line(wordspot(*arguments), 2)
