"""Any `<word>/*.wav|flac` folder, partitioned by the data set's own rule or by lists in it."""

import warnings
from pathlib import Path

from wordspot.corpus.audio import sound_files
from wordspot.corpus.index import Clip, Index
from wordspot.corpus.partition import NOHASH, read_lists, speaker_of, split_of
from wordspot.errors import UsageError, WordspotError

BACKGROUND = "_background_noise_"
SYNTHETIC = "synthetic.json"
"""The file by which a folder says that its speech is synthetic, and how it was made."""


def index_folder(root: Path) -> Index:
    """Index the word folders under `root`. Raises UsageError or WordspotError where there are none.

    Warns of files that name no speaker: whose they are can't be told, and so not that nobody is in two parts.
    """
    if not root.is_dir():
        raise UsageError(
            f"{root}: no such folder: --data takes a folder of <word>/*.wav, speech-commands or synthetic"
        )
    listed = read_lists(root)
    clips = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] not in "._"):
        for file in sound_files(folder):
            path, speaker = f"{folder.name}/{file.name}", speaker_of(file.stem)
            split = split_of(speaker) if listed is None else listed.get(path, "training")
            clips.append(Clip(path, folder.name, speaker, split))
    if not clips:
        raise WordspotError(
            f"{root}: no clips here: it must hold folders named for their words, of WAV or FLAC files"
        )
    nameless = [clip.path for clip in clips if NOHASH not in clip.path]
    if nameless:
        warnings.warn(
            f"files that name no speaker and count as one each: {len(nameless)}, such as {nameless[0]}: "
            f"call them <speaker>{NOHASH}<number>, or one person may stand in two parts",
            stacklevel=2,
        )
    return Index(root, clips, noises(root), synthetic=(root / SYNTHETIC).is_file())


def noises(root: Path) -> list[Path]:
    """List the recordings of background noise under `root`, none where the folder is missing."""
    folder = root / BACKGROUND
    return sound_files(folder) if folder.is_dir() else []
