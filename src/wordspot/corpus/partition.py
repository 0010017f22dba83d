"""Which speaker stands in which part: the data set's own rule, or lists that lie beside the clips."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from wordspot.corpus.index import Split
from wordspot.errors import WordspotError
from wordspot.files import write_text

NOHASH = "_nohash_"
MOST_CLIPS = 2**27 - 1
"""The rule's constant, about 134 million clips of a word."""
LISTS: dict[Split, str] = {"validation": "validation_list.txt", "testing": "testing_list.txt"}
"""Files that name the clips of a part, as the data set has them; all other clips train."""


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


def read_lists(root: Path) -> dict[str, Split] | None:
    """Read the parts that lists under `root` give to clips, by their paths; None where there are no lists.

    Raises WordspotError for a list that isn't text.
    """
    listed: dict[str, Split] = {}
    there = {split: root / name for split, name in LISTS.items() if (root / name).is_file()}
    for split, path in there.items():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            raise WordspotError(f"{path}: not a list of clips, a line for each: mend or remove it") from None
        listed |= {line.strip(): split for line in lines if line.strip()}
    return listed if there else None


def write_lists(root: Path, parts: Iterable[tuple[str, Split]]) -> None:
    """Write lists of the clips, by their paths under `root`, that don't train."""
    parts = sorted(parts)
    for split, name in LISTS.items():
        write_text(root / name, "".join(f"{path}\n" for path, part in parts if part == split))
