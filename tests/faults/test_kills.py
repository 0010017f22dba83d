"""kill -9 at random moments, then the same again: it becomes what it would have been."""

import sys
from pathlib import Path

import pytest

from tests.faults.kills import WORKS, kill_at_random

KILLS = {"training": 1, "study with two jobs": 1, "packing": 2, "synthesis": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that kills at once")
@pytest.mark.parametrize("name", WORKS)
def test_killed_work_becomes_what_it_would_have_been(name: str, tmp_path: Path) -> None:
    found = kill_at_random(name, KILLS[name], tmp_path)
    assert found["kills"] == KILLS[name]
    assert found["compared"] >= 1
