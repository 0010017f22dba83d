"""A recogniser as one ONNX file: waveforms in, logits and probabilities out, the front end inside."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from wordspot.audio.padding import pad_clips
from wordspot.deploy.onnx_file import (
    INPUTS,
    OUTPUTS,
    RATE,
    THRESHOLDS,
    WINDOW,
    WORDS,
    open_session,
    runtime,
)
from wordspot.errors import WordspotError
from wordspot.files import atomic_write, output_folder
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run

OPSET = 20
"""Version of the ONNX operators; ONNX Runtime knows it from 1.17 on."""
TOLERANCE = 1e-4
"""Largest difference from PyTorch in a logit or a probability, relative to the largest where that is over 1:
rounding grows with it."""

LENGTHS = (1.0, 0.75, 0.31, 0.02)
"""Lengths of the clips that an export is checked with, as fractions of its window."""
PEAKS = (1.0, 0.1, 0.01, 1e-4, 0.0)
"""Their loudest samples: from full scale, through steps of a 16-bit file, to no sound at all."""


class _Exported(nn.Module):
    """A recogniser whose probabilities are part of its answer."""

    def __init__(self, recognizer: Recognizer) -> None:
        super().__init__()
        self.recognizer = recognizer

    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits and the probabilities, both [B, C], of waveforms [B, S] with lengths [B]."""
        logits = self.recognizer(waveforms, lengths)
        return logits, logits.softmax(dim=1)


def export_onnx(run: Run | Path | str, out: Path | str, *, licence: str | None = None) -> Path:
    """Write the recogniser of a run, or the pretrained one of that name, to one ONNX file.

    Inputs are `waveforms` float32 [batch, S], padded to the window of S samples with zeros at their ends, and
    their `lengths` int64 [batch]; outputs are `logits` and calibrated `probabilities`, float32 [batch, C].
    The metadata hold words, sampling rate, window, temperature, thresholds, scores and licence; without
    `licence` what the model card says of it, where there is one.

    Raises WordspotError where the file would answer otherwise than PyTorch by over TOLERANCE, or where its
    shape came out fixed; nothing is written then.
    """
    run = Run(run)
    recognizer = run.recognizer
    runtime()
    output_folder(Path(out).parent)
    with atomic_write(Path(out)) as part:
        convert(recognizer, describe(run, recognizer, licence), part)
        check(recognizer, part)
    return Path(out)


def convert(recognizer: Recognizer, metadata: dict[str, str], path: Path) -> None:
    """Write a recogniser to an ONNX file, unchecked. Raises WordspotError where torch can't convert it."""
    samples = recognizer.config.corpus.samples
    batch = torch.export.Dim("batch")
    example = torch.zeros(2, samples), torch.tensor([samples, samples // 2 + 1])
    with quiet():
        try:
            program = torch.onnx.export(
                _Exported(recognizer).eval(),
                example,
                dynamo=True,
                opset_version=OPSET,
                input_names=INPUTS,
                output_names=OUTPUTS,
                dynamic_shapes={name: {0: batch} for name in INPUTS},
                external_data=False,
                verbose=False,
            )
        except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            kind = recognizer.config.model.kind
            raise WordspotError(f"this model ({kind}) can't be converted to ONNX: {reason}") from None
        assert program is not None
        program.model.metadata_props.update(metadata)
        program.save(path)


def describe(run: Run, recognizer: Recognizer, licence: str | None) -> dict[str, str]:
    """Give the metadata of an exported run: text by names, JSON where a value has parts."""
    corpus = recognizer.config.corpus
    scores: dict[str, Any] = {"validation": {"accuracy": run.validation_accuracy}}
    for name, result in run.evaluations.items():
        scores[name] = {"accuracy": result.accuracy, "interval": result.interval, "clips": result.clips}
    return {
        "wordspot": version("wordspot"),
        WORDS: json.dumps(corpus.classes),
        RATE: str(corpus.sample_rate),
        WINDOW: str(corpus.samples),
        THRESHOLDS: json.dumps(recognizer.thresholds),
        "temperature": str(recognizer.temperature.item()),
        "scores": json.dumps(scores),
        "licence": run.licence if licence is None else licence,
    }


def check(recognizer: Recognizer, path: Path) -> None:
    """Compare an ONNX file with its recogniser in PyTorch, on clips of several lengths and loudnesses.

    Raises WordspotError where a shape is fixed or an answer differs.
    """
    session = open_session(path)
    samples, classes = recognizer.config.corpus.samples, len(recognizer.classes)
    expected = {"waveforms": [samples], "lengths": [], "logits": [classes], "probabilities": [classes]}
    for value in [*session.get_inputs(), *session.get_outputs()]:
        first, *rest = value.shape
        if not isinstance(first, str) or rest != expected[value.name]:
            raise WordspotError(
                f"export: {value.name} came out with the shape {value.shape} instead of "
                f"{['batch', *expected[value.name]]}: nothing was written"
            )
    for waveforms, lengths in check_clips(samples):
        with torch.inference_mode():
            answers = _Exported(recognizer)(waveforms, lengths)
        given = session.run(OUTPUTS, {"waveforms": waveforms.numpy(), "lengths": lengths.numpy()})
        for name, answer, value in zip(OUTPUTS, answers, given, strict=True):
            largest = answer.abs().max().clamp(min=1)
            difference = ((answer - torch.from_numpy(value)).abs().max() / largest).item()
            if not difference <= TOLERANCE:  # nor is NaN
                raise WordspotError(
                    f"export: {name} differ from PyTorch by {difference:.2g}, over {TOLERANCE:g}: "
                    "nothing was written"
                )


def check_clips(samples: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Make clips of every length and loudness, in batches of several sizes: waveforms [B, S] and lengths [B].

    They are rising tones in noise, which reach every mel band.
    """
    draw = torch.Generator().manual_seed(0)
    clips = []
    for fraction in LENGTHS:
        times = torch.linspace(0, 1, max(1, round(fraction * samples)))
        for peak in PEAKS:
            tone = torch.sin(0.45 * torch.pi * samples * times.square())
            sound = tone * times + 0.1 * torch.randn(len(times), generator=draw)
            clips.append(peak * sound / sound.abs().max())
    yield pad_clips(clips, samples)
    for clip in clips[:2]:
        yield pad_clips([clip], samples)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence exporter and quantiser, which tell about packages that are not needed and how to call them."""
    disabled = logging.root.manager.disable
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(disabled)
