"""The optimizer of a recipe, and its learning rate at each step."""

import math

import torch

from wordspot.config import TrainingConfig
from wordspot.models.recognizer import Recognizer


def make_optimizer(recognizer: Recognizer, recipe: TrainingConfig) -> torch.optim.Optimizer:
    """Make the optimizer of a recipe."""
    parameters, rate, decay = recognizer.parameters(), recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, rate, weight_decay=decay, fused=True)
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, rate, weight_decay=decay, fused=True)
    return torch.optim.SGD(parameters, rate, momentum=0.9, weight_decay=decay, fused=True)


def learning_rate_at(step: int, steps: int, recipe: TrainingConfig) -> float:
    """Give the learning rate of a step: a linear warmup to the peak, then a half cosine down to zero.

    >>> recipe = TrainingConfig(learning_rate=1.0, warmup=0.5)
    >>> [round(learning_rate_at(step, 8, recipe), 2) for step in range(8)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.85, 0.5, 0.15]
    """
    rise = round(recipe.warmup * steps)
    if step < rise:
        return recipe.learning_rate * (step + 1) / rise
    return recipe.learning_rate * (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2
