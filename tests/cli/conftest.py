"""What the tests of the command line share: one call of it, and runs that no test may change."""

import csv
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from wordspot.cli import main

SMALL = "--epochs 2 --hidden-size 8 --learning-rate 0.01 --threads 1"
"""Settings of a run that takes a second; what is named after them counts."""


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


def program() -> str:
    """Find the program `wordspot` that belongs to this Python."""
    found = shutil.which("wordspot", path=Path(sys.executable).parent)
    assert found
    return found


def run_program(*arguments: object) -> Ran:
    """Run the program in a process of its own."""
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True)
    return Ran(done.returncode, done.stdout, done.stderr)


def call_main(*arguments: object) -> int:
    """Call the program in this process, which saves the seconds of loading it; gives its exit code."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(sys, "argv", ["wordspot", *map(str, arguments)])
        # A warning is shown, as in a process of its own, where pytest makes it an error.
        warnings.simplefilter("default")
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            main()
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    return 0


def train(model: str, data: Path, out: Path) -> list[str]:
    """Give the arguments that train a small model of the synthetic words."""
    return f"train {model} {SMALL} --words low high rise --data {data} --out {out}".split()


@pytest.fixture
def wordspot(capsys: pytest.CaptureFixture[str]) -> Command:
    """Give a function that runs a command and catches what it prints."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = call_main(*arguments)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture(scope="session")
def trained(shared_recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give a run of each model on `shared_recordings`, that no test may change."""
    folder = tmp_path_factory.mktemp("trained")
    runs = {model: folder / model for model in ("rnn", "lstm")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORDSPOT_CACHE", str(folder / "cache"))  # `_own_cache` comes after this
        for model, run in runs.items():
            assert call_main(*train(model, shared_recordings, run)) == 0
    return runs


@pytest.fixture
def own_run(trained: dict[str, Path], tmp_path: Path) -> Path:
    """Give a run that the test may change."""
    return Path(shutil.copytree(trained["lstm"], tmp_path / "run"))


TRAIN = "train lstm {small} --words low high rise --data {data} --out {out}"
EVALUATE = "evaluate {run} --data {data}"


def assert_one_line(ran: Ran, code: int) -> None:
    assert ran.err.startswith("wordspot: ")
    assert ran.err.count("\n") == 1
    assert ran.err.endswith("\n")
    assert "Traceback" not in ran.err
    assert ran.code == code


def assert_nothing_half_written(folder: Path) -> None:
    assert [path for path in folder.rglob("*") if ".part" in path.name] == []


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_drawing(path: Path) -> None:
    """Assert that a figure is whole and shows something."""
    if path.suffix == ".png":
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert path.stat().st_size > 5_000
    else:
        drawing = ElementTree.parse(path).getroot()
        assert drawing.tag.endswith("svg")
        assert len(list(drawing.iter("{http://www.w3.org/2000/svg}path"))) > 5
