"""Clips and their parts: which recording is of which word, by whom, and for what."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from wordspot.config import UNKNOWN, CorpusConfig
from wordspot.errors import UsageError, WordspotError

Split = Literal["training", "validation", "testing"]
SPLITS: tuple[Split, ...] = ("training", "validation", "testing")


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of one word, or one cut of background noise."""

    path: str
    """Path inside the corpus, with forward slashes."""
    word: str
    speaker: str
    split: Split
    start: int = 0
    """First sample in the file, over 0 only for cuts of noise."""
    stop: int | None = None
    """Sample in the file to stop before, the end where None."""
    gain: float = 1.0
    """Factor on the samples: under 1 only for cuts of noise."""


ADDED = "_synthetic_/"
"""How the paths of synthetic clips begin that are added to recorded ones."""


@dataclass(frozen=True)
class Index:
    """All clips of a corpus under its folder `root`."""

    root: Path
    clips: list[Clip]
    noises: list[Path]
    """Recordings of background noise."""
    synthetic: bool = False
    """Whether the corpus is synthetic speech."""
    added: Path | None = None
    """Folder of the synthetic clips that are added."""

    @property
    def words(self) -> list[str]:
        """The words of the corpus, sorted."""
        return sorted({clip.word for clip in self.clips})

    def file(self, clip: Clip) -> Path:
        """Find the file of a clip."""
        if self.added and clip.path.startswith(ADDED):
            return self.added / clip.path.removeprefix(ADDED)
        return self.root / clip.path

    def path_of(self, file: Path) -> str:
        """Give the path that a file has inside the corpus."""
        if self.added and file.is_relative_to(self.added):
            return ADDED + file.relative_to(self.added).as_posix()
        return file.relative_to(self.root).as_posix()


def assert_speakers_apart(clips: Sequence[Clip]) -> None:
    """Raise WordspotError where a speaker stands in two parts: a test of that speaker would say too much."""
    first: dict[str, Clip] = {}
    for clip in clips:
        other = first.setdefault(clip.speaker, clip)
        if other.split != clip.split:
            raise WordspotError(
                f"speaker {clip.speaker} stands in two parts: {other.path} is {other.split}, {clip.path} is "
                f"{clip.split}: list each speaker's files in one part only"
            )


def choose(index: Index, config: CorpusConfig) -> list[Clip]:
    """Keep the clips of the chosen words, and as `_unknown_` a share of the others where asked.

    The unknown clips of a part are as many as a chosen word has there on average (the data set's 12-class
    task has them at the same share), and those whose paths have the lowest SHA-1: the same ones each time.
    Raises UsageError for a word that the corpus doesn't have.
    """
    missing = [word for word in config.words if word not in index.words]
    if missing:
        raise UsageError(
            f"words: {', '.join(missing)} not in {index.root}, which has {', '.join(index.words)}: "
            "name words of these with --words"
        )
    chosen = [clip for clip in index.clips if clip.word in config.words]
    if not config.unknown:
        return chosen
    others: dict[Split, list[Clip]] = defaultdict(list)
    for clip in index.clips:
        if clip.word not in config.words:
            others[clip.split].append(clip)
    for split, clips in others.items():
        clips.sort(key=lambda clip: hashlib.sha1(clip.path.encode()).digest())
        chosen += [replace(clip, word=UNKNOWN) for clip in clips[: mean_per_word(chosen, split, config)]]
    return chosen


def mean_per_word(clips: Sequence[Clip], split: Split, config: CorpusConfig) -> int:
    """Count the clips that a chosen word has on average in one part, rounded up."""
    known = sum(clip.split == split and clip.word in config.words for clip in clips)
    return math.ceil(known / len(config.words))


def assert_every_class(
    clips: Sequence[tuple[str, str]], config: CorpusConfig, parts: Sequence[Split] = SPLITS
) -> None:
    """Raise WordspotError where one of the classes has no clip in one of the parts.

    `clips` are pairs of word and part.
    """
    there = set(clips)
    for split in parts:
        empty = [word for word in config.classes if (word, split) not in there]
        if empty:
            raise WordspotError(
                f"no clips of {', '.join(empty)} in the {split} part: it takes more speakers of each word "
                "(of synthetic speech more --clips), or other words, chosen with --words"
            )
