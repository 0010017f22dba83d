"""What evaluated runs left in their folders, gathered by model: runs that differ in nothing but the seed."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordspot.config import RunConfig
from wordspot.corpus.index import Split
from wordspot.errors import UsageError
from wordspot.models.recognizer import read_config

SEED = re.compile(r"[-_.]?(seed)?[-_.]?\d+$")
"""The end of a run's name that tells it from the others of its model."""


@dataclass(frozen=True)
class Group:
    """The runs of one model, each with another seed, on the same clips."""

    name: str
    runs: list[Path]
    evaluations: list[dict[str, Any]]
    """As `evaluate` wrote them."""
    outcomes: list[pd.DataFrame]
    """What each run recognised: a row for each clip."""

    @property
    def synthetic(self) -> bool:
        """Whether the clips are synthetic speech."""
        return any(one.get("synthetic", False) for one in self.evaluations)

    @property
    def speakers(self) -> NDArray[np.str_]:
        """Who says each clip, [N]."""
        return np.array(self.outcomes[0]["speaker"], dtype=str)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which clips each run recognised, [R, N]."""
        return np.array([outcome["word"] == outcome["predicted"] for outcome in self.outcomes])

    @property
    def right_share(self) -> NDArray[np.float64]:
        """Share of the runs that recognised each clip, [N]."""
        return np.asarray(self.right.mean(axis=0), dtype=np.float64)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Probability of the word that each run recognised, [R, N]."""
        return np.array([outcome.filter(regex=r"^p\(").max(axis=1) for outcome in self.outcomes])

    @property
    def confusion(self) -> NDArray[np.float64]:
        """Clips said as a word (rows) and recognised as one (columns), the mean of the runs, [C, C]."""
        return np.asarray(np.mean([one["confusion"] for one in self.evaluations], axis=0))


def gather(runs: Sequence[Path], split: Split) -> list[Group]:
    """Gather evaluated runs by model, in the order of each one's first.

    Raises UsageError for a run that is named twice, not evaluated on that part, or of other clips or words.
    """
    if len(set(runs)) < len(runs):
        raise UsageError("compare: a run is named twice")
    configs: dict[RunConfig, list[Path]] = {}
    seeds: dict[RunConfig, Path] = {}
    for run in runs:
        config, _ = read_config(run)
        if config in seeds:
            raise UsageError(f"compare: {run} and {seeds[config]} are of one config and seed: leave one out")
        seeds[config] = run
        seedless = replace(config, training=replace(config.training, seed=0))
        configs.setdefault(seedless, []).append(run)
    names = group_names(list(configs.values()))
    groups = [read_group(name, members, split) for name, members in zip(names, configs.values(), strict=True)]
    heard = {
        (one["fingerprint"], *(scores["word"] for scores in one["words"]))
        for group in groups
        for one in group.evaluations
    }
    if len(heard) > 1:
        raise UsageError(
            "compare: the runs are of other clips or words than each other: train them on the same"
        )
    return groups


def read_group(name: str, runs: Sequence[Path], split: Split) -> Group:
    """Read the results of the runs of one model. Raises UsageError for one without them."""
    evaluations, outcomes = zip(*(read_results(run, split) for run in runs), strict=True)
    return Group(name, list(runs), list(evaluations), list(outcomes))


def read_results(run: Path, split: Split) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read the scores of a run on a part, and what it recognised: a row for each clip.

    Raises UsageError where it wasn't evaluated on that part.
    """
    try:
        scores = json.loads((run / f"evaluation-{split}.json").read_text(encoding="utf-8"))
        return scores, pd.read_csv(run / f"predictions-{split}.csv", keep_default_na=False)
    except OSError:
        raise UsageError(
            f"{run}: not evaluated on the {split} part: run `wordspot evaluate {run} --split {split}`"
        ) from None


def group_names(groups: Sequence[Sequence[Path]]) -> list[str]:
    """Name each group of runs, by the whole path of its first where a shorter name isn't one.

    >>> group_names([[Path("a/rnn")], [Path("a/lstm-0"), Path("a/lstm-1")]])
    ['rnn', 'lstm']
    >>> group_names([[Path("rnn/seed-0"), Path("rnn/seed-1")], [Path("lstm/seed-0")]])
    ['rnn', 'lstm']
    >>> group_names([[Path("a/rnn")], [Path("b/rnn")]])
    ['a/rnn', 'b/rnn']
    """
    names = [group_name(runs) for runs in groups]
    return names if len(set(names)) == len(names) else [runs[0].as_posix() for runs in groups]


def group_name(runs: Sequence[Path]) -> str:
    """Name the runs of one model by what their folders share."""
    stem = SEED.sub("", runs[0].name)
    if not stem:
        return runs[0].parent.name
    return stem if len(runs) > 1 else runs[0].name
