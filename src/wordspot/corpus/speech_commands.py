"""The Speech Commands data set through `torchaudio.datasets.SPEECHCOMMANDS`.

torchaudio downloads, verifies and splits the data set; the samples are read by soundfile, because
`SPEECHCOMMANDS.__getitem__` needs a decoder that many machines lack.
"""

import tarfile
import zlib
from http.client import HTTPException
from pathlib import Path

from torchaudio.datasets import SPEECHCOMMANDS

from wordspot.corpus.folder import noises
from wordspot.corpus.index import Clip, Index
from wordspot.errors import WordspotError
from wordspot.files import atomic_folder, locked
from wordspot.layout import SPLITS

FOLDER = "SpeechCommands"
VERSIONS = ("speech_commands_v0.02", "speech_commands_v0.01")


def version_in(root: Path) -> str | None:
    """Name the newest version of the data set under a torchaudio root; None where there is none."""
    return next((version for version in VERSIONS if (root / FOLDER / version).is_dir()), None)


def index_speech_commands(root: Path, version: str) -> Index:
    """Index the data set under a torchaudio root with its official splits.

    The root is resolved first: torchaudio compares paths as text, so with one like `./data` test clips would
    end up in training. Raises WordspotError where the lists of the splits or the clips are missing.
    """
    root = root.resolve()
    folder = root / FOLDER / version
    clips = []
    try:
        for split in SPLITS:
            part = SPEECHCOMMANDS(root, url=version, subset=split)
            for n in range(len(part)):
                path, _rate, word, speaker, _utterance = part.get_metadata(n)
                clips.append(Clip(Path(path).relative_to(version).as_posix(), word, speaker, split))
    except FileNotFoundError as error:
        raise WordspotError(f"{error.filename}: missing from the data set: unpack it again, whole") from None
    except ValueError as error:
        raise WordspotError(
            f"{folder}: a list names no clip ({error}): unpack the data set again, whole"
        ) from None
    if not clips:
        raise WordspotError(f"{folder}: no clips here: unpack the data set again, whole")
    return Index(folder, clips, noises(folder))


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
