"""A corpus: its files are found, chosen, checked and decoded; its splits give batches."""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, Sampler, SequentialSampler

from wordspot.config import SYNTHETIC, SYNTHETIC_OTHERS, UNKNOWN, CorpusConfig, Runtime, differences
from wordspot.corpus.dataset import LARGE_BATCH, Batch, ClipDataset, SharedBatches, leaves_out_last
from wordspot.corpus.folder import noises
from wordspot.corpus.folds import in_fold
from wordspot.corpus.index import Index, assert_every_class, assert_speakers_apart, choose, is_added
from wordspot.corpus.noise import cut_silence
from wordspot.corpus.shards import ABOUT, About, ShardBatches, Shards
from wordspot.corpus.sources import (
    SYNTHETIC_SPEECH,
    add_other_words,
    add_synthetic,
    find_index,
    refuse_more_speech,
    usable,
)
from wordspot.corpus.store import Store, open_store
from wordspot.errors import UsageError
from wordspot.files import cache_folder
from wordspot.layout import SPLITS, Split, check_split
from wordspot.share import ALONE, Share


@dataclass(frozen=True)
class Corpus:
    """The clips of an experiment, decoded."""

    data: str
    """Folder or name from which it was opened."""
    config: CorpusConfig
    runtime: Runtime
    """How its clips were read."""
    store: Store
    noises: list[Path]
    """Recordings of background noise."""
    synthetic: bool
    """Whether all of it is synthetic speech."""

    def is_synthetic(self, split: Split) -> bool:
        """Tell whether a split has no recorded clip."""
        return self.synthetic or bool(is_added(self.table(split)).all())

    def fingerprint(self, split: Split) -> str:
        """Hash the table and the samples of a split: SHA-256, the same on every machine."""
        digest = hashlib.sha256(self.table(split).to_csv(index=False).encode())
        for row in self.rows(split):
            digest.update(self.store.samples[row].tobytes())
        return digest.hexdigest()

    def rows(self, split: Split) -> NDArray[np.int64]:
        """List the rows of a split in the store."""
        check_split(split)
        table, few = self.store.table, self.config.clips_per_word
        inside = table["split"] == split
        if split == "training" and few is not None:
            recorded = table[~is_added(table)]
            left_out = place_in_word(recorded).reindex(table.index, fill_value=-1) >= few
            inside &= ~left_out
        return np.flatnonzero(inside)

    def table(self, split: Split) -> pd.DataFrame:
        """Give the clips of a split, in the order of its batches."""
        return self.store.table.iloc[self.rows(split)].reset_index(drop=True)

    @property
    def added_clips(self) -> int:
        """How many training clips are synthetic ones beside recorded ones."""
        return int(is_added(self.table("training")).sum())

    def count(self, split: Split) -> int:
        """Count the clips of a split."""
        return len(self.rows(split))

    def speakers(self, split: Split) -> list[str]:
        """Name the speakers of a split, sorted."""
        return sorted(set(self.table(split)["speaker"]))

    def dataset(self, split: Split, recorded_times: int = 1) -> ClipDataset:
        """Give the clips of a split, with recorded ones repeated where synthetic ones are added to them."""
        table, rows = self.store.table, self.rows(split)
        rows = np.repeat(rows, np.where(is_added(table.iloc[rows]), 1, recorded_times))
        label_of = {word: label for label, word in enumerate(self.config.classes)}
        labels = table["word"].map(label_of).to_numpy()
        return ClipDataset(self.store.samples, rows, table["length"].to_numpy(), labels)

    def loader(
        self,
        split: Split,
        batch_size: int | None = None,
        *,
        shuffle: bool | torch.Generator = False,
        share: Share = ALONE,
    ) -> DataLoader[Batch]:
        """Load a split in batches, in the store's order or shuffled, by a generator where one is given.

        Reading from the store is so fast that worker processes would slow it down. Shuffled, recorded clips
        are repeated as the config says, and a last batch that is too small is left out. Each process of
        several has its share of each batch.
        """
        batch_size = batch_size or LARGE_BATCH * share.processes
        clips = self.dataset(split, self.config.recorded_times if shuffle else 1)
        generator = shuffle if isinstance(shuffle, torch.Generator) else None
        order = RandomSampler(clips, generator=generator) if shuffle else SequentialSampler(clips)
        drop_last = bool(shuffle) and leaves_out_last(len(clips), batch_size, share)
        whole = BatchSampler(order, batch_size, drop_last)
        batches: Sampler[list[int]] = SharedBatches(whole, share) if share.processes > 1 else whole
        # Without a batch size of its own, the loader asks the dataset for the clips of a batch at once.
        return DataLoader(clips, batch_size=None, sampler=batches, generator=generator)


@dataclass(frozen=True)
class ShardedCorpus(Corpus):
    """A corpus whose training clips are in shards, as `wordspot pack` leaves them: read in their order alone.

    Its store has the clips of the other splits.
    """

    shards: Shards
    training_speakers: list[str]

    def is_synthetic(self, split: Split) -> bool:
        """Tell whether a split has no recorded clip."""
        return self.synthetic

    @property
    def added_clips(self) -> int:
        """How many training clips are synthetic ones beside recorded ones: none."""
        return 0

    def rows(self, split: Split) -> NDArray[np.int64]:
        """List the rows of a split in the store. Raises UsageError for the training split."""
        if split == "training":
            raise UsageError(
                f"{self.data}: training clips in shards are read in their order alone: name the corpus itself"
            )
        return super().rows(split)

    def table(self, split: Split) -> pd.DataFrame:
        """Give the clips of a split; those in shards take memory that grows with them."""
        return self.shards.table() if split == "training" else super().table(split)

    def count(self, split: Split) -> int:
        """Count the clips of a split."""
        return sum(self.shards.clips) if split == "training" else super().count(split)

    def speakers(self, split: Split) -> list[str]:
        """Name the speakers of a split, sorted."""
        return self.training_speakers if split == "training" else super().speakers(split)

    def loader(
        self,
        split: Split,
        batch_size: int | None = None,
        *,
        shuffle: bool | torch.Generator = False,
        share: Share = ALONE,
    ) -> DataLoader[Batch]:
        """Load a split in batches, as any corpus does; training clips are shuffled among a few shards."""
        if split != "training":
            return super().loader(split, batch_size, shuffle=shuffle, share=share)
        draw = torch.default_generator if shuffle is True else shuffle or None
        size = batch_size or LARGE_BATCH * share.processes
        return DataLoader(ShardBatches(self.shards, size, draw, share), batch_size=None, generator=draw)


