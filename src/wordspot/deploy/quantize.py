"""Exported recognisers with 8-bit weights: smaller, and measured before and after."""

from dataclasses import dataclass
from pathlib import Path

import torch

from wordspot.audio.features import to_float
from wordspot.config import Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.deploy.export import quiet
from wordspot.deploy.onnx_file import OnnxRecognizer, runtime
from wordspot.errors import WordspotError
from wordspot.evaluation.cost import median_ms
from wordspot.evaluation.evaluate import open_clips_of
from wordspot.evaluation.tables import Table, percent
from wordspot.files import atomic_write
from wordspot.runs.run import Run

LAYERS = ["LSTM"]
"""ONNX operators whose weights are quantised. GRU and RNN have no 8-bit kernel in onnxruntime, and quantising
every matrix product would take in the mel filters, which ruins the features."""

LARGEST_LOSS = 0.005
"""Accuracy that quantisation may cost on the validation split, as a fraction."""


@dataclass(frozen=True)
class Measured:
    """What an exported file costs and how well it does on the validation split."""

    kilobytes: float
    ms_per_clip: float
    accuracy: float


def quantize(
    run: Run | Path | str,
    path: Path | str,
    data: Corpus | Path | str | None = None,
    runtime: Runtime = Runtime(),
    *,
    force: bool = False,
) -> tuple[Measured, Measured]:
    """Give an exported recogniser 8-bit weights, in place; returns measurements before and after.

    `data` are the clips of the run, None for those from where it was trained. Raises WordspotError where
    nothing in the file can be quantised, or, unless forced, where the accuracy on the validation split would
    fall by over LARGEST_LOSS; the file is unchanged then.
    """
    path = Path(path)
    corpus = open_clips_of(Run(run), data, "validation", runtime)
    before = measure(path, corpus)
    with atomic_write(path) as part:
        write_int8(path, part)
        after = measure(part, corpus)
        lost = before.accuracy - after.accuracy
        if lost > LARGEST_LOSS and not force:
            raise WordspotError(
                f"{path}: 8-bit weights take accuracy from {percent(before.accuracy)} to "
                f"{percent(after.accuracy)}, over half a point: leave out --int8, or accept it by --force"
            )
    return before, after


def write_int8(path: Path, out: Path) -> None:
    """Write an exported recogniser with the weights of LAYERS in 8 bits. Raises WordspotError without any."""
    onnxruntime = runtime()
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Weights are known as such only once the constants before them are computed.
    folded = out.with_name(f"folded-{out.name}")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        model = onnx.load(folded)
        if not any(node.op_type in LAYERS for node in model.graph.node):
            raise WordspotError(
                f"{path}: no layer of this model can have 8-bit weights, only {' and '.join(LAYERS)} can: "
                "leave out --int8"
            )
        with quiet():
            quantize_dynamic(folded, out, op_types_to_quantize=LAYERS, weight_type=QuantType.QInt8)
        quantized = onnx.load(out)
        onnx.helper.set_model_props(quantized, session.get_modelmeta().custom_metadata_map)
        onnx.save(quantized, out)
    finally:
        folded.unlink(missing_ok=True)


def measure(path: Path, corpus: Corpus) -> Measured:
    """Measure an exported recogniser: its file, its time for one clip on one core, its accuracy."""
    recognizer = OnnxRecognizer(path)
    right = [
        recognizer(to_float(batch.samples), batch.lengths).argmax(dim=1) == batch.labels
        for batch in corpus.loader("validation")
    ]
    accuracy = torch.cat(right).double().mean().item()
    return Measured(path.stat().st_size / 1000, median_ms(recognizer, recognizer.samples), accuracy)


def quantization_table(before: Measured, after: Measured) -> Table:
    """Table measurements before and after."""
    rows = [
        [name, f"{one.kilobytes:,.0f} kB", f"{one.ms_per_clip:.1f} ms", percent(one.accuracy)]
        for name, one in (("float32", before), ("8-bit weights", after))
    ]
    title = "Quantisation, scored on the validation split"
    return Table(title, ["weights", "file", "time per clip, one core", "accuracy"], rows)
