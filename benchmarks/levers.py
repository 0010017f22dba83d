"""What each change of a recipe gives, by cross-validation over the speakers of training and validation.

    python -m benchmarks.levers --data D --out levers

Leaves the runs and levers.json in the folder; a second call goes on where the first one stopped. Every run
keeps the weights of its last epoch, so that the clips that are scored choose nothing. The lever "pretrained"
starts from a run that --pretrained names.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from wordspot.config import COMMANDS, FOLDS, RunConfig, Runtime, vary
from wordspot.corpus.index import Index
from wordspot.corpus.sources import find_index
from wordspot.device import computing
from wordspot.errors import UsageError
from wordspot.evaluation.differences import differences
from wordspot.evaluation.evaluate import evaluate
from wordspot.evaluation.robustness import kept_robustness, robustness
from wordspot.evaluation.seed_groups import by_clip
from wordspot.evaluation.tables import Table, percent, point_interval
from wordspot.files import write_json
from wordspot.layout import SPLITS
from wordspot.recipes import recipe
from wordspot.runs.run import Run
from wordspot.training.parallel import open_once, processes, train_all

BASE = "recipe"
CLEAN, NOISY = "clean", "0 dB SNR"
TOGETHER = {
    "epochs": 60,
    "patience": 60,
    "channels": 32,
    "hidden_size": 128,
    "weight_average": 0.999,
    "room_p": 0.3,
    "microphone_p": 0.3,
}
LEVERS: dict[str, dict[str, Any]] = {
    BASE: {},
    "twice the epochs": {"epochs": 60, "patience": 60},
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
    "seed 1": {"seed": 1},
    "seed 2": {"seed": 2},
    "together": TOGETHER,
    "together, hop 10 ms": TOGETHER | {"hop_ms": 10.0},
    "rooms, hop 10 ms": {"room_p": 0.5, "hop_ms": 10.0},
    "pretrained": {},
    "pretrained, hop 10 ms": {"hop_ms": 10.0},
}
"""Settings that differ from the recipe's, by what they are called."""
TAUGHT, SEEDS = "taught by three seeds", (BASE, "seed 1", "seed 2")
"""Distillation, and the levers whose runs teach."""
PRETRAINED = ("pretrained", "pretrained, hop 10 ms")
"""Levers that start from a run of other words with the same features."""
OTHER_WORDS = "other words as classes"
NAMES = [*LEVERS, TAUGHT, OTHER_WORDS]


def place(out: Path, lever: str, fold: int) -> Path:
    """Give the folder of the run of a lever in a fold."""
    return out / lever.replace(" ", "-") / f"fold-{fold}"


def words_of_all_splits(index: Index) -> tuple[str, ...]:
    """Name the words that have clips in every split, sorted."""
    has = {(clip.word, clip.split) for clip in index.clips}
    return tuple(word for word in index.words if all((word, split) in has for split in SPLITS))


def settings(lever: str, fold: int, out: Path, words: tuple[str, ...]) -> dict[str, Any]:
    """Give the settings of a lever; `words` are those of the corpus."""
    if lever == TAUGHT:
        return {"teachers": tuple(str(place(out, seed, fold)) for seed in SEEDS)}
    return {"words": words} if lever == OTHER_WORDS else LEVERS[lever]


def with_start(config: RunConfig, pretrained: Sequence[str]) -> RunConfig:
    """Let a run start from the first of those that have its features. Raises UsageError where none has."""
    for name in pretrained:
        if Run(name).config.features == config.features:
            return vary(config, initial=name)
    raise UsageError(f"--pretrained: no run with a hop of {config.features.hop_ms:g} ms is named")


def recognised(runs: list[Run], words: tuple[str, ...]) -> pd.DataFrame:
    """Tell which validation clips of `words` the runs of all folds recognise, a row for each clip."""
    tables = []
    for run in runs:
        heard = by_clip(run.evaluation("validation").predictions)
        noisy = kept_robustness(run, "validation", heard[["path", "start"]])
        assert noisy is not None
        heard[CLEAN], heard[NOISY] = heard["word"] == heard["predicted"], by_clip(noisy)[NOISY]
        ours = heard["word"].isin(words)
        tables.append(heard.loc[ours, ["path", "start", "speaker", CLEAN, NOISY]])
    return pd.concat(tables, ignore_index=True)


