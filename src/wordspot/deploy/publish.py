"""The best recognisers of a study as folders of their own, each with a model card."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from wordspot.analysis.comparison import Comparison, Contender
from wordspot.analysis.evaluate import Evaluation
from wordspot.analysis.results import read_results
from wordspot.config import RunConfig
from wordspot.errors import UsageError
from wordspot.figures import SYNTHETIC
from wordspot.files import output_folder, whole_folder, write_text
from wordspot.models.recognizer import CONFIG, WEIGHTS, read_config
from wordspot.study.findings import added, interval, listed, percent
from wordspot.study.study import read_study
from wordspot.study.summary import markdown
from wordspot.training.metrics import best_epoch, read_metrics


@dataclass(frozen=True)
class Published:
    """A run that is chosen by validation, and what its card tells."""

    one: Contender
    run: Path
    config: RunConfig
    made_of: dict[str, Any]
    evaluation: Evaluation
    """Of the test part, by this run alone."""


def publish(study: Path | str, out: Path | str, *, corpus: str, licence: str) -> list[Path]:
    """Copy the best model of a study and the best that reads forward alone to folders in `out`.

    "Best" is by validation, of the models and then of a model's runs. A folder has the model's name and holds
    weights, config and a card (README.md); `corpus` names the recordings, `licence` theirs and whom to
    credit. Gives the folders, one where both are the same model. Raises UsageError where the folder holds no
    study with the family.
    """
    folder = Path(study)
    results = read_study(folder)
    if "family" not in results:
        raise UsageError(f"{folder}: no family to choose from: run `wordspot study` with that experiment")
    family = results["family"].comparison
    found = [choose_run(folder, one) for one in family.contenders]
    forward = [one for one in found if not one.config.model.bidirectional]
    chosen = [max(some, key=lambda one: one.one.validation_accuracy) for some in (found, forward) if some]
    places = []
    for published in {one.one.name: one for one in chosen}.values():
        place = output_folder(Path(out)) / published.one.name
        with whole_folder(place) as part:
            for name in (CONFIG, WEIGHTS):
                shutil.copy(published.run / name, part / name)
            write_text(part / "README.md", card(published, family, corpus=corpus, licence=licence))
        places.append(place)
    return places


def choose_run(study: Path, one: Contender) -> Published:
    """Choose the run of a model that has the highest validation accuracy."""
    run = max((study / "family" / name for name in one.runs), key=validation_accuracy)
    config, made_of = read_config(run)
    scores, _ = read_results(run, "testing")
    return Published(one, run, config, made_of, TypeAdapter(Evaluation).validate_python(scores))


def validation_accuracy(run: Path) -> float:
    """Give the accuracy of a run's best epoch on the validation part."""
    metrics = read_metrics(run)
    return float(metrics[best_epoch(metrics) - 1]["validation_accuracy"])


def card(published: Published, family: Comparison, *, corpus: str, licence: str) -> str:
    """Write the model card in Markdown; every number comes from the study."""
    one, config, scores = published.one, published.config, published.evaluation
    data = published.made_of["data"]
    spoken = f" ({SYNTHETIC})" if family.synthetic else ""
    words = listed([word.word for word in scores.words])
    weak = min(scores.words, key=lambda word: word.f1)
    of_runs = f"mean of {len(one.runs)} runs" if len(one.runs) > 1 else "one run"
    lines = [
        f"# {one.name}: {len(config.corpus.classes)} spoken words",
        f"Hears {config.corpus.seconds:g} s of sound at {config.corpus.rate_hz:,} Hz, mono, and names one of "
        f"the words {words}.",
        f"    wordspot predict clip.wav --run {one.name}",
        "## Model",
        f"{one.parameters:,} weights, {one.macs / 1e6:.1f} million multiply-adds a clip; "
        f"{reading(config)} `config.json` holds every setting.",
        "## Data",
        f"{corpus}{spoken}: {data['clips']['training']:,} training clips of {data['speakers']['training']:,} "
        f"speakers, {data['clips']['validation']:,} validation clips of {data['speakers']['validation']:,}, "
        f"{scores.clips:,} test clips of {scores.speakers:,}"
        f"{added(one.synthetic_clips_added)}; no speaker stands in two parts. {licence}",
        "## Scores",
        markdown(
            pd.DataFrame([score_row(f"these weights{spoken}", scores), score_row(f"{of_runs}{spoken}", one)])
        ),
        f"Model and run were chosen by validation accuracy ({percent(one.validation_accuracy)}, the mean of "
        "the model's runs); the test part was not used for that. The interval redraws speakers.",
        *noise_lines(one, family),
        "## Limits",
        *unheard(config),
        f'- The weakest word is "{weak.word}", with an F1 of {weak.f1:.3f} in {weak.clips} clips.',
        f"- The mean expected calibration error is {one.calibration_error:.3f}: that far, on average, is a "
        "probability from the share of right answers.",
        "- Other microphones, rooms, accents and ages than those of the recordings are untested.",
    ]
    return "\n\n".join(lines).replace("\n\n- ", "\n- ") + "\n"


def score_row(name: str, scores: Evaluation | Contender) -> dict[str, str]:
    """Give a row of the card's table of scores."""
    return {
        "test part": name,
        "accuracy": percent(scores.accuracy),
        "95 % interval": interval(scores.interval),
        "macro F1": f"{scores.macro_f1:.3f}",
    }


def unheard(config: RunConfig) -> list[str]:
    """Say what the recogniser has no answer for."""
    missing = [
        name
        for name, there in (("another word", config.corpus.unknown), ("silence", config.corpus.silence))
        if not there
    ]
    return [f"- There is no answer for {' or '.join(missing)}: it gives a word."] if missing else []


def reading(config: RunConfig) -> str:
    """Say whether a model can follow running sound."""
    if config.model.bidirectional:
        return "it reads a clip in both directions, so it needs the whole clip."
    return "it reads a clip forward alone, so it can follow running sound."


def noise_lines(one: Contender, family: Comparison) -> list[str]:
    """Tell the accuracy in noise, where the study measured it."""
    if not family.noise:
        return []
    told = listed([f"{percent(share)} at {ratio} dB" for ratio, share in one.noise.items()])
    return [f"With {family.noise}, the mean of the runs is {told}."]
