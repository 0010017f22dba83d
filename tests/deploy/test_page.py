"""The folder of a page: what the browser is told of the recogniser."""

import json
from pathlib import Path

from tests.conftest import WORDS
from tests.helpers import fetched, files_of
from wordspot.deploy.onnx_file import OnnxRecognizer
from wordspot.deploy.page import RUNTIME, write_page
from wordspot.runs.run import Run


def test_a_page_says_what_its_recogniser_is(page: Path, exported: Path) -> None:
    assert (page / "model.onnx").read_bytes() == exported.read_bytes()
    about = json.loads((page / "page.json").read_text())
    recognizer = OnnxRecognizer(exported)
    assert about["classes"] == about["words"] == list(recognizer.classes) == list(WORDS)
    assert (about["sampleRate"], about["samples"]) == (16_000, 16_000)
    assert about["thresholds"] == dict.fromkeys(WORDS, 0.7)
    assert (about["stepMs"], about["smoothing"], about["refractoryMs"]) == (100, 3, 500)
    assert about["licence"] == "CC0, by nobody"
    assert {"index.html", "app.js", "ort.js", "ort.wasm"} <= files_of(page).keys()


def test_a_run_is_exported(run: Path, tmp_path: Path) -> None:
    fetched(RUNTIME)
    folder = write_page(Run(run), tmp_path / "new" / "page")
    assert OnnxRecognizer(folder / "model.onnx").classes == WORDS
    assert json.loads((folder / "page.json").read_text())["accuracy"] == Run(run).validation_accuracy
