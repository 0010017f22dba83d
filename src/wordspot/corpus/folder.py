"""Folders of words, `<word>/*.wav`, and the folders above them: splits, groups, an archive's own."""

import os
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from wordspot.audio.io import SUFFIXES, ffmpeg, foreign_files, sound_files, sound_names
from wordspot.corpus.index import Clip, Index, fill_splits
from wordspot.corpus.table import TABLES, index_tables, tables_in
from wordspot.errors import UsageError, WordspotError
from wordspot.files import read_json
from wordspot.layout import (
    BACKGROUND,
    LISTS,
    NOHASH,
    SPLIT_NAMES,
    SYNTHETIC,
    Split,
    read_lists,
    speaker_at,
    speaker_by,
    speaker_of,
    split_of,
)
from wordspot.text import is_text, shown

LEVELS = 2
"""Most folders between the one that is given and those of the words."""


def index_folder(given: Path, speaker_from: str | None = None) -> Index:
    """Index the clips under `given`, or in the list that `given` is. Raises UsageError or WordspotError.

    A folder with tables of its clips (`metadata.csv`) is read by them, any other by its folders of words. The
    regular expression `speaker_from` names the speakers of files whose paths from the folder on it matches.
    Warns of files that name no speaker, since speaker-disjoint splits can't be checked for them.
    """
    if given.is_file() and given.suffix.lower() in TABLES:
        folder = given.parent
        index = index_tables(folder, [given], noises(folder), speaker_from)
    elif not given.is_dir():
        raise UsageError(
            f"{given}: no such folder: --data takes a folder of <word>/*.wav, a list of clips (.csv or "
            ".tsv), speech-commands or synthetic"
        )
    else:
        folder = given
        tables = tables_in(folder)
        if tables:
            index = index_tables(folder, tables, noises(folder), speaker_from)
        else:
            index = index_words(folder, speaker_from)
    return with_speakers_told(index, folder, speaker_from)


def with_speakers_told(index: Index, given: Path, speaker_from: str | None) -> Index:
    """Say in an index of the folder `given` how speakers were found, and warn of files that name none.

    Raises UsageError where the regular expression `speaker_from` matches no file.
    """
    above = way_to(index.root, given)
    matched = {
        clip.path
        for clip in index.clips
        if speaker_from is not None and speaker_by(speaker_from, above + clip.path)
    }
    if speaker_from is not None and index.clips and not matched:
        raise UsageError(
            f"speaker_from: {shown(speaker_from)} matches no file of {given}, such as "
            f"{above}{index.clips[0].path}: correct it, or leave out --speaker-from"
        )
    nameless = [clip.path for clip in index.clips if clip.path not in matched and not names_speaker(clip)]
    if nameless:
        warnings.warn(
            f"{len(nameless)} files name no speaker (such as {nameless[0]}), so speaker-disjoint splits "
            f"can't be checked: rename them to <speaker>{NOHASH}<number>.wav, or say with --speaker-from how "
            "they name speakers",
            stacklevel=3,
        )
    ways = {
        "by --speaker-from": len(matched),
        f"as listed or by names before {NOHASH}": len(index.clips) - len(matched) - len(nameless),
        "unknown, each file counted as its own": len(nameless),
    }
    told = " and ".join(f"{way} ({files:,} files)" for way, files in ways.items() if files)
    return replace(index, layout=f"{index.layout}; speakers {told}", nameless=frozenset(nameless))


def way_to(root: Path, given: Path) -> str:
    """Give the path from a folder to one in it, to be put before a path; empty where they are the same."""
    return "" if root == given else f"{root.relative_to(given).as_posix()}/"


def index_words(given: Path, speaker_from: str | None = None) -> Index:
    """Index the folders of words in the folder `given` or below it, at most `LEVELS` deeper.

    Folders named as splits are (train, dev, test, ...) split the clips below them; else lists do, as in
    Speech Commands, or the hash of the speaker.
    """
    found = word_folders(given)
    if not found:
        raise WordspotError(f"{given}: no clips here: {hint(given)}")
    root = Path(os.path.commonpath({folder.parent for folder in found}))
    splits = split_folders(root, found)
    if splits:
        found = labelled(root, found, splits)
    way = [place for place in (root, *root.parents) if place.is_relative_to(given)]
    listed = next((lists for lists in map(read_lists, way) if lists is not None), None)
    above = way_to(root, given)
    clips = []
    for path in clip_paths(root, found):
        by_regex = speaker_by(speaker_from, above + path) if speaker_from else None
        speaker = by_regex or speaker_in(path)
        if splits:
            split = splits[path.partition("/")[0]]
        else:
            split = split_of(speaker) if listed is None else listed.get(path, "training")
        clips.append(Clip(path, word_in(path), speaker, split))
    how = "one folder per word"
    if splits:
        clips = fill_splits(clips)
        how += f" in one folder per split ({', '.join(splits)})"
    elif listed is not None:
        how += f", splits by {' and '.join(LISTS.values())}"
    else:
        how += ", splits by a hash of each speaker's name"
    synthetic = (root / SYNTHETIC).is_file()
    if synthetic:
        assert_whole(root, clips)
    warn_of_foreign(found)
    places = sorted({root, *(folder.parent for folder in found)})
    return Index(root, clips, [file for place in places for file in noises(place)], synthetic, layout=how)


