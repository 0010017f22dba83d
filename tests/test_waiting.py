"""How threads wait: passively on the command line, unless the user or the caller has chosen otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wordspot.waiting import POLICY, passive_children

WATCH = f"""
import os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("torch loads with", os.environ.get({POLICY!r}))

sys.meta_path.insert(0, Watch())
"""
COMMAND = """
from wordspot.cli import main
sys.argv = ["wordspot", "predict", sys.argv[1]]
main()
"""
LIBRARY = """
import wordspot
wordspot.load("wordspot").predict(sys.argv[1])
"""


@pytest.mark.parametrize(
    ("code", "chosen", "expected"),
    [
        (COMMAND, None, "passive"),
        (COMMAND, "active", "active"),
        (LIBRARY, None, "None"),
        (LIBRARY, "active", "active"),
    ],
)
def test_the_command_line_waits_passively_and_a_library_leaves_that_to_its_caller(
    code: str, chosen: str | None, expected: str, shared_recordings: Path
) -> None:
    clip = next(shared_recordings.glob("*/*.wav"))
    environment = {name: value for name, value in os.environ.items() if name != POLICY}
    if chosen:
        environment[POLICY] = chosen
    command = [sys.executable, "-c", WATCH + code, str(clip)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[0] == f"torch loads with {expected}"


@pytest.mark.parametrize("chosen", [None, "active"])
def test_children_inherit_it_and_the_environment_stays(
    chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(POLICY, raising=False)
    if chosen:
        monkeypatch.setenv(POLICY, chosen)
    with passive_children():
        assert os.environ[POLICY] == (chosen or "passive")
    assert os.environ.get(POLICY) == chosen
