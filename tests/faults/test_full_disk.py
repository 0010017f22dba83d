"""A full disk, a limit on file sizes, a read-only folder: one line, and then the same command goes on."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Ran, assert_nothing_half_written, train
from tests.conftest import noise
from tests.faults.conftest import Disk
from tests.helpers import same_weights
from wordspot.audio.wav import write_wav
from wordspot.errors import WordspotError
from wordspot.files import atomic_folder, write_json
from wordspot.runs.run import load

resource = pytest.importorskip("resource", reason="Windows has no limits on the size of files")

WRITES = {
    "evaluate": "evaluate {run} --data {data}",
    "compare": "compare {run} {other} --data {data} --out {disk}/compare",
    "mistakes": "mistakes {run} --data {data} --out {disk}/page.html",
    "explore": "explore --data {data} --out {disk}/explore",
    "synthesize": "synthesize low high --clips 12 --engines espeak --out {disk}/synthetic",
    "export": "export {run} --out {disk}/model.onnx",
    "publish": "publish {run} --out {disk}/published --corpus tones --licence mine --no-onnx",
    "page": "page {exported} --out {disk}/page",
    "report": "report {study} --out {disk}/report.pdf",
    "notebook": "notebook --source {source} --data {data} --study {study} --out {disk}/words.ipynb",
}
"""A command for each kind of write that is not training."""


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """Refuse files over some bytes meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def assert_names(ran: Ran, place: Path) -> None:
    """Assert that a command failed, and that its last line says so and names a place."""
    assert ran.code in (1, 2)
    assert "Traceback" not in ran.err
    assert ran.err.splitlines()[-1].startswith("wordspot: ")
    assert str(place) in ran.err.splitlines()[-1]


def test_training_on_a_full_disk_goes_on_when_there_is_room(
    wordspot: Command, disk: Disk, shared_recordings: Path, trained: dict[str, Path]
) -> None:
    out = disk.folder / "run"
    for kilobytes in (0, 16, 40, 90):
        disk.leave(kilobytes)
        ran = wordspot(*train("lstm", shared_recordings, out))
        assert_names(ran, out)
        assert "No space left on device" in ran.err
        assert_nothing_half_written(disk.folder)
        if (out / "model.safetensors").exists():
            load(out)
    disk.make_room()
    assert wordspot(*train("lstm", shared_recordings, out)).code == 0
    assert same_weights(out, trained["lstm"])


@pytest.mark.parametrize("size", [0, 1_000, 20_000])
def test_training_under_a_limit_on_files_names_what_is_too_large(
    wordspot: Command, tmp_path: Path, shared_recordings: Path, trained: dict[str, Path], size: int
) -> None:
    out = tmp_path / "run"
    with file_limit(size):
        ran = wordspot(*train("lstm", shared_recordings, out))
    assert_names(ran, out)
    assert "can't be written (File too large): raise the limit" in ran.err
    assert_nothing_half_written(tmp_path)
    assert wordspot(*train("lstm", shared_recordings, out)).code == 0
    assert same_weights(out, trained["lstm"])


def test_a_store_on_a_full_disk(
    wordspot: Command, disk: Disk, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDSPOT_CACHE", str(disk.folder / "cache"))
    for kilobytes in (0, 300):
        disk.leave(kilobytes)
        ran = wordspot(*train("lstm", shared_recordings, tmp_path / "run"))
        assert_names(ran, disk.folder / "cache")
        assert_nothing_half_written(disk.folder)
    disk.make_room()
    assert wordspot(*train("lstm", shared_recordings, tmp_path / "run")).code == 0


@pytest.mark.parametrize("name", WRITES)
def test_other_writes_on_a_full_disk(
    wordspot: Command,
    disk: Disk,
    shared_recordings: Path,
    trained: dict[str, Path],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    name: str,
) -> None:
    run = shutil.copytree(trained["lstm"], disk.folder / "run")
    source = tmp_path / "short.py"
    source.write_text('# %% tags=["parameters"]\nDATA = ""\n# %%\nprint(9999 * "a")\n')
    places = {"run": run, "other": trained["rnn"], "data": shared_recordings, "disk": disk.folder}
    places |= {"source": source}
    if name == "page":
        request.getfixturevalue("page")  # skips the test where npm can't fetch what pages need
        places["exported"] = request.getfixturevalue("exported")
    if name == "publish":
        assert wordspot("evaluate", run, "--data", shared_recordings, "--split", "testing").code == 0
    if "{study}" in WRITES[name]:
        places["study"] = request.getfixturevalue("shared_study")[0]
    command = WRITES[name].format(**places).split()
    disk.leave(4)
    ran = wordspot(*command)
    assert_names(ran, disk.folder)
    assert_nothing_half_written(disk.folder)
    load(run)
    disk.make_room()
    assert wordspot(*command).code == 0


def test_a_disk_that_is_read_only(
    wordspot: Command, disk: Disk, shared_recordings: Path, trained: dict[str, Path]
) -> None:
    run = shutil.copytree(trained["lstm"], disk.folder / "run")
    disk.remount("ro")
    for command in (
        train("lstm", shared_recordings, run),
        train("lstm", shared_recordings, disk.folder / "new"),
        ["evaluate", run, "--data", shared_recordings],
        ["mistakes", run, "--data", shared_recordings, "--out", disk.folder / "page.html"],
    ):
        assert_names(wordspot(*command), disk.folder)
    disk.remount("rw")
    assert wordspot(*train("lstm", shared_recordings, run)).code == 0


def test_what_can_be_written_is_whole_or_not_there(tmp_path: Path) -> None:
    with file_limit(100), pytest.raises(WordspotError, match=rf"^{tmp_path}/a\.json: can't be written"):
        write_json(tmp_path / "a.json", "a" * 200)
    with file_limit(100), pytest.raises(WordspotError, match=rf"^{tmp_path}/folder: can't be written"):
        fill(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def fill(folder: Path) -> None:
    with atomic_folder(folder) as part:
        write_wav(part / "a.wav", noise(1000), 16_000)
