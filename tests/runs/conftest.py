"""What the tests of runs share: a trained run, and a copy of it."""

import shutil
from pathlib import Path

import pytest

from tests.helpers import shared_run
from wordspot.config import RunConfig
from wordspot.runs.run import Run


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path) -> Run:
    """Give a trained run that no test may change."""
    return Run(shared_run(tiny, shared_recordings))


@pytest.fixture
def own_run(run: Run, tmp_path: Path) -> Run:
    """Give a copy of the run that the test may change."""
    return Run(shutil.copytree(run.folder, tmp_path / "run"))
