"""Atomic writes: files and folders are written under another name and moved into place when whole."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wordspot.errors import UsageError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; on success it replaces `path`.

    Two processes may write the same file at once: the last one wins. Raises UsageError where `path` is a
    folder.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder: name a file")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill; on success it replaces `path`.

    Two processes may fill the same folder at once: the last one wins.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        shutil.rmtree(path, ignore_errors=True)
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


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
    return path.stat().st_mtime_ns >= max(source.stat().st_mtime_ns for source in sources)


def output_folder(path: Path, mend: str = "choose another --out") -> Path:
    """Create a folder where it is missing. Raises UsageError where it can't be created or written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: can't create this folder ({error.strerror}): {mend}") from None
    if not os.access(path, os.W_OK):
        raise UsageError(f"{path}: no permission to write to this folder: {mend}")
    return path
