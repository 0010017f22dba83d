"""Why are clips missed? Hypotheses, each tested by a number: how frequent a trait is among the mistakes.

A trait that has nothing to do with mistakes is as frequent among them as among all clips. The difference of
the two shares has a 95 % interval by a bootstrap over speakers. Each interval is by itself: of twenty traits
without meaning, one is expected to look as if it had some.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError
from wordspot.evaluation.intervals import wider, wilson
from wordspot.evaluation.seed_groups import SeedGroup, by_clip
from wordspot.evaluation.tables import Table, number, percent, percent_interval, point_interval
from wordspot.figures import titled
from wordspot.inspection.clip_quality import frame_levels_db, level_db, quality_issues
from wordspot.layout import Split
from wordspot.runs.evaluation import Interval

SHARED_VOWEL = ("go", "no", "down")
"""Words that end in the same vowel, or in the same second half of one."""
TENTH = 0.1
"""The softest and the noisiest clips are this part of all."""
FEW = 0.75
"""A word has few training clips where it has fewer than this part of the mean of all words."""
RESAMPLES = 10_000

PerClip = NDArray[np.float64]


@dataclass(frozen=True)
class HypothesisTest:
    """How frequent a trait is among mistakes, and how frequent it would be if it did not matter."""

    hypothesis: str
    """What may explain mistakes, in a few words."""
    trait: str
    """What is counted among the mistakes."""
    mistakes: float
    """Missed clips, mean of the runs."""
    share: float
    """Of the mistakes, those with the trait."""
    interval: Interval
    """95 % interval of that share."""
    expected: float
    """That share if the trait did not matter: for a trait of clips, its share among all of them."""
    difference: float
    """`share` less `expected`."""
    difference_interval: Interval
    """95 % interval of the difference."""

    @property
    def supported(self) -> bool:
        """Whether the trait is more frequent among mistakes than chance explains."""
        return self.difference_interval[0] > 0


def hypothesis_tests(
    group: SeedGroup, corpus: Corpus | None = None, split: Split = "testing"
) -> list[HypothesisTest]:
    """Test what may explain the mistakes of a model, over its runs; an empty list where there are none.

    Without the clips themselves, the `split` of a `corpus` on which the model was evaluated, only the shared
    vowel and the speakers can be tested. A hypothesis that the words or the clips leave no room for is left
    out. Raises UsageError for predictions of other clips.
    """
    wrong = ~group.right  # (R, N)
    if not wrong.any():
        return []
    missed: PerClip = wrong.mean(axis=0)  # (N,)
    found = vowel_test(group)
    if corpus is not None:
        clips = clip_traits(corpus, split)
        places = ["path", "start"]
        if not clips[places].equals(group.evaluations[0].predictions[places]):
            raise UsageError(f"{corpus.data}: not the clips that {group.name} was evaluated on: name those")
        softest = (clips["level_db"] <= clips["level_db"].quantile(TENTH)).to_numpy()
        noisiest = (clips["range_db"] <= clips["range_db"].quantile(TENTH)).to_numpy()
        traits = {
            "cut ends": ("the word is cut off at the start or the end", clips["cut"].to_numpy()),
            "soft speech": ("among the softest tenth of the clips", softest),
            "noise": ("among the tenth with the least range from soft to loud", noisiest),
        }
        few = clips["training_clips"] < FEW * mean_training_clips(corpus)
        if few.any():
            words = ", ".join(sorted(set(clips["word"][few])))
            traits["few training clips"] = (f"a word with few training clips ({words})", few.to_numpy())
        found += [clip_test(name, trait, missed, has, group) for name, (trait, has) in traits.items()]
    others = np.mean([wrong_elsewhere(run, group.speakers) for run in wrong], axis=0)
    both = np.mean([run * wrong_elsewhere(run, group.speakers) for run in wrong], axis=0)
    found.append(
        _test(
            "one speaker's habit",
            "another clip of the same speaker is missed too",
            (both, missed),
            (others, np.ones(len(missed))),
            group,
        )
    )
    return found


def clip_traits(corpus: Corpus, split: Split) -> pd.DataFrame:
    """Measure the clips of a split, in the order of predictions that are sorted by path and start.

    Gives path, start, word; `level_db`, root mean square in decibels of full scale; `range_db`, from the soft
    to the loud frames; `cut`, whether the word is cut off; `training_clips`, those of its word.
    """
    table, rows = corpus.table(split), corpus.rows(split)
    sounds = [
        np.array(corpus.store.samples[row, :length])
        for row, length in zip(rows, table["length"], strict=True)
    ]
    rate = corpus.config.sample_rate
    table = table[["path", "start", "word"]].assign(
        level_db=[level_db(sound) for sound in sounds],
        range_db=[range_db(sound, rate) for sound in sounds],
        cut=[any("cut off" in issue for issue in quality_issues(sound, rate)) for sound in sounds],
        training_clips=table["word"].map(corpus.table("training")["word"].value_counts()).fillna(0),
    )
    return by_clip(table)


def range_db(sound: NDArray[np.int16], sample_rate: int) -> float:
    """Difference in decibels of loud and soft frames of samples [length]: small for a word in noise."""
    low, high = np.percentile(frame_levels_db(sound, sample_rate), [10, 95]) if len(sound) else (0.0, 0.0)
    return float(high - low)


def mean_training_clips(corpus: Corpus) -> float:
    """Count the training clips of a class, on average."""
    return len(corpus.rows("training")) / len(corpus.config.classes)


def wrong_elsewhere(wrong: NDArray[np.bool_], speakers: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Tell for each clip [N] whether another clip of its speaker is wrong.

    >>> wrong_elsewhere(np.array([True, False, True]), np.array(["a", "a", "b"])).tolist()
    [False, True, False]
    """
    _, speaker = np.unique(speakers, return_inverse=True)
    return np.asarray(np.bincount(speaker, wrong)[speaker] - wrong > 0)


