"""Where to compute: the process has its own settings again afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.helpers import ABSENT_DEVICE
from wordspot.config import RunConfig, Runtime, vary
from wordspot.device import computing
from wordspot.errors import UsageError
from wordspot.evaluation.evaluate import evaluate
from wordspot.experiments.experiments import Experiment
from wordspot.experiments.study import run_study
from wordspot.training.loop import train


def settings() -> tuple[int, int]:
    return torch.get_num_threads(), torch.get_deterministic_debug_mode()


@pytest.fixture(params=[0, 1], autouse=True)
def before(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """Give the settings of the process: one thread, and any algorithms or a warning of some."""
    found = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode(request.param)
    yield settings()
    torch.set_deterministic_debug_mode(found)


def test_sums_are_repeatable_on_the_threads_of_the_runtime(before: tuple[int, int]) -> None:
    with computing(Runtime(threads=2)) as device:
        assert device == torch.device("cpu")
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.get_num_threads() == 2
    assert settings() == before


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_a_broken_computation_leaves_the_settings(before: tuple[int, int], stop: type[BaseException]) -> None:
    with pytest.raises(stop), computing(Runtime(threads=2)):
        raise stop
    assert settings() == before


def test_a_device_that_is_not_there_leaves_the_settings(before: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match=ABSENT_DEVICE), computing(Runtime(ABSENT_DEVICE, threads=2)):
        pytest.fail("is not reached")
    assert settings() == before


@pytest.mark.filterwarnings("ignore:.*speakers were in training or validation")
def test_what_computes_leaves_the_settings(
    before: tuple[int, int], tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    config, runtime = vary(tiny, epochs=1, clips_per_word=2), Runtime(threads=2)
    run = train(config, shared_recordings, tmp_path / "run", runtime)
    assert settings() == before
    evaluate(run, shared_recordings, "testing", runtime)
    assert settings() == before
    run.recognizer.evaluate(shared_recordings, runtime)
    assert settings() == before
    study = Experiment("one", "Which?", "", "validation", {"tiny": config}, 1, kind="models")
    run_study([study], shared_recordings, tmp_path / "study", runtime, quiet=True)
    assert settings() == before
