"""Atomic writes: files and folders are written under another name and moved into place when whole.

That name is `<name>.<process>.part`, so that what a killed process has left is known and removed.
"""

import errno
import glob
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from wordspot.errors import UsageError, WordspotError
from wordspot.limits import LARGEST_TEXT

ROOM = "make room, and run the command again"
ALLOWED = "name a folder that you may write to"
MENDS = {
    errno.ENOSPC: ROOM,
    errno.EDQUOT: ROOM,
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f), and run the command again",
    errno.EROFS: ALLOWED,
    errno.EACCES: ALLOWED,
    errno.EPERM: ALLOWED,
    errno.EIO: "is the disk still there?",
}
"""What to do where the system refuses a write, by its number of the error."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system refuses meanwhile into a WordspotError that names the path and the mend."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or path  # of a copied file, the second name is the copy's
        if error.errno not in MENDS or not str(place).startswith(str(path)):
            raise
        raise WordspotError(
            f"{path}: can't be written ({os.strerror(error.errno)}): {MENDS[error.errno]}"
        ) from None


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; on success it replaces `path`.

    Two processes may write the same file at once: the last one wins. Raises UsageError where `path` is a
    folder, and WordspotError where the disk is full or may not be written to.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder: name a file")
    with writing(path):
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
    `locked` around check and filling spares that. Raises WordspotError where the disk is full or may not be
    written to.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path), scratch_folder(path) as part:
            yield part
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            part.rename(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process or thread is at work on `path`, and keep others waiting meanwhile.

    May be nested. The lock is a file beside `path`, whose folder must be there.
    """
    with _held(path, wait=True):
        yield


@contextmanager
def alone_in(folder: Path, depth: int = 0) -> Iterator[None]:
    """Keep other processes from working in a folder meanwhile.

    What killed ones left half written there, and in folders down to a `depth`, is removed. Raises UsageError
    where another process is at work.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(_held(folder / "work", wait=False))
        except Timeout:
            raise UsageError(
                f"{folder}: another process is at work here: wait until it ends, or choose another --out"
            ) from None
        remove_locks(folder)
        for level in range(depth + 1):
            for place in folder.glob("/".join("*" * level)) if level else [folder]:
                remove_leftovers(place)
        yield


@contextmanager
def _held(path: Path, *, wait: bool) -> Iterator[None]:
    lock = FileLock(path.with_name(f".{path.name}.lock"), is_singleton=True)
    with writing(path.parent):
        lock.acquire(timeout=-1 if wait else 0)
    try:
        yield
    finally:
        if lock.lock_counter == 1:
            # While it is held: those that wait for this file see that it is gone, and make a new one.
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


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


def remove_locks(folder: Path) -> None:
    """Remove locks that killed processes have left in a folder: those that nobody holds."""
    for lock in folder.glob(".*.lock"):
        with suppress(Timeout), FileLock(lock, timeout=0):
            lock.unlink(missing_ok=True)


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


def read_text(path: Path) -> str:
    """Read a text file. Raises OSError where there is none, ValueError where it can't be one.

    A pipe would be waited for, and a device has no end.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("not a file")
    if found.st_size > LARGEST_TEXT:
        raise ValueError(f"over {LARGEST_TEXT:,} bytes")
    return path.read_text(encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises OSError where there is none, ValueError where it can't be read as one."""
    try:
        return json.loads(read_text(path))
    except RecursionError:
        raise ValueError("nested too deep") from None


def is_current(path: Path, sources: Iterable[Path]) -> bool:
    """Tell whether a file exists and is not older than its sources."""
    if not path.is_file():
        return False
    return path.stat().st_mtime_ns >= max((source.stat().st_mtime_ns for source in sources), default=0)


def cache_folder() -> Path:
    """Give the folder of stores and downloads: $WORDSPOT_CACHE, or wordspot/ in the user's cache folder.

    Raises UsageError where the variable is empty, which as a path would be the folder one is in.
    """
    if "WORDSPOT_CACHE" not in os.environ:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wordspot"
    if not os.environ["WORDSPOT_CACHE"]:
        raise UsageError(
            "WORDSPOT_CACHE: an empty value: name a folder, or unset it for the user's own cache"
        )
    return Path(os.environ["WORDSPOT_CACHE"])


def output_folder(path: Path, mend: str = "choose another --out") -> Path:
    """Create a folder where it is missing. Raises UsageError where it can't be created or written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: can't create this folder ({error.strerror}): {mend}") from None
    if not os.access(path, os.W_OK):
        raise UsageError(f"{path}: no permission to write to this folder: {mend}")
    return path
