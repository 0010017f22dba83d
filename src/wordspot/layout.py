"""How a corpus lies on disk: the folders and file names of Speech Commands, and its three splits."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from wordspot.errors import UsageError, WordspotError
from wordspot.files import read_text, write_text

Split = Literal["training", "validation", "testing"]
SPLITS: tuple[Split, ...] = ("training", "validation", "testing")

SPLIT_NAMES: dict[str, Split] = {
    "train": "training",
    "training": "training",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "testing",
    "testing": "testing",
}
"""What splits are called in other data sets, in lower case."""

NOHASH = "_nohash_"
BACKGROUND = "_background_noise_"
SYNTHETIC = "synthetic.json"
"""The file that marks a folder as synthetic speech and says how it was made."""
LISTS: dict[Split, str] = {"validation": "validation_list.txt", "testing": "testing_list.txt"}
"""Files that name the clips of a split, as in the data set; all other clips train."""
MOST_CLIPS = 2**27 - 1
"""Constant of the data set's rule, about 134 million clips of a word."""


def check_split(split: str) -> None:
    """Raise UsageError for a name that is not a split."""
    if split not in SPLITS:
        raise UsageError(f"split: {split!r} must be one of {', '.join(SPLITS)}")


def speaker_of(stem: str) -> str:
    """Name the speaker of a file `<speaker>_nohash_<n>`; any other file is a speaker of its own.

    >>> speaker_of("0a7c2a8d_nohash_1"), speaker_of("morning")
    ('0a7c2a8d', 'morning')
    """
    return stem.split(NOHASH)[0]


def speaker_at(path: str) -> str:
    """Name the speaker of a file; one that names none is a speaker of its own, by its whole path.

    >>> speaker_at("train/yes/0a7c2a8d_nohash_1.wav"), speaker_at("train/yes/1.wav")
    ('0a7c2a8d', 'train/yes/1')
    """
    whole = path.rpartition(".")[0]
    stem = whole.rpartition("/")[2]
    return speaker_of(stem) if NOHASH in stem else whole


def speaker_by(regex: str, path: str) -> str | None:
    r"""Name the speaker by the group `speaker`, else the first, of what a regular expression finds in a path.

    None where it finds nothing, or nothing in that group.

    >>> speaker_by(r"/(\w+)-", "yes/ann-1.wav"), speaker_by(r"(\d+)-(?P<speaker>\w+)", "yes/1-ann.wav")
    ('ann', 'ann')
    """
    found = re.search(regex, path)
    if found is None:
        return None
    return found["speaker" if "speaker" in found.re.groupindex else 1] or None


def split_of(speaker: str) -> Split:
    """Assign a speaker to a split by the SHA-1 of the name: 10 % validation, 10 % testing, 80 % training.

    The rule is `which_set` of the data set's README (Warden 2018, section 7).
    """
    number = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % (MOST_CLIPS + 1)
    percent = number * 100.0 / MOST_CLIPS
    if percent < 10:
        return "validation"
    return "testing" if percent < 20 else "training"


def read_lists(root: Path) -> dict[str, Split] | None:
    """Read the lists of splits under `root` as splits by path; None where there are no lists.

    Raises WordspotError for a list that is not text.
    """
    listed: dict[str, Split] = {}
    there = {split: root / name for split, name in LISTS.items() if (root / name).is_file()}
    for split, path in there.items():
        try:
            lines = read_text(path).splitlines()
        except ValueError:
            raise WordspotError(
                f"{path}: not a text file with one clip per line: replace or remove it"
            ) from None
        listed |= {line.strip(): split for line in lines if line.strip()}
    return listed if there else None


def write_lists(root: Path, clips: Iterable[tuple[str, Split]]) -> None:
    """Write the lists of splits for pairs of a path under `root` and its split."""
    clips = sorted(clips)
    for split, name in LISTS.items():
        write_text(root / name, "".join(f"{path}\n" for path, listed in clips if listed == split))
