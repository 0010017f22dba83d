"""What resuming needs: weights, optimiser and progress after an epoch, in one file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from wordspot.errors import WordspotError
from wordspot.models.recognizer import save_tensors

FILE = "last/state.safetensors"


@dataclass(frozen=True)
class Progress:
    """How far a run has come."""

    epoch: int = 0
    """Epochs finished."""
    best_epoch: int = 0
    """Epoch of the best validation accuracy so far, counted from 1; 0 where there is none."""
    best_accuracy: float = -1.0
    best_loss: float = float("inf")
    seconds: float = 0.0
    """Time spent on the finished epochs."""


def save_checkpoint(
    run: Path, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Write the state after an epoch, whole or not at all."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {
            f"optimizer.{number}.{name}": tensor for name, tensor in state.items() if tensor is not None
        }
    path = run / FILE
    path.parent.mkdir(exist_ok=True)
    save_tensors(path, tensors, {"progress": json.dumps(asdict(progress))})


def load_checkpoint(run: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
    """Restore the state after the last finished epoch; a run that has none starts at nothing.

    Raises WordspotError where the file is damaged.
    """
    path = run / FILE
    if not path.is_file():
        return Progress()
    weights: dict[str, torch.Tensor] = {}
    moments: dict[int, dict[str, torch.Tensor]] = {}
    try:
        with safe_open(path, framework="pt") as stored:
            progress = Progress(**json.loads(stored.metadata()["progress"]))
            for key in stored.keys():  # noqa: SIM118 (not a dictionary)
                owner, name = key.split(".", 1)
                if owner == "model":
                    weights[name] = stored.get_tensor(key)
                else:
                    number, moment = name.split(".", 1)
                    moments.setdefault(int(number), {})[moment] = stored.get_tensor(key)
        model.load_state_dict(weights)
        optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
    except (SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise WordspotError(f"{path}: damaged ({reason}): remove {run} and train anew") from None
    return progress
