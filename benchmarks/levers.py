"""What each change of a recipe gives, by cross-validation over the speakers of training and validation.

python benchmarks/levers.py --data D --out levers

Leaves the runs and levers.json in the folder; a second call goes on where the first one stopped.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordspot.config import COMMANDS, FOLDS, RunConfig, Runtime, vary
from wordspot.device import computing
from wordspot.evaluation.differences import differences
from wordspot.evaluation.evaluate import evaluate
from wordspot.evaluation.seed_groups import by_clip
from wordspot.recipes import recipe
from wordspot.runs.run import Run
from wordspot.training.parallel import open_once, processes, train_all

BASE = "recipe"
LEVERS: dict[str, dict[str, Any]] = {
    BASE: {},
    "twice the epochs": {"epochs": 50, "patience": 50},
    "speed by up to 20 %": {"speed_perturb": 0.2},
    "pitch shift": {"pitch_shift_p": 0.5},
    "time stretch": {"time_stretch_p": 0.5},
    "rooms": {"room_p": 0.5},
    "microphones": {"microphone_p": 0.5},
    "rooms and microphones": {"room_p": 0.3, "microphone_p": 0.3},
    "weight averaging": {"weight_average": 0.999},
    "wider": {"channels": 32, "hidden_size": 128},
    "64 mel bands": {"n_mels": 64},
    "hop 10 ms": {"hop_ms": 10.0},
    "PCEN": {"transform": "pcen"},
    "no mixup": {"mixup_p": 0.0},
    "no label smoothing": {"label_smoothing": 0.0},
    "synthetic clips": {"synthetic": 400},
}
"""Settings that differ from the recipe's, by what they are called."""


def predictions(runs: list[Run]) -> pd.DataFrame:
    """Give the predictions of the runs of all folds on their validation clips, one row for each clip."""
    return pd.concat([by_clip(run.evaluation("validation").predictions) for run in runs], ignore_index=True)


def right(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which clips were recognised, [1, N]."""
    return np.array([table["word"] == table["predicted"]])


def compare(runs: Mapping[str, list[Run]]) -> list[dict[str, Any]]:
    """Give the accuracy with each lever, and how much more it is than the recipe's."""
    tables = {name: predictions(those) for name, those in runs.items()}
    others = [name for name in tables if name != BASE]
    base = tables[BASE]
    found = differences(
        [right(base), *(right(tables[name]) for name in others)],
        np.array(base["speaker"], dtype=str),
        [(number, 0) for number in range(1, len(others) + 1)],
    )
    rows: list[dict[str, Any]] = [{"lever": BASE, "accuracy": float(right(base).mean())}]
    for name, difference in zip(others, found, strict=True):
        assert tables[name]["path"].equals(base["path"])
        low, high = difference.interval
        rows.append(
            {
                "lever": name,
                "accuracy": float(right(tables[name]).mean()),
                "difference": difference.difference,
                "low": low,
                "high": high,
                "p": difference.p_value,
            }
        )
    return rows


def main() -> None:
    """Train the runs that are missing, and compare those of all folds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--words", nargs="+", default=COMMANDS)
    parser.add_argument("--recipe", default="wordspot")
    parser.add_argument("--levers", nargs="+", default=list(LEVERS), choices=list(LEVERS))
    parser.add_argument("--folds", type=int, default=FOLDS, help="of five, the first so many")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    words, runtime = tuple(asked.words), Runtime(device=asked.device)
    levers = [BASE, *(name for name in asked.levers if name != BASE)]

    def config(lever: str, fold: int) -> RunConfig:
        return vary(recipe(asked.recipe), words=words, fold=fold, **LEVERS[lever])

    places = {
        (lever, fold): asked.out / lever.replace(" ", "-") / f"fold-{fold}"
        for fold in range(asked.folds)
        for lever in levers
    }
    wanted = [(config(*place), folder) for place, folder in places.items()]
    with computing(runtime), processes(asked.jobs) as pool:
        for run in train_all(wanted, asked.data, runtime, pool):
            if not run.is_evaluated("validation"):
                corpus = open_once(asked.data, run.config.corpus, runtime)
                evaluate(run, corpus, "validation", runtime)
            print(f"{run}: {run.validation_accuracy:.2%}", flush=True)
    runs = {lever: [Run(places[lever, fold]) for fold in range(asked.folds)] for lever in levers}
    rows = compare(runs)
    for row in rows:
        gain = "{difference:+.2%} ({low:+.2%} to {high:+.2%})".format(**row) if "p" in row else ""
        print(f"{row['lever']:24} {row['accuracy']:.2%} {gain}")
    kept = {"recipe": asked.recipe, "folds": asked.folds, "levers": rows}
    (asked.out / "levers.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
