"""Packs a corpus of any size into shards: what is in memory of a clip is the place of its row in a list."""

import hashlib
import shutil
import sys
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from wordspot.config import CorpusConfig, Runtime, differences
from wordspot.corpus.folder import names_speaker, noises
from wordspot.corpus.index import Clip, Index, assert_every_class, assert_speakers_apart
from wordspot.corpus.shards import ABOUT, HELD_OUT, SHARD, About, shard_folder
from wordspot.corpus.sources import find_index
from wordspot.corpus.store import Store, store_at
from wordspot.corpus.table import TABLES, LongList
from wordspot.errors import UsageError
from wordspot.files import alone_in, atomic_folder, output_folder, write_json
from wordspot.layout import BACKGROUND, SPLITS, Split

MOST_HELD_OUT = 20_000
"""Clips that are kept for validation, and as many for testing: these are in memory when they are used."""


def pack(
    data: str | Path,
    config: CorpusConfig,
    out: str | Path,
    runtime: Runtime = Runtime(),
    *,
    held_out: int = MOST_HELD_OUT,
    clips_per_shard: int = SHARD,
    quiet: bool = False,
) -> Path:
    """Pack the clips of a corpus into the folder `out`, which `open_corpus` opens; gives the folder.

    `data` is what `open_corpus` takes; a list of clips is read row by row, so that memory hardly grows with
    it. Clips are shuffled; at most `held_out` of them validate, and as many test. Packing that was stopped
    goes on; shards whose files have changed are packed anew. Raises UsageError for settings that would need
    all clips at once and where `out` holds other shards, and what `open_corpus` raises.
    """
    plain = CorpusConfig(words=config.words, seconds=config.seconds, sample_rate=config.sample_rate)
    if found := differences(plain, config):
        raise UsageError(f"pack: shards hold the clips of words alone: leave out {', '.join(found)}")
    folder, listing = Path(out), listed(data, config, runtime.speaker_from)
    with listing as (clips, places, index), alone_in(output_folder(folder)):
        if (folder / ABOUT).is_file() and (found := differences(About.read(folder).corpus, config)):
            raise UsageError(
                f"{folder}: holds shards of other settings ({'; '.join(found)}): choose another --out"
            )
        write_json(folder / ABOUT, asdict(About(config)))
        copy_noises(index.noises, folder)

        def stored(place: Path, chosen: list[Clip]) -> Store:
            how = {"convert": runtime.convert, "skip_bad": runtime.skip_bad}
            return store_at(place, replace(index, clips=chosen), config, **how, quiet=True)

        training, *others = (np.random.default_rng(0).permutation(places[split]) for split in SPLITS)
        held = np.concatenate([numbers[:held_out] for numbers in others])
        with progress(quiet) as bar:
            task = bar.add_task("Packing clips", total=len(training) + len(held))
            store = stored(folder / HELD_OUT, [clips[number] for number in held])
            kinds = store.table[["word", "split"]].drop_duplicates()
            assert_every_class(kinds.itertuples(index=False, name=None), config, SPLITS[1:])
            bar.advance(task, len(held))
            packed: list[int] = []
            digest, skipped = hashlib.sha256(store.fingerprint.encode()), list(store.skipped)
            speakers: set[str] = set()
            for first in range(0, len(training), clips_per_shard):
                chosen = [clips[number] for number in training[first : first + clips_per_shard]]
                store = stored(shard_folder(folder, len(packed)), chosen)
                packed.append(len(store.table))
                digest.update(store.fingerprint.encode())
                skipped += store.skipped
                speakers |= {clip.speaker for clip in chosen if names_speaker(clip)}
                bar.advance(task, len(chosen))
        about = About(config, packed, digest.hexdigest(), sorted(speakers), skipped, index.synthetic)
        write_json(folder / ABOUT, asdict(about))
    return folder


@contextmanager
def listed(
    data: str | Path, config: CorpusConfig, speaker_from: str | None
) -> Iterator[tuple[Sequence[Clip], "dict[Split, array[int]]", Index]]:
    """Yield the clips of a corpus, where those of each split are among them, and its index without them."""
    table = Path(data)
    if table.is_file() and table.suffix.lower() in TABLES:
        with table.open("rb") as file:
            rows = LongList(file, table, speaker_from)
            yield rows, places_by_split(rows, config), Index(table.parent, [], noises(table.parent))
    else:
        index = find_index(data, config.words, speaker_from=speaker_from)
        yield index.clips, places_by_split(index.clips, config), replace(index, clips=[])


def places_by_split(clips: Sequence[Clip], config: CorpusConfig) -> "dict[Split, array[int]]":
    """List where the clips of the words are, for each split.

    Raises WordspotError where a split has none of a word or shares a speaker with another one.
    """
    places = {split: array("q") for split in SPLITS}
    kinds = set()
    words = set(config.words)

    def chosen() -> Iterator[Clip]:
        for number, clip in enumerate(clips):
            if clip.word in words:
                places[clip.split].append(number)
                kinds.add((clip.word, clip.split))
                if names_speaker(clip):
                    yield clip

    assert_speakers_apart(chosen())
    assert_every_class(kinds, config)
    return places


def copy_noises(recordings: Sequence[Path], folder: Path) -> None:
    """Copy recordings of background noise to where a corpus has them."""
    if recordings and not (folder / BACKGROUND).is_dir():
        with atomic_folder(folder / BACKGROUND) as part:
            for recording in recordings:
                shutil.copyfile(recording, part / recording.name)


def progress(quiet: bool) -> Progress:
    """Make a bar with the time left, for terminals."""
    return Progress(console=Console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty())
