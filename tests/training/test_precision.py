"""Training in bfloat16: what is rounded, what is recorded, and that it repeats and resumes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import wordspot.device as device
import wordspot.training.loop as loop
from tests.helpers import assert_same_run, same_weights
from wordspot.config import BCResNetConfig, RecurrentConfig, RunConfig, Runtime, vary
from wordspot.device import precision_on, trains_in_bfloat16
from wordspot.errors import UsageError
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run, load
from wordspot.training.loop import train

CPU = torch.device("cpu")
LOW = Runtime(precision="bfloat16")


able = pytest.mark.skipif(
    not trains_in_bfloat16(CPU), reason="this processor has no LSTM in bfloat16 (it lacks AVX-512)"
)


def with_bfloat16(patch: pytest.MonkeyPatch, has: bool) -> None:
    patch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has})


@pytest.mark.parametrize("has", [False, True])
def test_a_named_precision_is_taken_where_it_is_no_faster(has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with_bfloat16(monkeypatch, has)
    monkeypatch.setattr(device, "trains_in_bfloat16", lambda _: True)
    for model in (RecurrentConfig(), BCResNetConfig()):
        assert precision_on(CPU, LOW, model) == "bfloat16"
        assert precision_on(CPU, Runtime(precision="float32"), model) == "float32"


def test_what_a_processor_has_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "trains_in_bfloat16", lambda _: False)
    with pytest.raises(UsageError, match=r"^precision: .*: use --precision float32$"):
        precision_on(CPU, LOW, RecurrentConfig())
    assert precision_on(CPU, Runtime(precision="float32"), RecurrentConfig()) == "float32"


@pytest.mark.parametrize("has", [False, True])
def test_auto_takes_bfloat16_where_it_is_faster(has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with_bfloat16(monkeypatch, has)
    assert precision_on(CPU, Runtime(), RecurrentConfig()) == ("bfloat16" if has else "float32")
    assert precision_on(CPU, Runtime(), BCResNetConfig()) == "float32"
    assert precision_on(torch.device("mps"), Runtime(), RecurrentConfig()) == "float32"


@able
@pytest.mark.parametrize(
    "model",
    [
        RecurrentConfig(hidden_size=16),
        RecurrentConfig(encoder="residual", channels=4),
        BCResNetConfig(scale=1),
    ],
    ids=["lstm", "residual", "bc-resnet"],
)
def test_only_the_model_is_rounded(
    model: Any, tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Features and logits are float32, and so are the weights; products inside are not."""
    seen: set[tuple[torch.dtype, torch.dtype, torch.dtype]] = set()

    def note(self: Any, inputs: tuple[Any, ...], logits: torch.Tensor) -> None:
        seen.add((inputs[0].dtype, self.head.weight.dtype, logits.dtype))

    class Watched(Recognizer):
        def __init__(self, config: RunConfig) -> None:
            super().__init__(config)
            self.model.register_forward_hook(note)

    monkeypatch.setattr(loop, "Recognizer", Watched)
    train(vary(replace(tiny, model=model), epochs=1), shared_recordings, tmp_path / "run", LOW)
    low, full = torch.bfloat16, torch.float32
    assert seen == {(full, full, low), (full, full, full)}  # in training, and in validation


@able
def test_it_learns_repeats_and_resumes(
    tiny: RunConfig,
    shared_recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = vary(tiny, epochs=6)
    unbroken = train(config, shared_recordings, tmp_path / "unbroken", LOW)
    assert unbroken.provenance["precision"] == "bfloat16"
    assert max(line["validation_accuracy"] for line in unbroken.metrics) >= 0.9
    assert all(weights.dtype == torch.float32 for weights in load(unbroken).parameters())

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, shared_recordings, tmp_path / "run", LOW, after_epoch=stop)
    assert_same_run(train(config, shared_recordings, tmp_path / "run", LOW), unbroken)
    full = train(config, shared_recordings, tmp_path / "full", Runtime(precision="float32"))
    assert full.provenance["precision"] == "float32"
    assert not same_weights(full, unbroken)


@able
def test_another_precision_is_warned_of(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    config = vary(tiny, epochs=1)
    train(config, shared_recordings, tmp_path / "run", LOW)
    with pytest.warns(UserWarning, match="started with --precision bfloat16:"):
        train(config, shared_recordings, tmp_path / "run", Runtime(precision="float32"))
    assert Run(tmp_path / "run").provenance["precision"] == "bfloat16"
