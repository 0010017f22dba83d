"""Distillation: a network learns from what trained ones hear, beside the labels (Hinton et al. 2015)."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from wordspot.audio.augment import Clips
from wordspot.config import RunConfig
from wordspot.errors import UsageError
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import load


@torch.no_grad()
def taught(clips: Clips, teachers: Sequence[Recognizer], share: float) -> Tensor:
    """Give the targets [B, C] of clips with a share of what teachers hear in them (Hinton et al. 2015)."""
    heard = [teacher(clips.waveforms, clips.lengths).softmax(dim=1) for teacher in teachers]  # (B, C) each
    mean = torch.stack(heard).mean(dim=0)
    labels = clips.targets if clips.targets.ndim == 2 else one_hot(clips.targets, mean.shape[1])
    return labels.to(mean.dtype).lerp(mean, share)


def load_teachers(config: RunConfig, device: torch.device) -> list[Recognizer]:
    """Load the teachers of a run. Raises UsageError where one is missing or hears other classes."""
    teachers = [load(name).to(device) for name in config.training.teachers]
    for name, teacher in zip(config.training.teachers, teachers, strict=True):
        theirs, ours = teacher.config.corpus, config.corpus
        if (teacher.classes, theirs.sample_rate) != (ours.classes, ours.sample_rate):
            raise UsageError(f"teachers: {name} has other words or another sampling rate than the run")
    return teachers
