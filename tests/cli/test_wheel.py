"""The wheel that others install: all files of the package, and verbs that run from it alone."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cli.conftest import SMALL, Ran
from tests.conftest import WORDS
from wordspot.experiments.study import Result

PROJECT = Path(__file__).parents[2]
NOT_PART = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*", "ruff.toml")


def run(*command: object, **options: object) -> Ran:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)  # type: ignore[call-overload]
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, from a copy so that nothing is left in the project, and without a network."""
    place = tmp_path_factory.mktemp("wheel")
    shutil.copytree(PROJECT / "src", place / "src", ignore=NOT_PART)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, place)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    built = run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", place / "dist", place)
    assert built.code == 0, built.err
    (found,) = (place / "dist").iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """Give a folder with the wheel and nothing else installed in it."""
    target = wheel.parents[1] / "installed"
    options = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    done = run(sys.executable, "-m", "pip", "install", *options, "--target", target, wheel)
    assert done.code == 0, done.err
    return target


def wordspot(installed: Path, *arguments: object) -> Ran:
    """Run `python -m wordspot` of the installed wheel, in a folder with nothing else in it."""
    elsewhere = installed.with_name("elsewhere")
    elsewhere.mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(installed)}
    return run(sys.executable, "-m", "wordspot", *arguments, cwd=elsewhere, env=environment)


def test_every_file_of_the_package_is_in_it(wheel: Path) -> None:
    source = wheel.parents[1] / "src"
    files = (path for path in (source / "wordspot").rglob("*") if path.is_file())
    packed = {name for name in ZipFile(wheel).namelist() if name.startswith("wordspot/")}
    assert packed == {path.relative_to(source).as_posix() for path in files}
    # Some of each kind, so that this can't be true of an empty package.
    assert {
        "wordspot/py.typed",
        "wordspot/__init__.pyi",
        "wordspot/notebooks/spoken_words.py",
        "wordspot/pretrained/wordspot/model.safetensors",
        "wordspot/deploy/browser/worker.js",
        "wordspot/inspection/mistakes.html",
        "wordspot/reporting/report.typ",
        "wordspot/tts/common_words.txt",
    } <= packed


def test_its_version_and_program(installed: Path) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = (0, f"wordspot {project['version']}\n", "")
    ran = wordspot(installed, "--version")
    assert (ran.code, ran.out, ran.err) == told
    program = run(
        installed / "bin" / "wordspot", "--version", env=os.environ | {"PYTHONPATH": str(installed)}
    )
    assert (program.code, program.out, program.err) == told
    where = run(
        sys.executable,
        "-c",
        "import wordspot; print(wordspot.__file__)",
        env=os.environ | {"PYTHONPATH": str(installed)},
    )
    assert where.out == f"{installed / 'wordspot' / '__init__.py'}\n"


def test_a_pretrained_recogniser_predicts(installed: Path, shared_recordings: Path) -> None:
    ran = wordspot(installed, "predict", next((shared_recordings / "low").iterdir()))
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 1


def test_a_run_is_trained(installed: Path, shared_recordings: Path, tmp_path: Path) -> None:
    data = ["--data", shared_recordings, "--words", *WORDS, "--out", tmp_path / "run"]
    ran = wordspot(installed, "train", "lstm", *SMALL.split(), "--epochs", 1, *data)
    assert ran.code == 0, ran.err
    assert (tmp_path / "run" / "model.safetensors").is_file()


def test_words_are_synthesised(installed: Path, tmp_path: Path) -> None:
    ran = wordspot(
        installed, "synthesize", "low", "--clips", 2, "--engines", "espeak", "--out", tmp_path / "out"
    )
    assert ran.code == 0, ran.err
    assert len(list((tmp_path / "out" / "low").iterdir())) == 2


def test_a_report_is_set(
    installed: Path, shared_study: tuple[Path, dict[str, Result]], tmp_path: Path
) -> None:
    ran = wordspot(installed, "report", shared_study[0], "--out", tmp_path / "report.pdf")
    assert ran.code == 0, ran.err
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_the_notebook_is_found(installed: Path, tmp_path: Path) -> None:
    # Running it takes minutes: what is wrong with the clips is told after the notebook was read.
    ran = wordspot(installed, "notebook", "--data", tmp_path / "nowhere", "--out", tmp_path / "words.ipynb")
    assert ran.code == 2
    assert ran.err.startswith(f"wordspot: {tmp_path / 'nowhere'}: no such folder")
