"""How often equal models are called different, how often intervals hold, and what differences are found.

    python benchmarks/verdicts.py --families 2000 --out reports/verdicts.json

Recognition is simulated with effects of speakers, clips, models on speakers, seeds, and seeds on speakers.
Their sizes give what the kept runs show on 1,601 test clips of 115 speakers (`effects_shown`): accuracies
near 95 %, standard deviations over seeds near 0.5 points, and differences whose standard error over speakers
is near 0.4 points.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from wordspot.evaluation.differences import differences
from wordspot.evaluation.statistics import mcnemar

CLIPS_OF_A_SPEAKER = 14
DRAWS = 999


@dataclass(frozen=True)
class Effects:
    """Standard deviations on the scale of log odds, and the mean."""

    mean: float = 8.5
    speaker: float = 2.5
    clip: float = 4.0
    model_by_speaker: float = 0.5
    seed: float = 0.25
    seed_by_speaker: float = 0.4


@dataclass(frozen=True)
class Case:
    """Models that are compared, each with as many runs."""

    models: int
    seeds: int
    speakers: int
    better_by: float = 0.0
    """Points by which the first model is better."""


@dataclass(frozen=True)
class Result:
    """What the families of a case gave; rates in percent."""

    case: Case
    families: int
    different: float
    """Families in which any two equal models are called different."""
    covered: float
    """Families in which every interval holds the true difference."""
    found: float
    """Pairs of the better model with another that are called different."""
    mcnemar: float
    """The same for McNemar's test of the first two models' first runs, not adjusted."""


def simulate(
    case: Case, effects: Effects, advantage: float, draw: np.random.Generator
) -> tuple[list[NDArray[np.bool_]], NDArray[np.int_]]:
    """Draw which clips each run of each model recognises, bool [seeds, N] each, and their speakers [N]."""
    clips = draw.geometric(1 / CLIPS_OF_A_SPEAKER, case.speakers)
    speaker = np.repeat(np.arange(case.speakers), clips)
    N = len(speaker)
    odds = effects.mean + effects.speaker * draw.standard_normal(case.speakers)[speaker]
    odds += effects.clip * draw.standard_normal(N)
    right = []
    for model in range(case.models):
        own = odds + effects.model_by_speaker * draw.standard_normal(case.speakers)[speaker]
        runs = []
        for _ in range(case.seeds):
            run = own + effects.seed * draw.standard_normal() + advantage * (model == 0)
            run += effects.seed_by_speaker * draw.standard_normal(case.speakers)[speaker]
            runs.append(run + draw.logistic(size=N) > 0)
        right.append(np.array(runs))
    return right, speaker


def advantage_for(better_by: float, effects: Effects) -> float:
    """Find the log odds that raise the accuracy by so many points."""
    if better_by == 0:
        return 0.0
    draw = np.random.default_rng(1)
    spread = np.sqrt(
        effects.speaker**2 + effects.clip**2 + effects.model_by_speaker**2 + effects.seed_by_speaker**2
    )
    odds = effects.mean + spread * draw.standard_normal(1_000_000) + draw.logistic(size=1_000_000)
    wanted = (odds > 0).mean() + better_by / 100
    return float(-np.quantile(odds, 1 - wanted))


def run_case(case: Case, families: int, effects: Effects | None = None) -> Result:
    """Simulate families of models, and test every pair in each."""
    # One run of a model is one network: equal networks don't differ by their seeds.
    effects = effects or Effects(seed=0.0 if case.seeds == 1 else Effects.seed)
    advantage = advantage_for(case.better_by, effects)
    pairs = list(combinations(range(case.models), 2))
    different = covered = found = by_mcnemar = 0.0
    for family in track(range(families), f"{case}", transient=True):
        right, speaker = simulate(case, effects, advantage, np.random.default_rng((7, family)))
        tests = differences(right, speaker.astype(str), pairs, DRAWS)
        truth = [case.better_by / 100 * (one == 0) for one, _ in pairs]
        different += any(t.p_value < 0.05 for t, true in zip(tests, truth, strict=True) if true == 0)
        covered += all(t.interval[0] <= true <= t.interval[1] for t, true in zip(tests, truth, strict=True))
        found += float(
            np.mean([t.p_value < 0.05 for t, (one, _) in zip(tests, pairs, strict=True) if one == 0])
        )
        by_mcnemar += mcnemar(right[0][0], right[1][0]) < 0.05
    rates = [round(float(100 * count / families), 1) for count in (different, covered, found, by_mcnemar)]
    return Result(case, families, *rates)


def effects_shown(families: int = 30) -> dict[str, float]:
    """Describe what the effects give, in points."""
    accuracies, over_seeds, errors = [], [], []
    for family in range(families):
        right, speaker = simulate(Case(8, 3, 115), Effects(), 0.0, np.random.default_rng((8, family)))
        accuracies.append(np.mean([runs.mean() for runs in right]))
        over_seeds.append(np.mean([runs.mean(axis=1).std(ddof=1) for runs in right]))
        for one, other in combinations(right, 2):
            apart = one.mean(axis=0) - other.mean(axis=0)
            influence = np.bincount(speaker, apart - apart.mean())
            errors.append(np.sqrt(np.square(influence).sum()) / len(speaker))
    return {
        "accuracy": round(100 * float(np.mean(accuracies)), 1),
        "std_over_seeds": round(100 * float(np.mean(over_seeds)), 2),
        "standard_error_of_a_difference": round(100 * float(np.mean(errors)), 2),
    }


CASES: Sequence[Case] = (
    Case(8, 3, 115),
    Case(8, 2, 115),
    Case(8, 1, 115),
    Case(2, 3, 115),
    Case(2, 2, 115),
    Case(2, 1, 115),
    Case(8, 3, 10),
    Case(8, 1, 10),
    Case(2, 3, 10),
    Case(8, 3, 115, better_by=1),
    Case(8, 3, 115, better_by=2),
    Case(2, 3, 115, better_by=1),
    Case(2, 3, 115, better_by=2),
    Case(2, 1, 115, better_by=1),
    Case(2, 1, 115, better_by=2),
)


def main() -> None:
    """Run every case, print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=2000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    results = []
    for case in CASES:
        results.append(run_case(case, asked.families))
        print(results[-1], flush=True)
    kept = {"effects_shown": effects_shown(), "results": [asdict(result) for result in results]}
    if asked.out:
        asked.out.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
