"""What `make` would run, by its own account."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def planned(*arguments: str) -> list[str]:
    """Give the commands that make would run with these arguments, as for a new checkout."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make")
    command = [make, "--dry-run", "--always-make", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("regex", [r"-(\w+)\.wav$", r"^([^/]+)/"])
def test_a_regular_expression_for_speakers_reaches_every_verb_of_a_study(regex: str) -> None:
    verbs = [
        words
        for words in map(shlex.split, planned("study", f"SPEAKER_FROM={regex}"))
        if "wordspot" in words[0]
    ]
    assert [words[1] for words in verbs] == ["study", "report", "notebook"]
    for words in verbs:
        assert words[words.index("--speaker-from") + 1] == regex
    for words in map(shlex.split, planned("study")):
        assert "--speaker-from" not in words


def test_packages_are_the_pinned_ones_with_progress_that_can_be_seen() -> None:
    (packages,) = [line for line in planned("demo") if "pip" in line and "requirements.txt" in line]
    assert "--require-hashes -r requirements.txt" in packages
    assert "--quiet" not in packages
    told = [words[1] for words in map(shlex.split, planned("demo")) if words[0] == "echo"]
    assert [line.split(":")[0] for line in told] == ["environment", "packages", "program"]


def test_torch_alone_is_from_an_index_that_has_it_without_cuda() -> None:
    (packages,) = [line for line in planned("demo", "CPU_INDEX=file:///index") if "constraint" in line]
    torch, constraints, others = packages.split("&&")
    assert '--no-deps --index-url "file:///index"' in torch
    assert "index-url" not in others
    assert "--hash" not in constraints
    # The same as the line does: versions of torch and torchaudio, and those of all packages.
    pinned = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split("==")[0] for line in pinned if line.startswith("torch")] == ["torch", "torchaudio"]