def open_shards(folder: Path, config: CorpusConfig, runtime: Runtime) -> ShardedCorpus:
    """Open a folder of shards. Raises UsageError where they were packed with other settings."""
    about = About.read(folder)
    if not about.clips:
        raise UsageError(f"{folder}: not packed to the end: run `wordspot pack` again")
    if found := differences(about.corpus, config):
        raise UsageError(
            f"{folder}: packed with other settings ({'; '.join(found)}): give the same, or pack again"
        )
    shards = Shards(folder, about.clips, config)
    store = replace(shards.held_out, fingerprint=about.fingerprint, skipped=about.skipped)
    return ShardedCorpus(
        str(folder), config, runtime, store, noises(folder), about.synthetic, shards, about.speakers
    )


def place_in_word(table: pd.DataFrame) -> "pd.Series[int]":
    """Rank each clip among those of its word and split, in the order of a hash."""
    names = table["path"] + ":" + table["start"].astype(str)
    hashes = names.map(lambda name: hashlib.sha1(name.encode()).hexdigest())
    return table.loc[hashes.sort_values().index].groupby(["split", "word"]).cumcount()


def open_corpus(
    data: str | Path | Corpus,
    config: CorpusConfig | None = None,
    runtime: Runtime = Runtime(),
    *,
    splits: Sequence[Split] = SPLITS,
    **settings: Any,
) -> Corpus:
    """Open a corpus with the words and the clip length of `config`, changed by `settings`.

    Clips are decoded on first use and kept in the cache folder. `splits` are those in which every class needs
    clips. An opened corpus is returned as it is; `data` may be a folder of shards.

    Raises UsageError or WordspotError where the corpus is missing or lacks a word, where a speaker is in two
    splits, a split has no clips of a class, or a clip can't be used (unless `runtime.skip_bad`).
    """
    if isinstance(data, Corpus):
        return data
    config = replace(config or CorpusConfig(), **settings)
    if (Path(data) / ABOUT).is_file():
        return open_shards(Path(data), config, runtime)
    if str(data) == SYNTHETIC_SPEECH:  # before it is made
        refuse_more_speech(config, data)
    index = find_index(data, config.words, unknown=config.unknown, speaker_from=runtime.speaker_from)
    if index.synthetic:
        refuse_more_speech(config, index.root)
    if config.synthetic:
        index = add_synthetic(index, config)
    if runtime.skip_bad:
        index = replace(index, noises=usable(index.noises, config.sample_rate))
    clips = choose(index, config)
    if any(getattr(config, name) for name in SYNTHETIC_OTHERS):
        index, clips = add_other_words(index, clips, config)
    if config.silence:
        clips += cut_silence(index, clips, config)
    assert_speakers_apart(clips)
    assert_every_class(((clip.word, clip.split) for clip in clips), config, splits)
    corpus = decode(data, replace(index, clips=clips), config, runtime)
    kinds = corpus.store.table[["word", "split"]].drop_duplicates()
    assert_every_class(kinds.itertuples(index=False, name=None), config, splits)
    return corpus


def open_labelled(data: str | Path, config: CorpusConfig, runtime: Runtime) -> Corpus:
    """Open all clips of the words of `config` in a folder, whatever their splits, as one testing split.

    Raises UsageError where the folder has none of the words, and WordspotError for a clip that can't be used
    (unless `runtime.skip_bad`).
    """
    index = find_index(data, config.words, unknown=config.unknown, speaker_from=runtime.speaker_from)
    known = [clip for clip in index.clips if clip.word in config.words]
    others = [replace(clip, word=UNKNOWN) for clip in index.clips if clip.word not in config.words]
    clips = [replace(clip, split="testing") for clip in known + others * config.unknown]
    if not clips:
        raise UsageError(f"{data}: has no clips of {', '.join(config.words)}")
    if others and not config.unknown:
        warnings.warn(f"left out {len(others)} clips of other words", stacklevel=2)
    none_added: dict[str, Any] = dict.fromkeys(SYNTHETIC, 0)
    every = replace(config, **none_added, recorded_times=1, clips_per_word=None, fold=None)
    return decode(data, replace(index, clips=clips), every, runtime)


def decode(data: str | Path, index: Index, config: CorpusConfig, runtime: Runtime) -> Corpus:
    """Open the store of an index's clips, with a warning for those left out."""
    store = open_store(
        index,
        config,
        cache_folder(),
        convert=runtime.convert,
        skip_bad=runtime.skip_bad,
        speaker_from=runtime.speaker_from,
    )
    if store.skipped:
        more = ", ..." if len(store.skipped) > 5 else ""
        named = ", ".join(store.skipped[:5])
        warnings.warn(f"left out {len(store.skipped)} unusable clips: {named}{more}", stacklevel=2)
    if config.fold is not None:
        store = replace(store, table=in_fold(store.table, config.fold))
    return Corpus(str(data), config, runtime, store, index.noises, index.synthetic)
