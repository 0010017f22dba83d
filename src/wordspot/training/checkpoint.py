"""What resuming needs: weights, optimiser and progress after an epoch, in one file."""

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from wordspot.errors import WordspotError
from wordspot.runs.run import Run
from wordspot.runs.weights import save_tensors
from wordspot.training.weight_average import WeightAverage

FILE = "last/state.safetensors"


def save_checkpoint(
    run: Run,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    average: WeightAverage | None = None,
) -> None:
    """Write the state after epoch number `epoch`, whole or not at all."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    if average:
        averaged = average.recognizer.state_dict()
        tensors |= {f"average.{name}": tensor for name, tensor in averaged.items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {
            f"optimizer.{number}.{name}": tensor for name, tensor in state.items() if tensor is not None
        }
    path = run.folder / FILE
    path.parent.mkdir(exist_ok=True)
    save_tensors(path, tensors, {"epoch": str(epoch)})


def load_checkpoint(
    run: Run, model: nn.Module, optimizer: torch.optim.Optimizer, average: WeightAverage | None = None
) -> int:
    """Restore the state after the last finished epoch and give its number; 0 where there is none.

    Raises WordspotError where the file is damaged.
    """
    path = run.folder / FILE
    if not path.is_file():
        return 0
    weights: dict[str, torch.Tensor] = {}
    averaged: dict[str, torch.Tensor] = {}
    moments: dict[int, dict[str, torch.Tensor]] = {}
    try:
        with safe_open(path, framework="pt") as stored:
            epoch = int(stored.metadata()["epoch"])
            for key in stored.keys():  # noqa: SIM118 (not a dictionary)
                owner, name = key.split(".", 1)
                if owner == "model":
                    weights[name] = stored.get_tensor(key)
                elif owner == "average":
                    averaged[name] = stored.get_tensor(key)
                else:
                    number, moment = name.split(".", 1)
                    moments.setdefault(int(number), {})[moment] = stored.get_tensor(key)
        model.load_state_dict(weights)
        if average:
            average.recognizer.load_state_dict(averaged)
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        for number, state in moments.items():
            moments[number] = {name: laid_out(tensor, parameters[number]) for name, tensor in state.items()}
        optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
    except (SafetensorError, RuntimeError, ValueError, KeyError, IndexError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise WordspotError(f"{path}: damaged ({reason}): remove {run} and train again") from None
    return epoch


def laid_out(moment: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Give a moment the order in memory of its parameter, through which a fused optimiser reads both."""
    return torch.empty_like(parameter).copy_(moment) if moment.ndim else moment
