"""What the tests of exported recognisers share."""

from pathlib import Path

import pytest


@pytest.fixture
def run(tiny_run: Path) -> Path:
    """Give a trained run that no test may change."""
    return tiny_run
