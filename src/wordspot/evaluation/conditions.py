"""Which clips the runs of several models recognise in noise and when softer: measured, or as kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordspot.corpus.corpus import Corpus
from wordspot.evaluation.robustness import kept_robustness, noise_kind, robustness
from wordspot.evaluation.seed_groups import SeedGroup, by_clip
from wordspot.layout import Split

Right = NDArray[np.bool_]
"""Which clips each run of a model recognised, [R, N]."""
RightIn = dict[str, Right]
"""The same in each condition, by its name."""


@dataclass(frozen=True)
class Conditions:
    """What each of several models recognised in each condition."""

    noise: str
    """Kind of the noise."""
    recognised: list[RightIn]


def measured_conditions(groups: Sequence[SeedGroup], corpus: Corpus, split: Split) -> Conditions:
    """Measure what was not measured yet."""
    tables = [[robustness(run, corpus, split) for run in group.runs] for group in groups]
    return Conditions(noise_kind(corpus, split), [right_in(some) for some in tables])


def kept_conditions(groups: Sequence[SeedGroup], split: Split, noise: str) -> Conditions | None:
    """Read what was measured, without clips; None where something is missing."""
    recognised = []
    for group in groups:
        tables = [
            kept_robustness(run, split, one.predictions[["path", "start"]])
            for run, one in zip(group.runs, group.evaluations, strict=True)
        ]
        found = [table for table in tables if table is not None]
        if len(found) < len(tables):
            return None
        recognised.append(right_in(found))
    return Conditions(noise, recognised)


def right_in(tables: Sequence[pd.DataFrame]) -> RightIn:
    """Stack the tables of a model's runs, by the order of their clips."""
    tables = [by_clip(table) for table in tables]
    names = [name for name in tables[0].columns if name not in ("path", "start")]
    return {name: np.array([table[name] for table in tables], dtype=bool) for name in names}
