"""Files that are either whole or absent: each is written beside its place and moved there."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wordspot.errors import UsageError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; on success it takes the place of `path`.

    Two processes may write the same file at the same time: the later one's stays.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder beside `path` to fill; on success it takes the place of `path`.

    Two processes may fill the same folder at the same time: the later one's stays.
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
    """Write `text` to `path`, whole or not at all."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def is_current(path: Path, sources: Iterable[Path]) -> bool:
    """Say whether `path` is there and no older than what it was made of."""
    if not path.is_file():
        return False
    return path.stat().st_mtime_ns >= max(source.stat().st_mtime_ns for source in sources)


def output_folder(path: Path, mend: str = "choose another --out") -> Path:
    """Make the folder `path` where it is missing. Raises UsageError where it can't be made or written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: can't make this folder ({error.strerror}): {mend}") from None
    if not os.access(path, os.W_OK):
        raise UsageError(f"{path}: this folder can't be written to: {mend}")
    return path
