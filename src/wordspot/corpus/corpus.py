"""From the name of a corpus to its decoded clips: find, choose, check, decode."""

import hashlib
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordspot.config import CorpusConfig
from wordspot.corpus.audio import header
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import Index, Split, assert_every_class, assert_speakers_apart, choose
from wordspot.corpus.noise import cut_silence
from wordspot.corpus.speech_commands import download, index_speech_commands, version_in
from wordspot.corpus.store import Store, cache_folder, open_store
from wordspot.errors import ClipError

SPEECH_COMMANDS = "speech-commands"


@dataclass(frozen=True)
class Corpus:
    """The clips of an experiment, decoded."""

    config: CorpusConfig
    store: Store
    noises: list[Path]
    """Recordings of background noise."""

    def rows(self, split: Split) -> NDArray[np.int64]:
        """List the rows of one part in the store."""
        table, few = self.store.table, self.config.clips_per_word
        inside = table["split"] == split
        if split == "training" and few is not None:
            inside &= place_in_word(table) < few
        return np.flatnonzero(inside)

    def table(self, split: Split) -> pd.DataFrame:
        """Give the clips of one part, in the order of its batches."""
        return self.store.table.iloc[self.rows(split)].reset_index(drop=True)


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


def find_index(data: str | Path) -> Index:
    """Index a corpus: `speech-commands` (downloaded once), a torchaudio root, or a folder of word folders."""
    if str(data) == SPEECH_COMMANDS:
        root = cache_folder() / SPEECH_COMMANDS
        if version_in(root) is None:
            download(root)
    else:
        root = Path(data)
    version = version_in(root)
    return index_speech_commands(root, version) if version else index_folder(root)


def open_corpus(
    data: str | Path, config: CorpusConfig, *, convert: bool = False, skip_bad: bool = False
) -> Corpus:
    """Open the clips that `config` asks for; decoded on first use and kept in the cache folder.

    Raises UsageError or WordspotError where the corpus isn't there, lacks a word, has a speaker in two parts,
    a class without clips in a part, or a clip that can't be used (unless `skip_bad` leaves it out).
    """
    index = find_index(data)
    if skip_bad:
        index = replace(index, noises=usable(index.noises))
    clips = choose(index, config)
    if config.silence:
        clips += cut_silence(index, clips, config)
    assert_speakers_apart(clips)
    assert_every_class([(clip.word, clip.split) for clip in clips], config)
    store = open_store(index.root, clips, config, cache_folder(), convert=convert, skip_bad=skip_bad)
    if store.skipped:
        more = ", ..." if len(store.skipped) > 5 else ""
        named = ", ".join(store.skipped[:5])
        warnings.warn(f"left out {len(store.skipped)} unusable clips: {named}{more}", stacklevel=2)
        assert_every_class(list(zip(store.table["word"], store.table["split"], strict=True)), config)
    return Corpus(config, store, index.noises)
