"""A packed store: every clip decoded once into one file of int16, with a table of the clips."""

import hashlib
import json
import os
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track

from wordspot.audio.io import read_clip
from wordspot.config import CorpusConfig
from wordspot.corpus.index import Clip, Index
from wordspot.corpus.samples import Samples
from wordspot.errors import ClipError, WordspotError
from wordspot.files import (
    atomic_folder,
    locked,
    output_folder,
    read_json,
    remove_leftovers,
    remove_locks,
    write_json,
)

SAMPLES, TABLE, ABOUT = "samples.int16", "clips.csv", "about.json"
FIELDS = tuple(Clip.__dataclass_fields__)
fields_of = attrgetter(*FIELDS)  # `dataclasses.astuple` would copy each value
COLUMNS = (*FIELDS, "length")
CHECKSUM = "checksum"
"""Last column of the file of the table: CRC-32 of each clip's padded samples."""
TEXT = ("path", "split", "word", "speaker")
"""Columns of the table that are text, whatever they look like."""


@dataclass(frozen=True)
class Store:
    """The decoded clips of one corpus."""

    samples: Samples
    """[N, S], zero-padded at the end."""
    table: pd.DataFrame
    """One row per clip: the fields of `Clip`, and its length in samples."""
    fingerprint: str
    """SHA-256 over the table and the samples: the same on every machine."""
    skipped: list[str]
    """Clips left out, with the reason."""


def open_store(
    index: Index,
    config: CorpusConfig,
    cache: Path,
    *,
    convert: bool = False,
    skip_bad: bool = False,
    speaker_from: str | None = None,
) -> Store:
    """Open the store of an index's clips under `cache`.

    It is built where it is missing or damaged, or a file has changed; another process that needs it meanwhile
    waits. Raises WordspotError for clips that can't be read, unless `skip_bad` leaves them out.
    """
    asked: list[object] = [
        str(index.root.resolve()),
        config.seconds,
        config.sample_rate,
        list(config.classes),
        config.unknown_ratio,
        sorted({clip.split for clip in index.clips}),
        config.synthetic,
        config.synthetic_unknown,
        convert,
        skip_bad,
    ]
    # Without these, stores that are there keep their names.
    if speaker_from is not None:
        asked.append(speaker_from)
    if config.synthetic_near:
        asked.append(config.synthetic_near)
    if config.synthetic_others:
        asked.append({"others": config.synthetic_others})
    stores = output_folder(cache / "stores", "name another cache folder with WORDSPOT_CACHE=")
    place = stores / hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
    remove_leftovers(stores)
    remove_locks(stores)
    return store_at(place, index, config, convert=convert, skip_bad=skip_bad)


def store_at(
    place: Path,
    index: Index,
    config: CorpusConfig,
    *,
    convert: bool = False,
    skip_bad: bool = False,
    quiet: bool = False,
) -> Store:
    """Open the store of an index's clips at a place, where it is built if it has to be."""
    state = _state(index)
    with locked(place):
        store = load_store(place, config, state)
        if store is None:
            with atomic_folder(place) as part:
                _build(part, index, config, state, convert=convert, skip_bad=skip_bad, quiet=quiet)
            store = load_store(place, config, state)
    assert store is not None, f"{place} can't be read right after it was written"
    return store


def _state(index: Index) -> str:
    """Hash size and modification time of every file, to notice changes without reading the files."""
    digest = hashlib.sha256()
    for clip in index.clips:
        file = index.file(clip)
        try:
            stat = os.stat(file)  # noqa: PTH116, a Path for each of 100,000 files takes longer
        except OSError:  # listed, but missing: reading it says so
            digest.update(f"{fields_of(clip)};".encode())
            continue
        digest.update(f"{fields_of(clip)}{stat.st_size},{stat.st_mtime_ns};".encode())
    return digest.hexdigest()


def load_store(place: Path, config: CorpusConfig, state: str | None = None) -> Store | None:
    """Load a store; None where it is missing, damaged, or of files in another state than the one given.

    Samples are checked when they are first read: reading them all would take seconds for 100,000 clips.
    """
    try:
        about = read_json(place / ABOUT)
        if state not in (None, about["state"]) or about["checksum"] != zlib.crc32(
            (place / TABLE).read_bytes()
        ):
            return None
        table = pd.read_csv(
            place / TABLE,
            dtype=dict.fromkeys(TEXT, str) | {"stop": "Int64"},
            keep_default_na=False,  # "null" is a word like any other
            na_values={"stop": [""]},
        )
        checksums = table.pop(CHECKSUM).to_numpy(np.uint32)
        samples = Samples(place / SAMPLES, checksums, config.samples)
        return Store(samples, table, about["fingerprint"], about["skipped"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _build(
    place: Path,
    index: Index,
    config: CorpusConfig,
    state: str,
    *,
    convert: bool,
    skip_bad: bool,
    quiet: bool,
) -> None:
    """Decode the clips one by one, so that memory use does not grow with their number.

    One thread is fastest: several wait for each other, as reading small files is mostly Python.
    """
    digest = hashlib.sha256()
    rows, bad = [], []
    with (place / SAMPLES).open("wb") as out:
        console, silent = Console(stderr=True), quiet or not sys.stderr.isatty()
        for clip in track(index.clips, "Reading clips", console=console, transient=True, disable=silent):
            path = Path(index.file(clip))
            try:
                sound = read_clip(path, config.sample_rate, convert=convert, start=clip.start, stop=clip.stop)
            except ClipError as error:
                bad.append(error)
                continue
            sound = sound[: config.samples]
            if clip.gain != 1.0:
                sound = np.round(sound * clip.gain).astype(np.int16)
            padded = np.zeros(config.samples, np.int16)
            padded[: len(sound)] = sound
            row = (*fields_of(clip), len(sound))
            rows.append((*row, zlib.crc32(padded.data)))
            digest.update(f"{dict(zip(COLUMNS, row, strict=True))}".encode())
            digest.update(padded.data)
            out.write(padded.data)
    if bad and not (skip_bad and rows):
        raise unusable(bad)
    pd.DataFrame(rows, columns=[*COLUMNS, CHECKSUM]).to_csv(place / TABLE, index=False)
    about = {
        "state": state,
        "fingerprint": digest.hexdigest(),
        "checksum": zlib.crc32((place / TABLE).read_bytes()),
        "skipped": [str(error) for error in bad],
    }
    write_json(place / ABOUT, about)


def unusable(bad: Sequence[ClipError]) -> WordspotError:
    """Make one line of all the clips that can't be used."""
    others = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    return WordspotError(f"{bad[0]}{others}: replace or remove it, or leave out such clips with --skip-bad")
