"""The Speech Commands data set, as `torchaudio.datasets.SPEECHCOMMANDS` downloads, verifies and splits it.

Clips are listed here, in its order, because its own listing takes seconds for 100,000 clips. They are read by
`wordspot.audio.io`, because `SPEECHCOMMANDS.__getitem__` needs a decoder that many machines lack.
"""

import re
import tarfile
import warnings
import zlib
from http.client import HTTPException
from pathlib import Path

from torchaudio.datasets import SPEECHCOMMANDS

from wordspot.corpus.folder import clip_paths, noises, speaker_in, word_folders, word_in
from wordspot.corpus.index import Clip, Index
from wordspot.errors import WordspotError
from wordspot.files import atomic_folder, locked
from wordspot.layout import LISTS, NOHASH, read_lists

FOLDER = "SpeechCommands"
VERSIONS = ("speech_commands_v0.02", "speech_commands_v0.01")
CLIP = re.compile(rf"[^/.][^/]*/[^/]+{NOHASH}\d+\.wav")
"""A path inside the data set, and nowhere else."""


def version_in(root: Path) -> str | None:
    """Name the newest version of the data set under a torchaudio root; None where there is none."""
    return next((version for version in VERSIONS if (root / FOLDER / version).is_dir()), None)


def index_speech_commands(root: Path, version: str) -> Index:
    """Index the data set under a torchaudio root with its official splits.

    Warns of files that it leaves out, as torchaudio does, because their names name no speaker. Raises
    WordspotError where the lists of the splits or the clips are missing.
    """
    folder = root.resolve() / FOLDER / version
    for name in LISTS.values():
        if not (folder / name).is_file():
            raise WordspotError(f"{folder / name}: missing from the data set: unpack it again, whole")
    listed = read_lists(folder) or {}
    for path in listed:
        if not CLIP.fullmatch(path):
            raise WordspotError(f"{folder}: a list names no clip ({path}): unpack the data set again, whole")
    paths = clip_paths(folder, word_folders(folder, 0))
    named = {path for path in paths if CLIP.fullmatch(path)}
    found = sorted(named.difference(listed))
    if odd := [path for path in paths if path not in named]:
        warnings.warn(
            f"{folder}: left out {len(odd)} files that name no speaker (such as {odd[0]}): rename them to "
            f"<speaker>{NOHASH}<number>.wav",
            stacklevel=2,
        )
    clips = [
        Clip(path, word_in(path), speaker_in(path), listed.get(path, "training"))
        for path in [*found, *listed]
    ]
    if not clips:
        raise WordspotError(f"{folder}: no clips here: unpack the data set again, whole")
    return Index(
        folder, clips, noises(folder), layout=f"Speech Commands ({version}), with its own speakers and splits"
    )


def download(root: Path, url: str = VERSIONS[0]) -> None:
    """Download the data set (2.3 GB) to `root`, verify its checksum and unpack it, atomically.

    Where another process does so already, wait for it. Raises WordspotError where the download fails.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with locked(root / FOLDER):
            if version_in(root) is None:
                with atomic_folder(root / FOLDER) as part:
                    SPEECHCOMMANDS(part, url=url, folder_in_archive="", download=True)
                    for archive in part.glob("*.tar.gz"):
                        archive.unlink()
    except (OSError, RuntimeError, EOFError, HTTPException, tarfile.TarError, zlib.error) as error:
        reason = str(error).splitlines()[0]
        raise WordspotError(f"the download of {url} failed ({reason}): run the command again") from None