def compare(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Give the accuracy with each lever, clean and in noise, and how much more it is than the first's."""
    names = list(tables)
    base = tables[names[0]]
    clips = ["path", "start"]
    assert all(table[clips].equals(base[clips]) for table in tables.values())
    speakers, pairs = np.array(base["speaker"], dtype=str), [(number, 0) for number in range(1, len(names))]
    rows: dict[str, dict[str, Any]] = {name: {"lever": name} for name in names}
    for condition in (CLEAN, NOISY):
        right = [np.array([table[condition]]) for table in tables.values()]  # [1, N] each
        for name, those in zip(names, right, strict=True):
            rows[name][condition] = {"accuracy": float(those.mean())}
        for name, one in zip(names[1:], differences(right, speakers, pairs), strict=True):
            low, high = one.interval
            rows[name][condition] |= {
                "difference": one.difference,
                "low": low,
                "high": high,
                "p": one.p_value,
            }
    return list(rows.values())


def to_markdown(levers: list[dict[str, Any]]) -> str:
    """Table what `compare` gives, in percent and points."""
    rows = [[row["lever"], *cells(row[CLEAN]), *cells(row[NOISY])] for row in levers]
    return Table("levers", ["change", CLEAN, "points", NOISY, "points"], rows).to_markdown()


def cells(of: dict[str, float]) -> tuple[str, str]:
    """Write an accuracy, and its difference to the recipe's with the interval."""
    if "difference" not in of:
        return percent(of["accuracy"]), "-"
    interval = point_interval((of["low"], of["high"]))
    return percent(of["accuracy"]), f"{100 * of['difference']:+.1f} ({interval})"


def main() -> None:
    """Train the runs that are missing, and compare those of all folds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--words", nargs="+", default=COMMANDS)
    parser.add_argument("--recipe", default="wordspot")
    parser.add_argument("--levers", nargs="+", default=NAMES, choices=NAMES)
    parser.add_argument("--pretrained", nargs="+", default=[], help="runs of other words to start from")
    parser.add_argument("--folds", type=int, nargs="+", choices=range(FOLDS), default=list(range(FOLDS)))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    words, every = tuple(asked.words), words_of_all_splits(find_index(asked.data, asked.words))
    runtime = Runtime(device=asked.device, precision="float32")
    levers = list(dict.fromkeys((*(SEEDS if TAUGHT in asked.levers else (BASE,)), *asked.levers)))

    def config(lever: str, fold: int) -> RunConfig:
        changed = settings(lever, fold, asked.out, every)
        varied = vary(recipe(asked.recipe), **{"words": words, "fold": fold, "keep": "last"} | changed)
        return with_start(varied, asked.pretrained) if lever in PRETRAINED else varied

    try:
        wanted = [
            (config(lever, fold), place(asked.out, lever, fold), lever == TAUGHT)
            for fold in asked.folds
            for lever in levers
        ]
    except UsageError as error:
        parser.error(str(error))
    with computing(runtime), processes(asked.jobs) as pool:
        for last in (False, True):  # those that are taught, when their teachers are trained
            some = [(config, folder) for config, folder, is_taught in wanted if is_taught == last]
            for run in train_all(some, asked.data, runtime, pool):
                corpus = open_once(asked.data, run.config.corpus, runtime)
                if not run.is_evaluated("validation"):
                    evaluate(run, corpus, "validation", runtime)
                robustness(run, corpus, "validation")
                print(f"{run}: {run.validation_accuracy:.2%}", flush=True)
    tables = {
        lever: recognised([Run(place(asked.out, lever, fold)) for fold in asked.folds], words)
        for lever in levers
    }
    kept = {
        "recipe": asked.recipe,
        "folds": asked.folds,
        "clips": len(tables[BASE]),
        "speakers": tables[BASE]["speaker"].nunique(),
        "levers": compare(tables),
    }
    print(to_markdown(kept["levers"]))
    write_json(asked.out / "levers.json", kept)


if __name__ == "__main__":
    main()
