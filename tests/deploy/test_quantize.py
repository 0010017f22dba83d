"""8-bit weights: smaller files that answer nearly the same, refused where they cost too much."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tests.helpers import assert_one_line
from wordspot.audio.features import to_float
from wordspot.corpus.corpus import open_corpus
from wordspot.deploy.onnx_file import OnnxRecognizer
from wordspot.deploy.quantize import measure, quantization_table, quantize
from wordspot.errors import WordspotError
from wordspot.runs.run import Run


@pytest.fixture
def own(exported: Path, tmp_path: Path) -> Path:
    """Give an exported run that the test may change."""
    return Path(shutil.copy(exported, tmp_path / "own.onnx"))


def test_only_the_weights_of_lstms_are_quantised(
    run: Path, exported: Path, own: Path, shared_recordings: Path
) -> None:
    before, after = quantize(run, own, shared_recordings)
    assert after.kilobytes < before.kilobytes == exported.stat().st_size / 1000
    assert after.kilobytes == own.stat().st_size / 1000
    kinds = {value.name for value in onnx.load(own).graph.initializer if value.data_type == 3}
    assert {node.op_type for node in onnx.load(own).graph.node if kinds & {*node.input}} == {
        "DynamicQuantizeLSTM"
    }
    assert OnnxRecognizer(own).metadata == OnnxRecognizer(exported).metadata
    clip = 0.1 * torch.randn(5, 16_000, generator=torch.Generator().manual_seed(0))
    difference = (OnnxRecognizer(own)(clip) - OnnxRecognizer(exported)(clip)).abs().max().item()
    assert 0 < difference < 0.3
    assert list(own.parent.iterdir()) == [own]


def test_accuracy_is_that_of_the_validation_split(run: Path, exported: Path, shared_recordings: Path) -> None:
    expected = Run(run).validation_accuracy
    corpus = open_corpus(shared_recordings, Run(run).config.corpus)
    assert measure(exported, corpus).accuracy == pytest.approx(expected)
    batch = next(iter(corpus.loader("validation")))
    single = OnnxRecognizer(exported)(to_float(batch.samples[:1]), batch.lengths[:1])
    np.testing.assert_allclose(
        single, OnnxRecognizer(exported)(to_float(batch.samples), batch.lengths)[:1], atol=1e-5
    )


def test_a_loss_of_accuracy_is_refused_unless_forced(
    run: Path, exported: Path, own: Path, shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordspot.deploy.quantize.LARGEST_LOSS", -1.0)
    with pytest.raises(WordspotError, match="over half a point") as error:
        quantize(run, own, shared_recordings)
    assert_one_line(error.value)
    assert own.read_bytes() == exported.read_bytes()
    quantize(run, own, shared_recordings, force=True)
    assert own.read_bytes() != exported.read_bytes()


def test_a_model_without_an_lstm_is_refused(
    run: Path, own: Path, shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordspot.deploy.quantize.LAYERS", ["Absent"])
    with pytest.raises(WordspotError, match="no layer of this model can have 8-bit weights") as error:
        quantize(run, own, shared_recordings)
    assert_one_line(error.value)
    assert list(own.parent.iterdir()) == [own]


def test_the_table(run: Path, own: Path, shared_recordings: Path) -> None:
    before, after = quantize(run, own, shared_recordings)
    rows = quantization_table(before, after).rows
    assert [row[0] for row in rows] == ["float32", "8-bit weights"]
    assert rows[0][3] == f"{100 * before.accuracy:.1f} %"
