"""An exported recogniser: an ONNX file that says which words it knows and what sound it takes."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wordspot.audio.padding import full_lengths
from wordspot.errors import UsageError, WordspotError
from wordspot.telemetry import switch_off_telemetry

INPUTS, OUTPUTS = ["waveforms", "lengths"], ["logits", "probabilities"]
WORDS, RATE, WINDOW, THRESHOLDS = "words", "sample_rate_hz", "window_samples", "thresholds"
"""Names of the metadata without which a file can't be used; thresholds may be empty."""

THREADS = 1
"""Threads of a session: one sound at a time is too little work for more."""


def runtime() -> Any:
    """Import onnxruntime, without its telemetry. Raises WordspotError where it is missing."""
    switch_off_telemetry()
    try:
        import onnxruntime
    except ImportError:
        raise WordspotError(
            "ONNX files need the extra onnx: python -m pip install 'wordspot[onnx]'"
        ) from None
    return onnxruntime


def open_session(path: Path) -> Any:
    """Open an ONNX file in onnxruntime. Raises WordspotError where it is not one."""
    onnxruntime = runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no other class
        reason = str(error).splitlines()[0]
        raise WordspotError(f"{path}: not an ONNX file that can be run ({reason})") from None


class OnnxRecognizer:
    """A recogniser in a file of `wordspot export`, run by onnxruntime.

    Raises UsageError where there is no such file, and WordspotError for the file of another program.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise UsageError(f"{path}: no such file: name a file of `wordspot export`")
        self._session = open_session(self.path)
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        try:
            self.classes = tuple(json.loads(self.metadata[WORDS]))
            self.sample_rate = int(self.metadata[RATE])
            self.samples = int(self.metadata[WINDOW])
            self.thresholds: dict[str, float] = json.loads(self.metadata[THRESHOLDS])
        except (KeyError, ValueError, TypeError) as error:
            raise WordspotError(
                f"{path}: not a file of `wordspot export`: its metadata lack {error}: export the run again"
            ) from None
        names = [value.name for value in self._session.get_inputs()]
        if names != INPUTS:
            raise WordspotError(
                f"{path}: takes {', '.join(names)} instead of {', '.join(INPUTS)}: export it again"
            )

    def __call__(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Score waveforms float32 [B, S] of one window and their lengths int64 [B] as logits [B, C]."""
        if lengths is None:
            lengths = full_lengths(waveforms)
        fed = dict(zip(INPUTS, (waveforms.numpy(), lengths.numpy()), strict=True))
        return torch.from_numpy(self._session.run(OUTPUTS[:1], fed)[0])