def vowel_test(group: SeedGroup, alike: Sequence[str] = SHARED_VOWEL) -> list[HypothesisTest]:
    """Test whether words that share a vowel are mistaken for each other; empty where the words don't tell.

    It is expected that wrong answers are spread evenly over the other words.
    """
    tables = [one.predictions for one in group.evaluations]
    words = [scores.word for scores in group.evaluations[0].words]
    there = [word for word in words if word in alike]
    said = tables[0]["word"].isin(there).to_numpy()  # (N,)
    missed: PerClip = (~group.right).mean(axis=0) * said  # of these words alone
    if len(there) < 2 or len(there) == len(words) or not missed.any():
        return []
    answered = np.array([table["predicted"].isin(there) for table in tables])  # (R, N)
    among: PerClip = (~group.right & answered & said).mean(axis=0)
    by_chance = (len(there) - 1) / (len(words) - 1)
    trait = f"{', '.join(there)} recognised as another of them"
    return [_test("shared vowel", trait, (among, missed), (missed * by_chance, missed), group)]


def clip_test(
    hypothesis: str, trait: str, missed: PerClip, has: NDArray[np.bool_], group: SeedGroup
) -> HypothesisTest:
    """Test a trait that clips [N] have or not; `missed` is the fraction of runs that miss each."""
    return _test(hypothesis, trait, (missed * has, missed), (has.astype(float), np.ones(len(has))), group)


def _test(
    hypothesis: str,
    trait: str,
    among_mistakes: tuple[PerClip, PerClip],
    by_chance: tuple[PerClip, PerClip],
    group: SeedGroup,
) -> HypothesisTest:
    """Compare two shares, each given per clip [N] as what it counts and what it is a share of."""
    parts = np.array([*among_mistakes, *by_chance])  # (4, N)
    counted, mistakes, _, _ = whole = parts.sum(axis=1)
    share, expected = shares(whole)
    _, speaker = np.unique(group.speakers, return_inverse=True)
    of_speakers = np.array([np.bincount(speaker, part) for part in parts])  # (4, K)
    K = of_speakers.shape[1]
    times = np.random.default_rng(0).multinomial(K, np.full(K, 1 / K), size=RESAMPLES)  # (resamples, K)
    drawn = shares(of_speakers @ times.T)  # (2, resamples)
    drawn = drawn[:, np.isfinite(drawn).all(axis=0)]  # without draws of speakers who have no mistake
    low, high = np.percentile([drawn[0], drawn[0] - drawn[1]], [2.5, 97.5], axis=1)
    # The bootstrap has no width where few mistakes all agree.
    clips = max(round(mistakes), 1)
    by_clips = wilson(min(round(counted), clips), clips)
    return HypothesisTest(
        hypothesis,
        trait,
        float(mistakes),
        float(share),
        wider((float(low[0]), float(high[0])), by_clips),
        float(expected),
        float(share - expected),
        wider(
            (float(low[1]), float(high[1])), (by_clips[0] - float(expected), by_clips[1] - float(expected))
        ),
    )


def shares(parts: PerClip) -> PerClip:
    """Divide the first of four rows by the second, and the third by the fourth: [4, ...] to [2, ...]."""
    with np.errstate(invalid="ignore"):
        return np.asarray(parts[::2] / parts[1::2])


def hypotheses_table(tests: Sequence[HypothesisTest], group: SeedGroup) -> Table:
    """Table the tests of a model's mistakes."""
    rows = [
        [
            test.hypothesis,
            test.trait,
            number(test.mistakes),
            percent(test.share),
            percent_interval(test.interval),
            percent(test.expected),
            f"{100 * test.difference:+.1f}",
            point_interval(test.difference_interval),
        ]
        for test in tests
    ]
    columns = [
        "hypothesis",
        "trait",
        "mistakes",
        "share",
        "95 % interval",
        "expected",
        "points",
        "95 % interval",
    ]
    title = (
        f"Mistakes of {group.name}: the share with a trait, that expected if the trait did not matter, and "
        "the difference in points (bootstrap over speakers, each interval by itself)"
    )
    return Table(titled(title, group), columns, rows, left=(0, 1))
