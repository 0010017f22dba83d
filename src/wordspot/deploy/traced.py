"""One window at a time, without Python between its operations."""

import warnings

import torch
from torch import Tensor

from wordspot.models.recognizer import Recognizer


class Traced:
    """Scores waveforms of one length as a recogniser does, a single one by its traced graph.

    A live detector scores one window at a time, so small that Python and the masks of the padding, of which a
    window has none, would take two fifths of the time. Shape: [B, S] to logits [B, C], S always the same.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer
        self.graph: torch.jit.ScriptModule | None = None
        """Made when the first single window comes."""

    def __call__(self, windows: Tensor) -> Tensor:
        """Score windows [B, S] as logits [B, C]."""
        if len(windows) != 1:
            return self.recognizer(windows)  # type: ignore[no-any-return]
        if self.graph is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # sizes become constants, as they should: they stay the same
                self.graph = torch.jit.trace(self.recognizer, (windows,), check_trace=False)  # type: ignore[no-untyped-call]
        return self.graph(windows)  # type: ignore[no-any-return]
