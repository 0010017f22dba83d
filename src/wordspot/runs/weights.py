"""Tensors in files (safetensors), whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from wordspot.config import RunConfig
from wordspot.files import atomic_write
from wordspot.models.recognizer import shapes_of

FRONT_END = "features.transform."


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write tensors to one file, whole or not at all."""
    # The format refuses tensors that share memory (a recurrent layer's on a GPU) or that are not contiguous.
    copies = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    with atomic_write(path) as part:
        part.write_bytes(save(copies, metadata))  # whose own writing hides what the system says


def check_shapes(path: Path, config: RunConfig) -> None:
    """Raise RuntimeError where the header of a file of weights does not fit the layers of a config.

    Raises SafetensorError for any other file. Takes no memory for the weights.
    """
    with safe_open(path, framework="pt") as stored:
        there = {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118
    needed = shapes_of(config)
    # Older files have the constants of the front end and no temperature.
    there = {name: shape for name, shape in there.items() if not name.startswith(FRONT_END)}
    if {"temperature": ()} | there != needed:
        raise RuntimeError("other shapes")
