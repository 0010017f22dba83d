"""The tables of docs/levers.md are those of the measurements that the project keeps."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.ensembles import ensembles, together
from benchmarks.levers import BASE, NAMES, TAUGHT, recognised, settings, to_markdown, with_start

from tests.conftest import WORDS
from tests.evaluation.test_seed_groups import group
from wordspot.config import vary
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.evaluation.evaluate import evaluate
from wordspot.evaluation.robustness import robustness
from wordspot.evaluation.tables import percent
from wordspot.files import read_json
from wordspot.recipes import recipe
from wordspot.runs.run import Run

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "levers.md").read_text(encoding="utf-8")
LSTM = ("40 epochs", "hidden size 128", "learning rate 0.004", "hop 10 ms", "PCEN", "13 MFCC", "80 mel bands")
"""Changes of the controlled LSTM on the page, as the study calls them; the rows begin with that."""
AUGMENTATIONS = (
    *("background noise", "speed perturbation", "frequency mask", "pitch shift"),
    *("microphone", "mixup", "room", "time stretch"),
)
KEPT = {path.stem: read_json(path) for path in sorted((PROJECT / "reports" / "levers").iterdir())}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_the_tables_of_changes_are_on_the_page(kept: dict[str, Any]) -> None:
    assert to_markdown(kept["levers"]) in PAGE
    assert f"{kept['clips']:,} clips of {kept['speakers']} speakers" in " ".join(PAGE.split())


def test_what_is_not_measured_is_named() -> None:
    unmeasured = set(NAMES) - {row["lever"] for kept in KEPT.values() for row in kept["levers"]}
    part = " ".join(PAGE[PAGE.index("## Not measured") :].split())
    assert part.count("(`") == len(unmeasured)
    assert all(f"(`{name}`)" in part for name in unmeasured)


def test_the_readme_tells_what_synthetic_clips_gave() -> None:
    recipe_alone, with_them = (
        next(row["clean"]["accuracy"] for row in KEPT["last-epoch"]["levers"] if row["lever"] == lever)
        for lever in (BASE, "synthetic clips")
    )
    readme = " ".join((PROJECT / "README.md").read_text(encoding="utf-8").split())
    told = f"{100 * with_them:.1f} instead of {percent(recipe_alone)} ([docs/levers.md]"
    assert told in readme


def test_the_table_of_ensembles_is_on_the_page() -> None:
    assert ensembles(PROJECT / "reports" / "family", "testing").to_markdown() in PAGE


@pytest.mark.parametrize("lever", NAMES)
def test_every_change_is_one_of_the_recipe(lever: str) -> None:
    base = recipe("wordspot")
    changed = settings(lever, 0, Path("out"), ("all", "words"))
    assert (vary(base, **changed) == base) == (lever in (BASE, "pretrained"))


def test_a_run_starts_from_one_with_its_features() -> None:
    base = recipe("wordspot", words=WORDS)
    assert with_start(base, ["lstm", "wordspot"]) == vary(base, initial="wordspot")
    with pytest.raises(UsageError, match="no run with a hop of 10 ms is named"):
        with_start(vary(base, hop_ms=10.0), ["lstm", "wordspot"])


def test_a_network_is_taught_by_runs_of_its_own_fold() -> None:
    assert settings(TAUGHT, 3, Path("out"), ()) == {
        "teachers": ("out/recipe/fold-3", "out/seed-1/fold-3", "out/seed-2/fold-3")
    }


def test_clips_of_other_words_are_not_counted(
    tiny_run: Path, shared_recordings: Path, tmp_path: Path
) -> None:
    run = Run(shutil.copytree(tiny_run, tmp_path / "run"))
    corpus = open_corpus(shared_recordings, run.config.corpus)
    evaluate(run, corpus, "validation")
    robustness(run, corpus, "validation")
    every, some = recognised([run], WORDS), recognised([run], WORDS[:2])
    assert len(every) == 18
    assert len(some) == 12
    assert {Path(path).parent.name for path in some["path"]} == set(WORDS[:2])
    assert some.equals(every[every["path"].isin(some["path"])].reset_index(drop=True))


def test_a_table_by_hand() -> None:
    rows = [
        {"lever": "recipe", "clean": {"accuracy": 0.98}, "0 dB SNR": {"accuracy": 0.9}},
        {
            "lever": "wider",
            "clean": {"accuracy": 0.985, "difference": 0.005, "low": -0.001, "high": 0.011, "p": 0.1},
            "0 dB SNR": {"accuracy": 0.89, "difference": -0.01, "low": -0.02, "high": 0.0, "p": 0.05},
        },
    ]
    assert to_markdown(rows).splitlines()[2:] == [
        "| recipe | 98.0 % | - | 90.0 % | - |",
        "| wider | 98.5 % | +0.5 (-0.1 to +1.1) | 89.0 % | -1.0 (-2.0 to +0.0) |",
    ]


def test_two_runs_together_take_the_mean_of_their_probabilities() -> None:
    """Each is wrong once, and sure only where it is right."""
    both = group("a", [[True, False], [False, True]])
    probabilities = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.4, 0.6], [0.9, 0.1]]])
    evaluations = [
        replace(one, predictions=one.predictions.assign(**{"p(low)": p[:, 0], "p(high)": p[:, 1]}))
        for one, p in zip(both.evaluations, probabilities, strict=True)
    ]
    assert both.right.mean() == 0.5
    assert together(replace(both, evaluations=evaluations)) == 1.0
    unsure = replace(evaluations[1], predictions=evaluations[0].predictions)
    assert together(replace(both, evaluations=[evaluations[0], unsure])) == 0.5


def test_the_rows_about_lstm_are_those_of_the_kept_study() -> None:
    """Accuracy on clean clips and at 0 dB, and the difference on clean clips with its interval."""
    summary = (PROJECT / "reports" / "summary.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in summary.splitlines()]
    noise = {row[0]: (row[1], row[5]) for row in rows if len(row) == 8 and row[1].endswith("%")}
    gains = {row[0]: f"{row[2]} ({row[3]})" for row in rows if len(row) > 4 and row[1] == "recipe"}
    part = PAGE[PAGE.index("## The same changes on `lstm`") :]
    for name in (*LSTM, *AUGMENTATIONS):
        line = next(line for line in part.splitlines() if line.startswith(f"| {name} "))
        told = line.strip("| ").split(" | ")
        assert (told[1], told[-1]) == noise[name], name
        assert name in AUGMENTATIONS or told[2] == gains[name]
