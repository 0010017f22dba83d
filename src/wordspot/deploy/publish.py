"""The best recognisers of a study as folders of their own, each with a model card."""

import shutil
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from wordspot.deploy.export import export_onnx
from wordspot.errors import UsageError
from wordspot.evaluation.compare import compare_groups
from wordspot.evaluation.comparison import ModelResult
from wordspot.evaluation.seed_groups import read_group
from wordspot.experiments.experiments import check_known
from wordspot.experiments.study import read_study
from wordspot.files import atomic_folder, output_folder, write_text
from wordspot.reporting.card_header import Credits
from wordspot.reporting.model_card import model_card
from wordspot.reporting.stream_table import read_stream_table
from wordspot.runs.run import CARD, CONFIG, METRICS, SPEAKERS, THRESHOLDS, WEIGHTS, Run
from wordspot.text import is_file_name, shown

ONNX = "model.onnx"


def publish(
    study: Path | str, out: Path | str, credits: Credits, models: Sequence[str] = (), *, onnx: bool = True
) -> list[Path]:
    """Copy the best model of a study, and the best that can run on streaming audio, to folders in `out`.

    Where `models` are named, copies these instead. "Best" is by validation accuracy, of the models and then
    of a model's runs. A folder has the model's name and holds weights, config, metrics, the speakers of
    training where the run lists them, an ONNX file unless `onnx` is off or the extra onnx is missing (a
    warning says so), and a card (README.md). Gives the folders, one where both are the same model. Raises
    UsageError where the folder holds no study with the family, or the family lacks a model that is named.
    """
    folder = Path(study)
    results = read_study(folder)
    if "family" not in results:
        raise UsageError(f"{folder}: no family to choose from: run `wordspot study` with that experiment")
    family = results["family"].comparison
    found = {one.name: (one, best_run(folder / "family", one)) for one in family.models}
    check_known("models", models, list(found))
    every = list(found.values())
    streaming = [(one, run) for one, run in every if run.config.model.streams]
    best = [max(some, key=lambda pair: pair[0].validation_accuracy) for some in (every, streaming) if some]
    chosen = [found[name] for name in models] or best
    onnx = onnx and can_export()
    places = {}
    for one, run in chosen:
        if one.name not in places:
            places[one.name] = output_folder(Path(out)) / one.name
            card = model_card(run, one, family, credits, named=bool(models), onnx=onnx)
            copy_run(run, places[one.name], card, onnx=onnx)
    return list(places.values())


def publish_run(
    run: Run | Path | str,
    out: Path | str,
    name: str,
    credits: Credits,
    *,
    stream: Path | None = None,
    onnx: bool = True,
) -> Path:
    """Copy one run, evaluated on the test split, to the folder `name` in `out`, as `publish` does.

    `stream` is the stream-testing.json of `evaluate-stream`, for the card. Raises UsageError where the run is
    not evaluated, `stream` is another file, or `name` can't be that of a folder.
    """
    run = Run(run)
    if not is_file_name(name):
        raise UsageError(f"name: {shown(name)!r} can't be the name of a folder")
    table = None if stream is None else read_stream_table(stream)
    alone = compare_groups([read_group(name, [run], "testing")], "testing")
    onnx = onnx and can_export()
    card = model_card(run, alone.models[0], alone, credits, onnx=onnx, stream=table)
    place = output_folder(Path(out)) / name
    copy_run(run, place, card, onnx=onnx)
    return place


def can_export() -> bool:
    """Tell whether the extra onnx is installed; warns where it is not."""
    missing = [name for name in ("onnx", "onnxruntime", "onnxscript") if find_spec(name) is None]
    if missing:
        warnings.warn(
            f"no ONNX file is written ({missing[0]} is missing): python -m pip install 'wordspot[onnx]'",
            stacklevel=3,
        )
    return not missing


def best_run(folder: Path, one: ModelResult) -> Run:
    """Choose the run of a model that has the highest validation accuracy."""
    return max((Run(folder / name) for name in one.runs), key=lambda run: run.validation_accuracy)


def copy_run(run: Run, place: Path, card: str, *, onnx: bool) -> None:
    """Copy what a recogniser needs from its run to a new folder, with its card and perhaps an ONNX file."""
    with atomic_folder(place) as part:
        for name in (CONFIG, METRICS, SPEAKERS, THRESHOLDS, WEIGHTS):
            if name not in (SPEAKERS, THRESHOLDS) or (run.folder / name).is_file():
                shutil.copy(run.folder / name, part / name)
        write_text(part / CARD, card)
        if onnx:
            export_onnx(run, part / ONNX, licence=Run(part).licence)
