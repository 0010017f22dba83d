"""Whether probabilities are as high as the accuracy is, and how they are made so."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from wordspot.config import Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.device import computing
from wordspot.evaluation.evaluate import open_clips_of, score_split
from wordspot.models.temperature import fit_temperature
from wordspot.runs.run import Run


def overconfidence(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Give the mean confidence [N] minus the accuracy, of which `right` [N] says each clip.

    It is negative where probabilities are too low. The expected calibration error has no direction.

    >>> import numpy as np
    >>> round(overconfidence(np.array([0.9, 0.7]), np.array([True, False])), 3)
    0.3
    """
    return float(confidence.mean() - right.mean())


def describe_overconfidence(value: float) -> str:
    """Name the direction of what `overconfidence` gives.

    >>> describe_overconfidence(0.104), describe_overconfidence(-0.0312), describe_overconfidence(-0.0001)
    ('over-confident by 0.104', 'under-confident by 0.031', 'neither over- nor under-confident')
    """
    if round(abs(value), 3) == 0:
        return "neither over- nor under-confident"
    return f"{'over' if value > 0 else 'under'}-confident by {abs(value):.3f}"


def calibrate(
    run: Run | Path | str, data: Corpus | Path | str | None = None, runtime: Runtime = Runtime()
) -> float:
    """Fit the temperature of a run on its validation clips, save it with the weights, and give it.

    Training does so itself; this is for runs of earlier versions. `data` are the clips of the run; None for
    the path from which it was trained. Raises UsageError where they are others.
    """
    run = Run(run)
    with computing(runtime) as device:
        recognizer = run.recognizer.to(device)
        recognizer.temperature.fill_(1.0)
        corpus = open_clips_of(run, data, "validation", runtime)
        clips = corpus.dataset("validation")
        labels = torch.from_numpy(clips.labels[clips.rows])
        temperature = fit_temperature(score_split(recognizer, corpus, "validation"), labels)
        recognizer.temperature.fill_(temperature)
    run.write_weights(recognizer)
    return temperature
