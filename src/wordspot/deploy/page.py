"""A web page that listens: static files with which a browser runs a recogniser."""

import json
import shutil
import tarfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from wordspot.audio.features import QUIET_RMS
from wordspot.config import SILENCE, UNKNOWN
from wordspot.deploy.export import export_onnx
from wordspot.deploy.npm import Package
from wordspot.deploy.onnx_file import OnnxRecognizer
from wordspot.deploy.settings import THRESHOLD, Detection
from wordspot.errors import UsageError
from wordspot.files import atomic_folder, output_folder, write_json
from wordspot.runs.run import Run

RUNTIME = Package(
    "onnxruntime-web",
    "1.30.0",
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
)
"""What runs ONNX files in a browser."""
RUNTIME_FILES = {
    "ort.js": "package/dist/ort.wasm.bundle.min.mjs",  # not every web server knows the ending .mjs
    "ort.wasm": "package/dist/ort-wasm-simd-threaded.wasm",
}
"""Files of a page by their place in the archive of the runtime."""
MODEL, ABOUT = "model.onnx", "page.json"


def write_page(run: Run | Path | str, out: Path | str) -> Path:
    """Write a folder of static files in which a browser runs a recogniser, and give its path.

    `run` is a run or its folder, the name of a pretrained recogniser, or a file of `export_onnx`. The folder
    may be put on any web server. A page that is there is replaced. Raises UsageError for a folder that holds
    anything else, and WordspotError where the recogniser can't be exported or the runtime can't be fetched.
    """
    folder = Path(out)
    check_is_page(folder)
    output_folder(folder.parent)
    exported = None if isinstance(run, Run) or not str(run).endswith(".onnx") else OnnxRecognizer(run)
    run = run if exported else Run(run)
    archive = RUNTIME.fetch()
    with atomic_folder(folder) as part:
        if exported:
            shutil.copyfile(exported.path, part / MODEL)
        else:
            export_onnx(run, part / MODEL)
        write_json(part / ABOUT, describe(exported or OnnxRecognizer(part / MODEL)))
        with as_file(files("wordspot.deploy") / "browser") as pages:
            shutil.copytree(pages, part, dirs_exist_ok=True)
        unpack(archive, part)
    return folder


def check_is_page(folder: Path) -> None:
    """Raise UsageError where a folder holds anything that is not part of a page."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder}: is a file: name a folder with --out")
    known = {MODEL, ABOUT, *RUNTIME_FILES}
    known |= {file.name for file in (files("wordspot.deploy") / "browser").iterdir()}
    others = sorted(path.name for path in folder.iterdir() if path.name not in known)
    if others:
        raise UsageError(f"{folder}: holds {others[0]}, which is not of a page: choose another --out")


def unpack(archive: Path, folder: Path) -> None:
    """Copy the files of the runtime out of its archive."""
    with tarfile.open(archive) as packed:
        for name, place in RUNTIME_FILES.items():
            source = packed.extractfile(place)
            assert source is not None
            with source, (folder / name).open("wb") as copy:
                shutil.copyfileobj(source, copy)


def describe(recognizer: OnnxRecognizer) -> dict[str, Any]:
    """Give what the page must know of a recogniser, and how words are found in a stream by default."""
    settings = Detection()
    scores = json.loads(recognizer.metadata.get("scores", "{}"))
    return {
        "classes": recognizer.classes,
        "words": [name for name in recognizer.classes if name not in (UNKNOWN, SILENCE)],
        "sampleRate": recognizer.sample_rate,
        "samples": recognizer.samples,
        "thresholds": recognizer.thresholds,
        "threshold": THRESHOLD,
        "stepMs": settings.step_ms,
        "smoothing": settings.smoothing,
        "refractoryMs": settings.refractory_ms,
        "quietRms": QUIET_RMS,
        "accuracy": scores.get("validation", {}).get("accuracy"),
        "licence": recognizer.metadata.get("licence", ""),
    }
