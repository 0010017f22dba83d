"""What a recogniser costs to run: multiply-accumulates, and time on one core."""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from wordspot.models.recognizer import Recognizer


@torch.inference_mode()
def count_macs(recognizer: Recognizer) -> int:
    """Count the multiply-accumulates of one clip in the layers that hold weights, front end aside.

    Convolutions, recurrent and linear layers count: one for each weight each time that it is used. Norms,
    activations, pooling and the features before the model are left out.
    """
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]) -> None:
        nonlocal total
        if isinstance(layer, nn.RNNBase):
            T = inputs[0].shape[1]
            total += T * sum(w.numel() for name, w in layer.named_parameters() if name.startswith("weight"))
        elif isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d) and isinstance(output, Tensor):
            outputs = layer.weight.shape[0]
            total += output.numel() // outputs * layer.weight.numel()

    hooks = [layer.register_forward_hook(count) for layer in recognizer.modules()]
    try:
        recognizer.eval()(torch.zeros(1, recognizer.config.corpus.samples))
    finally:
        for hook in hooks:
            hook.remove()
    return total


@torch.inference_mode()
def latency_ms(recognizer: Recognizer, times: int = 50) -> float:
    """Measure the median time of one clip on one core, features included, in milliseconds."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return median_ms(recognizer, recognizer.config.corpus.samples, times)
    finally:
        torch.set_num_threads(threads)


def median_ms(score: Callable[[Tensor], Tensor], samples: int, times: int = 50) -> float:
    """Measure the median time in which one clip of some samples is scored, in milliseconds."""
    clip = torch.zeros(1, samples)
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        score(clip)
        seconds.append(time.perf_counter() - started)
    return 1000 * float(np.median(seconds))
