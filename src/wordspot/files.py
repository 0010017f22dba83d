"""Atomic writes: files and folders are written under another name and moved into place when whole.

That name is `<name>.<process>.part`, so that what a killed process has left is known and removed.
"""

import glob
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from wordspot.errors import UsageError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; on success it replaces `path`.

    Two processes may write the same file at once: the last one wins. Raises UsageError where `path` is a
    folder.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder: name a file")
    remove_leftovers(path.parent, path.name)
    part = own_part(path)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill; on success it replaces `path`.

    Of two processes that fill the same folder at once, the second waits for the first and replaces its work;
    `locked` around check and filling spares that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path), scratch_folder(path) as part:
        yield part
        shutil.rmtree(path, ignore_errors=True)
        part.rename(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process or thread is at work on `path`, and keep others waiting meanwhile.

    May be nested. The lock is a file beside `path`, whose folder must be there.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"), is_singleton=True)
    with lock:
        try:
            yield
        finally:
            if lock.lock_counter == 1:
                # While it is held: those that wait for this file see that it is gone, and make a new one.
                Path(lock.lock_file).unlink(missing_ok=True)


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder beside `path`, and remove it afterwards."""
    remove_leftovers(path.parent, path.name)
    part = own_part(path)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def own_part(path: Path) -> Path:
    """Give the temporary name of `path` in this process."""
    return path.with_name(f"{path.name}.{os.getpid()}.part")


def remove_leftovers(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes have left half written in a folder: of one file or folder, or of all."""
    for part in folder.glob(f"{glob.escape(name) if name else '*'}.*.part"):
        owner = part.name.split(".")[-2]
        if owner.isdigit() and not is_alive(int(owner)):
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Tell whether a process of this number is running."""
    if os.name != "posix":
        return True  # Windows has no signal that only asks
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # another user's
    return True


def write_text(path: Path, text: str) -> None:
    """Write text to a file atomically."""
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a value to a file as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def is_current(path: Path, sources: Iterable[Path]) -> bool:
    """Tell whether a file exists and is not older than its sources."""
    if not path.is_file():
        return False
    return path.stat().st_mtime_ns >= max((source.stat().st_mtime_ns for source in sources), default=0)


def output_folder(path: Path, mend: str = "choose another --out") -> Path:
    """Create a folder where it is missing. Raises UsageError where it can't be created or written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: can't create this folder ({error.strerror}): {mend}") from None
    if not os.access(path, os.W_OK):
        raise UsageError(f"{path}: no permission to write to this folder: {mend}")
    return path
