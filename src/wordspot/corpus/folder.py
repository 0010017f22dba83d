"""Any `<word>/*.wav|flac` folder, partitioned by the Speech Commands data set's own rule."""

import hashlib
import warnings
from pathlib import Path

from wordspot.corpus.audio import sound_files
from wordspot.corpus.index import Clip, Index, Split
from wordspot.errors import UsageError, WordspotError

BACKGROUND = "_background_noise_"
NOHASH = "_nohash_"
MOST_CLIPS = 2**27 - 1
"""The rule's constant, about 134 million clips of a word."""


def speaker_of(stem: str) -> str:
    """Name the speaker of a file `<speaker>_nohash_<n>`; any other file is a speaker of its own.

    >>> speaker_of("0a7c2a8d_nohash_1"), speaker_of("morning")
    ('0a7c2a8d', 'morning')
    """
    return stem.split(NOHASH)[0]


def split_of(speaker: str) -> Split:
    """Put a speaker into a part by the SHA-1 of the name: 10 % validation, 10 % testing, 80 % training.

    The rule is `which_set` of the data set's README (Warden 2018, section 7).
    """
    number = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % (MOST_CLIPS + 1)
    percent = number * 100.0 / MOST_CLIPS
    if percent < 10:
        return "validation"
    return "testing" if percent < 20 else "training"


def index_folder(root: Path) -> Index:
    """Index the word folders under `root`. Raises UsageError or WordspotError where there are none.

    Warns of files that name no speaker: whose they are can't be told, and so not that nobody is in two parts.
    """
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder: --data takes a folder of <word>/*.wav, or speech-commands")
    clips = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] not in "._"):
        for path in sound_files(folder):
            speaker = speaker_of(path.stem)
            clips.append(Clip(f"{folder.name}/{path.name}", folder.name, speaker, split_of(speaker)))
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
    return Index(root, clips, noises(root))


def noises(root: Path) -> list[Path]:
    """List the recordings of background noise under `root`, none where the folder is missing."""
    folder = root / BACKGROUND
    return sound_files(folder) if folder.is_dir() else []
