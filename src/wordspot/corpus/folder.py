"""Folders of words, `<word>/*.wav|flac`, split by the rule of Speech Commands or by lists beside them."""

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from wordspot.audio.io import sound_files, sound_names
from wordspot.corpus.index import Clip, Index
from wordspot.errors import UsageError, WordspotError
from wordspot.files import read_json
from wordspot.layout import BACKGROUND, NOHASH, SYNTHETIC, read_lists, speaker_of, split_of
from wordspot.text import is_text


def index_folder(root: Path) -> Index:
    """Index the word folders under `root`. Raises UsageError or WordspotError where there are none.

    Warns of files that name no speaker, since speaker-disjoint splits can't be checked for them.
    """
    if not root.is_dir():
        raise UsageError(
            f"{root}: no such folder: --data takes a folder of <word>/*.wav, speech-commands or synthetic"
        )
    listed = read_lists(root)
    clips = []
    for path in clip_paths(root):
        speaker = speaker_in(path)
        split = split_of(speaker) if listed is None else listed.get(path, "training")
        clips.append(Clip(path, word_in(path), speaker, split))
    if not clips:
        raise WordspotError(
            f"{root}: no clips here: there must be one folder per word with WAV or FLAC files"
        )
    synthetic = (root / SYNTHETIC).is_file()
    if synthetic:
        assert_whole(root, clips)
    nameless = [clip.path for clip in clips if NOHASH not in clip.path]
    if nameless:
        warnings.warn(
            f"{len(nameless)} files name no speaker (such as {nameless[0]}), so speaker-disjoint splits "
            f"can't be checked: rename them to <speaker>{NOHASH}<number>.wav",
            stacklevel=2,
        )
    return Index(root, clips, noises(root), synthetic=synthetic)


def clip_paths(root: Path) -> list[str]:
    """List the clips under `root` as `<word>/<file>`, sorted by word and file."""
    folders = sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] not in "._")
    for folder in folders:
        if not is_text(folder.name):
            raise WordspotError(f"{folder}: the folder's name isn't text: rename it")
    return [f"{folder.name}/{name}" for folder in folders for name in sound_names(folder)]


def word_in(path: str) -> str:
    """Name the word of a clip `<word>/<file>`."""
    return path.partition("/")[0]


def speaker_in(path: str) -> str:
    """Name the speaker of a clip `<word>/<file>`."""
    return speaker_of(path.partition("/")[2].rpartition(".")[0])


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