def subfolders(folder: Path) -> list[Path]:
    """List the folders in a folder, sorted, without hidden and special ones (`.name`, `_name`)."""
    found = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._")
    for path in found:
        if not is_text(path.name):
            raise WordspotError(f"{path}: the folder's name isn't text: rename it")
    return found


def word_folders(folder: Path, levels: int = LEVELS) -> dict[Path, list[str]]:
    """Find the nearest folders of sound files below a folder, each with their names."""
    inside = subfolders(folder)
    found = {path: names for path in inside if (names := sound_names(path))}
    if found or not levels:
        return found
    return {path: names for deeper in inside for path, names in word_folders(deeper, levels - 1).items()}


def split_folders(root: Path, found: Mapping[Path, object]) -> dict[str, Split]:
    """Give the folders in `root` that are named as splits, none unless there are two splits or more."""
    tops = [folder.relative_to(root).parts[0] for folder in found if folder.parent != root]
    splits = {top: SPLIT_NAMES[top.lower()] for top in tops if top.lower() in SPLIT_NAMES}
    return splits if len(set(splits.values())) > 1 else {}


def labelled(
    root: Path, found: Mapping[Path, list[str]], splits: Mapping[str, Split]
) -> dict[Path, list[str]]:
    """Leave out folders that are in no split, or whose word is not trained, with a warning.

    Such is `test/audio` of a competition, whose files have no labels.
    """
    split_at = {folder: splits.get(folder.relative_to(root).parts[0]) for folder in found}
    trained = {folder.name for folder, split in split_at.items() if split == "training"}
    kept = {
        folder: names
        for folder, names in found.items()
        if split_at[folder] and (not trained or folder.name in trained)
    }
    left_out = [str(folder.relative_to(root)) for folder in found if folder not in kept]
    if left_out:
        more = ", ..." if len(left_out) > 5 else ""
        warnings.warn(
            f"left out {', '.join(left_out[:5])}{more}: in no split, or of no word of the training split",
            stacklevel=2,
        )
    return kept


def clip_paths(root: Path, found: Mapping[Path, list[str]]) -> list[str]:
    """List the clips of folders under `root`, as `<word>/<file>` or longer, in their order."""
    return [
        f"{inside}/{name}"
        for folder, names in found.items()
        for inside in [folder.relative_to(root).as_posix()]
        for name in names
    ]


def word_in(path: str) -> str:
    """Name the word of a clip `<word>/<file>`, the folder that it is in."""
    return path.rpartition("/")[0].rpartition("/")[2]


def speaker_in(path: str) -> str:
    """Name the speaker of a clip `<word>/<file>`; deeper files that name none differ by their folders.

    >>> speaker_in("yes/ann_nohash_0.wav"), speaker_in("yes/1.wav"), speaker_in("train/yes/1.wav")
    ('ann', '1', 'train/yes/1')
    """
    return speaker_at(path) if path.count("/") > 1 else speaker_of(Path(path).stem)


def names_speaker(clip: Clip) -> bool:
    """Tell whether it is known who speaks, by the file's name or by a table."""
    return NOHASH in clip.path or not f"/{clip.path}".rpartition(".")[0].endswith(f"/{clip.speaker}")


def hint(folder: Path) -> str:
    """Say what was looked for in a folder without clips, and what is there or above instead."""
    foreign = next((file for place in (folder, *subfolders(folder)) for file in foreign_files(place)), None)
    if foreign:
        return f"{foreign.suffix} is not read: `{ffmpeg(foreign)}` converts a file"
    looked = (
        f"looked for one folder per word with sound files ({' '.join(SUFFIXES)}), here and up to {LEVELS} "
        "levels below"
    )
    if sound_names(folder):
        above = folder.absolute().parent
        looked += (
            f"; this folder has sound files itself: give {above}, or a list of them and their words (.csv)"
        )
    return looked


def warn_of_foreign(found: Mapping[Path, object]) -> None:
    """Warn of files beside the clips whose format is not read."""
    foreign = [file for folder in found for file in foreign_files(folder)]
    if foreign:
        warnings.warn(
            f"left out {len(foreign)} files whose format is not read: `{ffmpeg(foreign[0])}` converts one",
            stacklevel=2,
        )


def assert_whole(root: Path, clips: Sequence[Clip]) -> None:
    """Raise WordspotError where words of synthetic speech have fewer clips than were made."""
    try:
        made = int(read_json(root / SYNTHETIC)["settings"]["clips"])
    except (ValueError, KeyError, TypeError):
        return  # it only marks the folder
    for word, there in Counter(clip.word for clip in clips).items():
        if there < made:
            raise WordspotError(
                f"{root}: {word} has {there} of its {made} synthetic clips: make the others with "
                f"`wordspot synthesize`, or remove {root / word}"
            )


def noises(root: Path) -> list[Path]:
    """List the recordings of background noise under `root`, none where the folder is missing."""
    folder = root / BACKGROUND
    return sound_files(folder) if folder.is_dir() else []
