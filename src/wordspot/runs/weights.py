"""Tensors in files (safetensors), whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from wordspot.files import atomic_write


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write tensors to one file, whole or not at all."""
    # The format refuses tensors that share memory (a recurrent layer's on a GPU) or that are not contiguous.
    copies = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    with atomic_write(path) as part:
        save_file(copies, part, metadata)
