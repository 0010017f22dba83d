"""Exported recognisers: they answer as PyTorch does, say what they are, and are refused where they don't."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tests.conftest import WORDS, noise, write_samples
from tests.helpers import assert_one_line
from wordspot.audio.features import to_float
from wordspot.audio.padding import pad_clips
from wordspot.config import RunConfig, vary
from wordspot.deploy.export import check, convert, export_onnx
from wordspot.deploy.onnx_file import OnnxRecognizer
from wordspot.errors import UsageError, WordspotError
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import RECIPES
from wordspot.runs.run import Run, load

METADATA = {"words": '["yes", "no"]', "sample_rate_hz": "16000", "window_samples": "8", "thresholds": "{}"}


def small(recipe: str) -> Recognizer:
    """Make a small recogniser by a recipe, with statistics of batches as after some training."""
    torch.manual_seed(0)
    sizes = {"scale": 0.5} if recipe == "bc-resnet" else {"hidden_size": 8, "channels": 4}
    recognizer = Recognizer(vary(RECIPES[recipe], seconds=0.1, **sizes))
    with torch.no_grad():
        recognizer.train()(0.1 * torch.randn(8, recognizer.config.corpus.samples))
    recognizer.temperature.fill_(1.25)
    return recognizer.eval()


def sounds(count: int, samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Make clips of noise that differ in length and loudness."""
    sizes = np.linspace(samples, 700, count).astype(int)
    clips = [
        to_float(torch.from_numpy(noise(size, seed))) / (1 + 40 * seed) for seed, size in enumerate(sizes)
    ]
    return pad_clips(clips, samples)


def simple_file(path: Path, metadata: dict[str, str]) -> Path:
    """Write a network that another program could have made."""
    shape: list[str | int | None] = ["batch", 8]
    x, y = (onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, shape) for n in ("x", "y"))
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "relu", [x], [y])
    model = onnx.helper.make_model(
        graph, ir_version=10, opset_imports=[onnx.helper.make_opsetid("", 20)], producer_name="other"
    )
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_model_answers_as_in_pytorch(recipe: str, tmp_path: Path) -> None:
    recognizer, path = small(recipe), tmp_path / "it.onnx"
    convert(recognizer, METADATA, path)
    check(recognizer, path)
    waveforms, lengths = sounds(19, recognizer.config.corpus.samples)
    with torch.inference_mode():
        expected = recognizer(waveforms, lengths)
    found = OnnxRecognizer(path)(waveforms, lengths)
    assert expected.std(dim=0).max() > 3e-4
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_the_file_tells_what_it_is(run: Path, exported: Path) -> None:
    found, recognizer = OnnxRecognizer(exported), load(run)
    assert found.classes == WORDS
    assert (found.sample_rate, found.samples) == (16_000, 16_000)
    assert found.thresholds == dict.fromkeys(WORDS, 0.7) == recognizer.thresholds
    assert float(found.metadata["temperature"]) == recognizer.temperature.item() != 1
    assert json.loads(found.metadata["scores"])["validation"] == {"accuracy": Run(run).validation_accuracy}
    assert found.metadata["licence"] == "CC0, by nobody"
    assert not list(exported.parent.glob("*.part"))


def test_probabilities_are_calibrated_and_lengths_count(run: Path, exported: Path) -> None:
    waveforms, lengths = sounds(3, 16_000)
    session = OnnxRecognizer(exported)._session
    fed = {"waveforms": waveforms.numpy(), "lengths": lengths.numpy()}
    found = session.run(["probabilities"], fed)[0]
    for row, length, waveform in zip(found, lengths, waveforms, strict=True):
        expected = load(run).predict(waveform[:length])
        np.testing.assert_allclose(row, list(expected.probabilities.values()), atol=1e-5)


def test_thresholds_and_scores_go_along(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_recordings: Path
) -> None:
    own = Run(shutil.copytree(run, tmp_path / "run"))
    (own.folder / "thresholds.json").write_text('{"low": 0.75}')
    scores = own.evaluate("validation", shared_recordings)
    monkeypatch.setattr("wordspot.deploy.export.convert", lambda _, told, path: simple_file(path, told))
    monkeypatch.setattr("wordspot.deploy.export.check", lambda *_: None)
    path = export_onnx(own, tmp_path / "new folder" / "it.onnx")
    told = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(told["thresholds"]) == {"low": 0.75} == load(own).thresholds
    assert json.loads(told["scores"])["validation"]["accuracy"] == scores.accuracy
    assert told["licence"] == ""


def test_the_licence_of_a_pretrained_recogniser_is_that_of_its_card() -> None:
    assert "CC BY 4.0" in Run("wordspot").licence
    assert "#" not in Run("wordspot").licence


def test_a_file_that_answers_otherwise_is_refused(run: Path, exported: Path) -> None:
    recognizer = load(run)
    check(recognizer, exported)
    with torch.no_grad():
        recognizer.model.head.bias[1] += 2e-3
    with pytest.raises(WordspotError, match=r"logits differ from PyTorch by 0\.00\d+, over 0\.0001") as error:
        check(recognizer, exported)
    assert_one_line(error.value)


def test_a_file_with_a_fixed_batch_is_refused(run: Path, exported: Path, tmp_path: Path) -> None:
    model = onnx.load(exported)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    onnx.save(model, tmp_path / "fixed.onnx")
    with pytest.raises(WordspotError, match="waveforms came out with the shape") as error:
        check(load(run), tmp_path / "fixed.onnx")
    assert_one_line(error.value)


def test_nothing_is_written_where_the_check_fails(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordspot.deploy.export.convert", lambda _, told, path: simple_file(path, told))
    with pytest.raises(KeyError):  # whose inputs have other names
        export_onnx(run, tmp_path / "it.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_cannot_be_converted_says_why(tiny: RunConfig, tmp_path: Path) -> None:
    recognizer = Recognizer(tiny).eval()
    recognizer.model.head.forward = lambda x: x.new_tensor(np.sort(x.numpy()))  # type: ignore[method-assign, assignment]
    with pytest.raises(WordspotError, match=r"this model \(recurrent\) can't be converted to ONNX") as error:
        convert(recognizer, {}, tmp_path / "it.onnx")
    assert_one_line(error.value)


@pytest.mark.parametrize("lacking", METADATA)
def test_metadata_that_are_missing(lacking: str, tmp_path: Path) -> None:
    there = {name: value for name, value in METADATA.items() if name != lacking}
    with pytest.raises(WordspotError, match=f"its metadata lack '{lacking}'") as error:
        OnnxRecognizer(simple_file(tmp_path / "it.onnx", there))
    assert_one_line(error.value)


def test_files_of_other_programs(tmp_path: Path) -> None:
    other = simple_file(tmp_path / "other.onnx", METADATA)
    sound = write_samples(tmp_path / "sound.wav", [1, 2, 3]).rename(tmp_path / "sound.onnx")
    for path, reason in ((other, "takes x instead of"), (sound, "not an ONNX file that can be run")):
        with pytest.raises(WordspotError, match=reason) as error:
            OnnxRecognizer(path)
        assert_one_line(error.value)
    with pytest.raises(UsageError, match="no such file"):
        OnnxRecognizer(tmp_path / "absent.onnx")


def test_without_onnxruntime(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(WordspotError, match="need the extra onnx") as error:
        export_onnx(run, tmp_path / "it.onnx")
    assert_one_line(error.value)
