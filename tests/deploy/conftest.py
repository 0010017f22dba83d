"""What the tests of exported recognisers share."""

from pathlib import Path

import pytest

from tests.helpers import shared_run
from wordspot.config import RunConfig
from wordspot.deploy.export import export_onnx


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path) -> Path:
    """Give a trained run that no test may change."""
    return shared_run(tiny, shared_recordings)


@pytest.fixture
def exported(run: Path) -> Path:
    """Give that run as an ONNX file that no test may change."""
    path = run.with_name("run.onnx")
    return path if path.exists() else export_onnx(run, path, licence="CC0, by nobody")
