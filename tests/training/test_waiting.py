"""A training step only tells a device what to compute: it waits for no value, on a GPU or elsewhere."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from wordspot.audio.augment import Augmenter
from wordspot.config import RunConfig, Runtime, vary
from wordspot.corpus.dataset import Batch
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import RECIPES
from wordspot.training.loop import train, train_step
from wordspot.training.running_metrics import RunningMetrics

META = torch.device("meta")
"""Its tensors have shapes and no values, so whatever would wait for a value raises."""

BATCH = Batch(
    torch.zeros(4, 16_000, dtype=torch.int16), torch.tensor([16_000, 8_000, 12_000, 9_000]), torch.arange(4)
)


def augmenter_of(config: RunConfig) -> Augmenter:
    return Augmenter(config.augment, 16_000, config.features.hop_ms, 10, torch.zeros(0), torch.Generator())


@pytest.mark.parametrize("name", RECIPES)
def test_a_step_waits_for_no_value(name: str) -> None:
    config = RECIPES[name]
    # A change of speed makes a batch for each speed, on the CPU or not at all.
    config = replace(config, augment=replace(config.augment, speed_perturb_p=0.0))
    recognizer = Recognizer(config).to(META).train()
    optimizer = torch.optim.AdamW(recognizer.parameters())
    trained = RunningMetrics()
    for _ in range(2):
        trained.add(*train_step(recognizer, BATCH, augmenter_of(config), optimizer))
    with pytest.raises(NotImplementedError, match="meta"):
        trained.read()  # the one that waits


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_trains_on_a_gpu(precision: Any, tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    config = vary(tiny, epochs=8)
    run = train(config, shared_recordings, tmp_path / "run", Runtime("cuda", precision=precision))
    assert run.provenance["device"] == "cuda"
    assert run.provenance["precision"] == precision
    assert max(line["validation_accuracy"] for line in run.metrics) >= 0.9
