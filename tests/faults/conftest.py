"""A disk of one's own, which can be full or read-only."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import trained, wordspot

__all__ = ["trained", "wordspot"]  # fixtures


class Disk:
    """A file system of 32 MB in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def leave(self, kilobytes: int) -> None:
        """Fill the disk but for some kilobytes."""
        filler = self.folder / ".filler"
        filler.unlink(missing_ok=True)
        with filler.open("wb") as file:
            file.write(bytes(shutil.disk_usage(self.folder).free - 1024 * kilobytes))

    def make_room(self) -> None:
        (self.folder / ".filler").unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Give a disk of its own to a test that runs as root, by a file system in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "wordspot-test", str(folder)]
    if sys.platform != "linux" or os.getuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("to make a small disk takes Linux and the right to mount")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
