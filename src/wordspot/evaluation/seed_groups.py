"""Evaluated runs, grouped by model: runs in a group differ in the seed only."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordspot.config import RunConfig
from wordspot.errors import UsageError
from wordspot.runs.evaluation import Evaluation
from wordspot.runs.run import Run

SEED = re.compile(r"[-_.]?(seed)?[-_.]?\d+$")
"""The end of a run's name that tells it from other seeds of its model."""


@dataclass(frozen=True)
class SeedGroup:
    """The runs of one model with different seeds, evaluated on the same clips."""

    name: str
    runs: list[Run]
    evaluations: list[Evaluation]
    """Of each run, with the predictions in one order of the clips."""

    @property
    def synthetic(self) -> bool:
        """Whether the clips are synthetic speech."""
        return any(one.synthetic for one in self.evaluations)

    @property
    def speakers(self) -> NDArray[np.str_]:
        """Speaker of each clip, [N]."""
        return np.array(self.evaluations[0].predictions["speaker"], dtype=str)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which clips each run recognised, [R, N]."""
        tables = [one.predictions for one in self.evaluations]
        return np.array([table["word"] == table["predicted"] for table in tables])

    @property
    def right_share(self) -> NDArray[np.float64]:
        """Fraction of the runs that recognised each clip, [N]."""
        return np.asarray(self.right.mean(axis=0), dtype=np.float64)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Probability of the word that each run predicted, [R, N]."""
        return np.array([one.predictions.filter(regex=r"^p\(").max(axis=1) for one in self.evaluations])

    @property
    def confusion(self) -> NDArray[np.float64]:
        """Clips of each word said (rows) and recognised (columns), the mean of the runs, [C, C]."""
        return np.asarray(np.mean([one.confusion for one in self.evaluations], axis=0))


def group_by_seed(runs: Sequence[Run], evaluation_of: Callable[[Run], Evaluation]) -> list[SeedGroup]:
    """Group runs by model, in the order of each model's first run.

    Raises UsageError for a run that is named twice, and for runs on different clips or words.
    """
    configs: dict[RunConfig, list[Run]] = {}
    seeds: dict[RunConfig, Run] = {}
    for run in runs:
        if run.config in seeds:
            raise UsageError(
                f"compare: {run} and {seeds[run.config]} have the same config and seed: leave one out"
            )
        seeds[run.config] = run
        seedless = replace(run.config, training=replace(run.config.training, seed=0))
        configs.setdefault(seedless, []).append(run)
    names = group_names([[Path(run.name) for run in members] for members in configs.values()])
    groups = [
        SeedGroup(name, members, [in_order(evaluation_of(run)) for run in members])
        for name, members in zip(names, configs.values(), strict=True)
    ]
    assert_same_clips(groups)
    return groups


def in_order(evaluation: Evaluation) -> Evaluation:
    """Sort the predictions by path and start, so that those of two runs are paired by their clips."""
    return replace(evaluation, predictions=by_clip(evaluation.predictions))


def by_clip(table: pd.DataFrame) -> pd.DataFrame:
    """Sort a table with a row for each clip by path and start."""
    return table.sort_values(["path", "start"], ignore_index=True)


def assert_same_clips(groups: Sequence[SeedGroup]) -> None:
    """Raise UsageError where two runs were not evaluated on the same clips and words."""
    runs = [pair for group in groups for pair in zip(group.runs, group.evaluations, strict=True)]
    for (first, one), (run, other) in pairwise(runs):
        words = [[scores.word for scores in of.words] for of in (one, other)]
        if one.fingerprint != other.fingerprint or words[0] != words[1]:
            raise UsageError("compare: the runs were evaluated on different clips or words")
        clips = [of.predictions[["path", "start", "speaker", "word"]] for of in (one, other)]
        if not clips[0].equals(clips[1]):
            raise UsageError(
                f"compare: the predictions of {run} are not of the clips of {first}: evaluate both again"
            )


def read_group(name: str, folders: Sequence[Path | Run], split: str) -> SeedGroup:
    """Read the evaluated runs of one model. Raises UsageError for one that is not evaluated."""
    runs = [Run(folder) for folder in folders]
    group = SeedGroup(name, runs, [in_order(run.evaluation(split)) for run in runs])
    assert_same_clips([group])
    return group


def group_names(groups: Sequence[Sequence[Path]]) -> list[str]:
    """Name each group of runs, by the path of its first run where short names are not unique.

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
    """Name the runs of one model by the common part of their folder names."""
    stem = SEED.sub("", runs[0].name)
    if not stem:
        return runs[0].parent.name
    return stem if len(runs) > 1 else runs[0].name
