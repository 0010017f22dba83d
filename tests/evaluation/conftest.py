"""What the tests of evaluation share: runs that may be written to, and a pretrained recogniser."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import WORDS
from tests.helpers import shared_run
from wordspot.config import RunConfig
from wordspot.evaluation.evaluate import evaluate
from wordspot.files import write_json
from wordspot.runs.run import Run, load


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> Path:
    """Give a copy of a trained run, which evaluation may write to."""
    return shutil.copytree(shared_run(tiny, shared_recordings), tmp_path / "run")


@pytest.fixture
def flawed(run: Path) -> Path:
    """Give a trained run that takes other words for "low" now and then."""
    recognizer = load(run)
    recognizer.state_dict()["model.head.bias"][0] += 1.4
    Run(run).write_weights(recognizer)
    return run


@pytest.fixture
def pretrained_run(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give the folder of the one pretrained recogniser that there is, by the name `tiny`."""
    folder = tmp_path / "pretrained" / "tiny"
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        shutil.copy(shared_run(tiny, shared_recordings) / name, folder)
    monkeypatch.setattr("wordspot.runs.run.PRETRAINED", folder.parent)
    return folder


@pytest.fixture
def evaluated(tiny: RunConfig, shared_recordings: Path) -> Path:
    """Give a run with its results on the testing split, that no test may change."""
    run = shared_recordings.parent / "evaluated"
    if not run.exists():
        shutil.copytree(shared_run(tiny, shared_recordings), run)
        evaluate(run, shared_recordings, "testing")
    return run


@pytest.fixture
def runs(evaluated: Path, tmp_path: Path) -> list[Path]:
    """Give two models of three seeds and of one; of the 18 test clips, the first six are of "high"."""
    return [
        *(copy_run(evaluated, tmp_path / f"good/seed-{seed}", seed, seed=seed) for seed in range(3)),
        copy_run(evaluated, tmp_path / "poor", 6, dropout=0.0),
    ]


def copy_run(run: Path, to: Path, wrong: int, **settings: object) -> Path:
    """Copy an evaluated run as that of another config, which takes its first `wrong` clips for "low"."""
    shutil.copytree(run, to)
    stored = json.loads((to / "config.json").read_text())
    for part in stored["config"].values():
        part.update({name: value for name, value in settings.items() if name in part})
    write_json(to / "config.json", stored)
    table = pd.read_csv(to / "predictions-testing.csv")
    table["predicted"] = table["word"]
    table.loc[table.index < wrong, "predicted"] = "low"
    table.to_csv(to / "predictions-testing.csv", index=False)
    scores = json.loads((to / "evaluation-testing.json").read_text())
    scores["accuracy"] = float((table["predicted"] == table["word"]).mean())
    scores["confusion"] = (
        pd.crosstab(table["word"], table["predicted"])
        .reindex(index=WORDS, columns=WORDS, fill_value=0)
        .to_numpy()
        .tolist()
    )
    write_json(to / "evaluation-testing.json", scores)
    return to
