"""What the tests of training share: a trained run, a copy of it, and configs that train otherwise."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import shared_run
from wordspot.config import RunConfig


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path) -> Path:
    """Give a trained run that no test may change."""
    return shared_run(tiny, shared_recordings)


@pytest.fixture
def own_run(run: Path, tmp_path: Path) -> Path:
    """Give a copy of the run that the test may change."""
    return shutil.copytree(run, tmp_path / "copy")


def with_training(config: RunConfig, **settings: Any) -> RunConfig:
    return replace(config, training=replace(config.training, **settings))
