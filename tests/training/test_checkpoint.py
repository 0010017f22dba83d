"""The checkpoint: whole or absent, and all that the next epoch needs."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from tests.helpers import assert_one_line, files_of, write_half
from wordspot.errors import WordspotError
from wordspot.runs.run import Run
from wordspot.training.checkpoint import FILE, load_checkpoint, save_checkpoint


def make(optimizer: str, seed: int = 0) -> tuple[nn.Linear, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    model = nn.Linear(4, 2)
    if optimizer == "sgd":
        return model, torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[optimizer]
    return model, kind(model.parameters(), 0.1)


def step(model: nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    optimizer.zero_grad()
    model(torch.randn(5, 4, generator=draw)).square().sum().backward()
    optimizer.step()


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_next_steps_are_those_of_an_unbroken_run(name: str, tmp_path: Path) -> None:
    model, optimizer = make(name)
    step(model, optimizer, 1)
    save_checkpoint(Run(tmp_path), model, optimizer, 3)
    again, its_optimizer = make(name, seed=1)
    assert load_checkpoint(Run(tmp_path), again, its_optimizer) == 3
    for seed in (2, 3):
        step(model, optimizer, seed)
        step(again, its_optimizer, seed)
    assert torch.equal(again.weight, model.weight)
    assert torch.equal(again.bias, model.bias)


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD])
def test_moments_have_the_order_of_weights_in_memory(kind: Any, tmp_path: Path) -> None:
    """Fused optimisers go through both in the order of memory, which for convolutions is channels last."""

    def made() -> tuple[nn.Conv2d, torch.optim.Optimizer]:
        torch.manual_seed(0)
        model = nn.Conv2d(3, 5, 3)
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        momentum = {"momentum": 0.9} if kind is torch.optim.SGD else {}
        return model, kind(model.parameters(), 0.1, fused=True, **momentum)

    def steps(model: nn.Conv2d, optimizer: torch.optim.Optimizer, count: int) -> None:
        images = torch.arange(48.0).view(1, 3, 4, 4)
        for _ in range(count):
            optimizer.zero_grad()
            model(images).square().mean().backward()
            optimizer.step()

    model, optimizer = made()
    steps(model, optimizer, 2)
    save_checkpoint(Run(tmp_path), model, optimizer, 1)
    again, its_optimizer = made()
    load_checkpoint(Run(tmp_path), again, its_optimizer)
    steps(model, optimizer, 1)
    steps(again, its_optimizer, 1)
    assert torch.equal(again.weight, model.weight)


def test_no_checkpoint_is_a_start(tmp_path: Path) -> None:
    model, optimizer = make("adam")
    before = model.weight.clone()
    assert load_checkpoint(Run(tmp_path), model, optimizer) == 0
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize("kept", [0, 4, 60, -1])
def test_damaged_checkpoint(tmp_path: Path, kept: int) -> None:
    model, optimizer = make("adamw")
    step(model, optimizer, 1)
    save_checkpoint(Run(tmp_path), model, optimizer, 3)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(WordspotError, match=r"state\.safetensors: damaged") as caught:
        load_checkpoint(Run(tmp_path), model, optimizer)
    assert_one_line(caught.value)


@pytest.mark.parametrize("lost", ["epoch", "model.bias"])
def test_checkpoint_that_lacks_something(tmp_path: Path, lost: str) -> None:
    model, optimizer = make("adamw")
    step(model, optimizer, 1)
    save_checkpoint(Run(tmp_path), model, optimizer, 3)
    tensors = load_file(tmp_path / FILE)
    metadata = {"epoch": "3"} if lost != "epoch" else None
    tensors.pop(lost, None)
    save_file(tensors, tmp_path / FILE, metadata)
    with pytest.raises(WordspotError, match=r"state\.safetensors: damaged") as caught:
        load_checkpoint(Run(tmp_path), model, optimizer)
    assert_one_line(caught.value)


def test_write_that_breaks_off_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, optimizer = make("adam")
    save_checkpoint(Run(tmp_path), model, optimizer, 3)
    before = files_of(tmp_path)

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(Run(tmp_path), model, optimizer, 4)
    assert files_of(tmp_path) == before
