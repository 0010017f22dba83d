"""The index of a corpus: which file is which word, by which speaker, in which split."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wordspot.config import UNKNOWN, CorpusConfig
from wordspot.errors import UsageError, WordspotError
from wordspot.layout import SPLITS, Split, split_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of one word, or one crop of background noise."""

    path: str
    """Path inside the corpus, with forward slashes."""
    word: str
    speaker: str
    split: Split
    start: int = 0
    """First sample in the file; over 0 only for crops of noise."""
    stop: int | None = None
    """Sample in the file to stop before; None for the end."""
    gain: float = 1.0
    """Factor on the samples; under 1 only for crops of noise."""


ADDED = "_synthetic_/"
"""Prefix of the paths of synthetic clips that are added to recorded ones."""
OTHER_WORDS = f"{ADDED}_other_words_/"
"""Prefix of the paths of those of other words."""


@dataclass(frozen=True)
class Index:
    """All clips of a corpus in its folder `root`."""

    root: Path
    clips: list[Clip]
    noises: list[Path]
    """Recordings of background noise."""
    synthetic: bool = False
    """Whether the whole corpus is synthetic speech."""
    added: Path | None = None
    """Folder of added synthetic clips of the words."""
    other_words: Path | None = None
    """Folder of added synthetic clips of other words."""
    layout: str = ""
    """How the files were understood: where words, speakers and splits come from."""
    nameless: frozenset[str] = frozenset()
    """Paths of clips whose speaker nothing names."""

    @property
    def words(self) -> list[str]:
        """The words of the corpus, sorted."""
        return sorted({clip.word for clip in self.clips})

    def file(self, clip: Clip) -> str:
        """Give the path of a clip's file, as text: 100,000 paths would take a second."""
        if self.other_words and clip.path.startswith(OTHER_WORDS):
            return f"{self.other_words}/{clip.path.removeprefix(OTHER_WORDS)}"
        if self.added and clip.path.startswith(ADDED):
            return f"{self.added}/{clip.path.removeprefix(ADDED)}"
        return f"{self.root}/{clip.path}"

    def path_of(self, file: Path) -> str:
        """Give the path of a file inside the corpus."""
        if self.added and file.is_relative_to(self.added):
            return ADDED + file.relative_to(self.added).as_posix()
        return file.relative_to(self.root).as_posix()


def is_added(table: "pd.DataFrame") -> "pd.Series[bool]":
    """Tell which clips of a table are synthetic ones added to recorded ones."""
    return table["path"].str.startswith(ADDED)


def fill_splits(clips: Sequence[Clip]) -> list[Clip]:
    """Take the splits that a corpus leaves out from its training split, by the rule of Speech Commands."""
    given = {clip.split for clip in clips}
    return [fill_split(clip, given) for clip in clips]


def fill_split(clip: Clip, given: set[Split]) -> Clip:
    """Put a training clip into the split that the rule says, where no clip is given that one."""
    if clip.split == "training" and (by_rule := split_of(clip.speaker)) not in given:
        return replace(clip, split=by_rule)
    return clip


def assert_speakers_apart(clips: Iterable[Clip]) -> None:
    """Raise WordspotError where a speaker is in two splits, so that test speakers were heard in training."""
    first: dict[str, Clip] = {}
    for clip in clips:
        other = first.setdefault(clip.speaker, clip)
        if other.split != clip.split:
            raise WordspotError(
                f"speaker {clip.speaker} is in two splits: {other.path} in {other.split}, {clip.path} in "
                f"{clip.split}: put all files of a speaker into one split"
            )


def choose(index: Index, config: CorpusConfig) -> list[Clip]:
    """Keep the clips of the chosen words, and with `config.unknown` some of the others as `_unknown_`.

    A split gets as many unknown clips as a chosen word has there on average, as in the 12-class task of the
    data set, or in training `config.unknown_ratio` times as many: those with the lowest SHA-1 of the path, so
    always the same. Raises UsageError for a word that
    the corpus does not have, and where `config.unknown` finds no other words.
    """
    there = index.words
    missing = [word for word in config.words if word not in there]
    if missing:
        raise UsageError(
            f"words: {', '.join(missing)} not in {index.root}, which has {', '.join(there)}: "
            "name other words with --words, or other clips with --data"
        )
    chosen = [clip for clip in index.clips if clip.word in config.words]
    if not config.unknown:
        return chosen
    if set(there) <= set(config.words):
        raise UsageError(
            f"unknown: {index.root} has no words beside {', '.join(config.words)}: leave out --unknown, or "
            "add folders of other words"
        )
    others: dict[Split, list[Clip]] = defaultdict(list)
    for clip in index.clips:
        if clip.word not in config.words:
            others[clip.split].append(clip)
    for split, clips in others.items():
        clips.sort(key=lambda clip: hashlib.sha1(clip.path.encode()).digest())
        ratio = config.unknown_ratio if split == "training" else 1.0
        count = math.ceil(ratio * mean_per_word(chosen, split, config))
        chosen += [replace(clip, word=UNKNOWN) for clip in clips[:count]]
    return chosen


def mean_per_word(clips: Sequence[Clip], split: Split, config: CorpusConfig) -> int:
    """Count the clips of a chosen word in a split, on average, rounded up."""
    known = sum(clip.split == split and clip.word in config.words for clip in clips)
    return math.ceil(known / len(config.words))


def assert_every_class(
    clips: Iterable[tuple[str, str]], config: CorpusConfig, splits: Sequence[Split] = SPLITS
) -> None:
    """Raise WordspotError where a class has no clip in one of the splits.

    `clips` are pairs of word and split.
    """
    there = set(clips)
    for split in splits:
        empty = [word for word in config.classes if (word, split) not in there]
        if empty:
            raise WordspotError(
                f"no clips of {', '.join(empty)} in the {split} split: add speakers of each word (for "
                "synthetic speech: more --clips), or choose other words with --words"
            )
