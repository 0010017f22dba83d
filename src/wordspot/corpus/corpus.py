"""From the name of a corpus to its decoded clips: find, choose, check, decode."""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordspot.config import COMMANDS, CorpusConfig
from wordspot.corpus.audio import header
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import (
    ADDED,
    SPLITS,
    Index,
    Split,
    assert_every_class,
    assert_speakers_apart,
    choose,
)
from wordspot.corpus.noise import cut_silence
from wordspot.corpus.speech_commands import download, index_speech_commands, version_in
from wordspot.corpus.store import Store, cache_folder, open_store
from wordspot.corpus.synthetic.settings import CLIPS, Synthesis
from wordspot.corpus.synthetic.synthesize import cached
from wordspot.errors import ClipError, UsageError

SPEECH_COMMANDS = "speech-commands"
SYNTHETIC_SPEECH = "synthetic"
OTHERS = ("bed", "bird", "cat", "dog", "five", "happy", "house", "nine", "seven", "tree", "wow", "zero")
"""Words that synthetic speech has for the class of other words."""


@dataclass(frozen=True)
class Corpus:
    """The clips of an experiment, decoded."""

    config: CorpusConfig
    store: Store
    noises: list[Path]
    """Recordings of background noise."""
    synthetic: bool
    """Whether all of it is synthetic speech."""

    def is_synthetic(self, split: Split) -> bool:
        """Tell whether a part holds no recorded clip."""
        return self.synthetic or bool(is_added(self.table(split)).all())

    def fingerprint(self, split: Split) -> str:
        """Hash the table and the samples of one part: SHA-256, the same on every machine."""
        digest = hashlib.sha256(self.table(split).to_csv(index=False).encode())
        for row in self.rows(split):
            digest.update(self.store.samples[row].tobytes())
        return digest.hexdigest()

    def rows(self, split: Split) -> NDArray[np.int64]:
        """List the rows of one part in the store."""
        table, few = self.store.table, self.config.clips_per_word
        inside = table["split"] == split
        if split == "training" and few is not None:
            recorded = table[~is_added(table)]
            left_out = place_in_word(recorded).reindex(table.index, fill_value=-1) >= few
            inside &= ~left_out
        return np.flatnonzero(inside)

    def table(self, split: Split) -> pd.DataFrame:
        """Give the clips of one part, in the order of its batches."""
        return self.store.table.iloc[self.rows(split)].reset_index(drop=True)


def is_added(table: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which clips are synthetic ones that were added to recorded ones."""
    return table["path"].str.startswith(ADDED)


def place_in_word(table: pd.DataFrame) -> "pd.Series[int]":
    """Give each clip its place among those of its word and part, in an order that a hash draws."""
    names = table["path"] + ":" + table["start"].astype(str)
    hashes = names.map(lambda name: hashlib.sha1(name.encode()).hexdigest())
    return table.loc[hashes.sort_values().index].groupby(["split", "word"]).cumcount()


def usable(noises: list[Path]) -> list[Path]:
    """Leave out recordings of noise that can't be read, with a warning that names each."""
    kept = []
    for path in noises:
        try:
            header(path)
        except ClipError as error:
            warnings.warn(f"left out {error}", stacklevel=2)
        else:
            kept.append(path)
    return kept


def find_index(data: str | Path, words: Sequence[str] = COMMANDS, *, unknown: bool = False) -> Index:
    """Index a corpus by its folder, a torchaudio root or word folders, or by its name.

    `speech-commands` is downloaded once; `synthetic` says `words`, and others where `unknown`, once.
    """
    root = Path(data)
    if str(data) == SPEECH_COMMANDS:
        root = cache_folder() / SPEECH_COMMANDS
        if version_in(root) is None:
            download(root)
    if str(data) == SYNTHETIC_SPEECH:
        said = (*words, *(word for word in OTHERS if unknown and word not in words))
        return synthetic_index(said, CLIPS)
    version = version_in(root)
    return index_speech_commands(root, version) if version else index_folder(root)


def synthetic_index(words: Sequence[str], clips: int) -> Index:
    """Index synthetic speech of `words`, which is made on first use and kept in the cache folder."""
    index = index_folder(cached(words, cache_folder(), Synthesis(clips=clips)))
    return replace(index, clips=[clip for clip in index.clips if clip.word in words])


def add_synthetic(index: Index, config: CorpusConfig) -> Index:
    """Add synthetic clips of the chosen words to the training part.

    Where there are no recorded ones to validate by, a tenth of the synthetic speakers validate; where there
    is no recorded noise, there is that of the synthetic corpus. Raises UsageError where the corpus is
    synthetic itself.
    """
    if index.synthetic:
        raise UsageError(
            f"{index.root}: is synthetic speech, to which none is added: name recordings with --data"
        )
    made = synthetic_index(config.words, config.synthetic)
    validated = any(clip.split == "validation" and clip.word in config.words for clip in index.clips)
    added = [
        replace(
            clip,
            path=f"{ADDED}{clip.path}",
            split="validation" if clip.split == "validation" and not validated else "training",
        )
        for clip in made.clips
    ]
    noises = index.noises or made.noises
    return replace(index, clips=index.clips + added, noises=noises, added=made.root)


def open_corpus(
    data: str | Path,
    config: CorpusConfig,
    *,
    convert: bool = False,
    skip_bad: bool = False,
    parts: Sequence[Split] = SPLITS,
) -> Corpus:
    """Open the clips that `config` asks for; decoded on first use and kept in the cache folder.

    `parts` are those that are wanted, in which every class must have clips.

    Raises UsageError or WordspotError where the corpus isn't there, lacks a word, has a speaker in two parts,
    a class without clips in a part, or a clip that can't be used (unless `skip_bad` leaves it out).
    """
    index = find_index(data, config.words, unknown=config.unknown)
    if config.synthetic:
        index = add_synthetic(index, config)
    if skip_bad:
        index = replace(index, noises=usable(index.noises))
    clips = choose(index, config)
    if config.silence:
        clips += cut_silence(index, clips, config)
    assert_speakers_apart(clips)
    assert_every_class([(clip.word, clip.split) for clip in clips], config, parts)
    store = open_store(
        replace(index, clips=clips), config, cache_folder(), convert=convert, skip_bad=skip_bad
    )
    if store.skipped:
        more = ", ..." if len(store.skipped) > 5 else ""
        named = ", ".join(store.skipped[:5])
        warnings.warn(f"left out {len(store.skipped)} unusable clips: {named}{more}", stacklevel=2)
        assert_every_class(list(zip(store.table["word"], store.table["split"], strict=True)), config, parts)
    return Corpus(config, store, index.noises, index.synthetic)
