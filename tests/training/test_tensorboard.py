"""The log for TensorBoard, read back from its files: what is in it, and that it changes nothing."""

import io
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image
from tensorboardX.crc32c import crc32c
from tensorboardX.proto.event_pb2 import Event

import wordspot.training.loop as loop
from tests.conftest import SAMPLE_RATE, WORDS
from tests.helpers import assert_one_line, assert_same_run, files_of
from tests.training.conftest import with_training
from tests.training.test_resume import stop_at
from wordspot.config import RunConfig, vary
from wordspot.errors import UsageError
from wordspot.runs.run import Run
from wordspot.training.checkpoint import save_checkpoint
from wordspot.training.loop import train
from wordspot.training.tensorboard import SCALARS, TensorBoardLog

FIGURES = {"confusion", "curves"}


def events_of(run: Path) -> Iterator[Any]:
    """Read the events of a log as TensorBoard does: file by file, by their names."""
    for path in sorted((run / "tensorboard").glob("*tfevents*")):
        rest = path.read_bytes()
        while rest:
            length, checksum = struct.unpack("<QI", rest[:12])
            content, (of_content,) = rest[12 : 12 + length], struct.unpack_from("<I", rest, 12 + length)
            assert (checksum, of_content) == (masked(rest[:8]), masked(content))
            yield Event.FromString(content)
            rest = rest[16 + length :]


def masked(content: bytes) -> int:
    """Give the checksum of a part of a record."""
    checksum: int = crc32c(content)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def values_of(run: Path) -> dict[tuple[int, str], Any]:
    """Give what a log holds by step and name, none of which is there twice."""
    found = [((event.step, value.tag), value) for event in events_of(run) for value in event.summary.value]
    assert max(Counter(key for key, _ in found).values()) == 1
    return dict(found)


def assert_whole(run: Path, *, figures_from: int = 1) -> None:
    """Assert that a log has the metrics of every epoch once, and figures of those from one on."""
    values = values_of(run)
    metrics = Run(run).metrics
    for line in metrics:
        for tag, name in SCALARS.items():
            value = values.pop((line["epoch"], tag)).simple_value
            assert value == np.float32(line[name]), (line["epoch"], tag)
        if line["epoch"] >= figures_from:
            for tag in FIGURES:
                shown = Image.open(io.BytesIO(values.pop((line["epoch"], tag)).image.encoded_image_string))
                assert min(shown.size) > 200
    assert {step for step, _ in values} <= {0}


@pytest.fixture
def short(tiny: RunConfig) -> RunConfig:
    """Give a config of two epochs."""
    return with_training(tiny, epochs=2)


@pytest.fixture
def logged(short: RunConfig, shared_recordings: Path) -> Path:
    """Give a run with a log that no test may change."""
    run = shared_recordings.parent / "logged"
    if not run.exists():
        train(short, shared_recordings, run, log="tensorboard")
    return run


def test_the_log_has_every_epoch(logged: Path) -> None:
    assert len(Run(logged).metrics) == 2
    assert_whole(logged)
    files = sorted(path.name for path in (logged / "tensorboard").iterdir())
    assert files == [f"events.out.tfevents.000000000{epoch}.wordspot" for epoch in range(3)]
    versions = [event.file_version for event in events_of(logged) if event.file_version]
    assert versions == ["brain.Event:2"] * 3


def test_some_clips_are_seen_and_heard_before_and_after_augmentation(logged: Path) -> None:
    examples = {tag: value for (step, tag), value in values_of(logged).items() if step == 0}
    sounds = {f"{word}/{kind}" for word in WORDS for kind in ("clean", "augmented")}
    assert examples.keys() == {"examples"} | sounds
    heard = {}
    for tag in sounds:
        audio = examples[tag].audio
        samples, rate = soundfile.read(io.BytesIO(audio.encoded_audio_string), dtype="int16")
        assert (rate, len(samples)) == (audio.sample_rate, audio.length_frames) == (SAMPLE_RATE, 16_000)
        heard[tag] = samples
    for word in WORDS:
        assert not np.array_equal(heard[f"{word}/clean"], heard[f"{word}/augmented"])
        recorded = [
            soundfile.read(path, dtype="int16")[0] for path in (logged.parent / "recordings" / word).iterdir()
        ]
        clean = heard[f"{word}/clean"]
        assert any(
            np.abs(clean[: len(one)] - one).max() <= 1 and not clean[len(one) :].any() for one in recorded
        )


def test_a_log_changes_nothing_of_the_training(
    short: RunConfig, noisy_recordings: Path, tmp_path: Path
) -> None:
    """With every augmentation, dropout, and an average of the weights."""
    every = {name: 0.5 for name in vars(short.augment) if name.endswith("_p")}
    config = vary(short, **every, weight_average=0.5)
    without = train(config, noisy_recordings, tmp_path / "without")
    with_log = train(config, noisy_recordings, tmp_path / "with", log="tensorboard")
    assert_same_run(with_log, without)
    names = files_of(with_log).keys() - files_of(without).keys()
    assert {Path(name).parent.name for name in names} == {"tensorboard"}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (TensorBoardLog, "examples", 1),
        (Run, "write_metrics", 2),  # the metrics of the second epoch are there, its log is not
        (TensorBoardLog, "epoch", 2),  # its log is there, its checkpoint is not
    ],
)
def test_a_resumed_run_goes_on_with_its_log(
    owner: Any, name: str, call: int, short: RunConfig, logged: Path, shared_recordings: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, stop_at(call, getattr(owner, name), after=True))
        with pytest.raises(KeyboardInterrupt):
            train(short, shared_recordings, run, log="tensorboard")
    train(short, shared_recordings, run, log="tensorboard")
    assert_whole(run)
    assert_same_run(run, logged)
    assert files_of(run).keys() == files_of(logged).keys()


def test_a_run_without_a_log_gets_the_scalars_of_its_epochs(
    short: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "save_checkpoint", stop_at(1, save_checkpoint, after=True))
        with pytest.raises(KeyboardInterrupt):
            train(short, shared_recordings, run)
    train(short, shared_recordings, run, log="tensorboard")
    assert_whole(run, figures_from=2)


def test_a_finished_run_gets_the_scalars_of_its_epochs(
    own_run: Path, tiny: RunConfig, shared_recordings: Path
) -> None:
    before = files_of(own_run)
    train(tiny, shared_recordings, own_run, log="tensorboard")
    assert_whole(own_run, figures_from=5)
    after = files_of(own_run)
    assert {name: after[name] for name in before} == before
    train(tiny, shared_recordings, own_run, log="tensorboard")
    assert files_of(own_run) == after


def test_without_its_package_one_line_says_so(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "wordspot.training.tensorboard")
    monkeypatch.setitem(sys.modules, "tensorboardX.record_writer", None)
    missing = r"log: tensorboardX is missing: pip install 'wordspot\[tensorboard\]'"
    with pytest.raises(UsageError, match=missing) as caught:
        train(tiny, shared_recordings, tmp_path / "run", log="tensorboard")
    assert_one_line(caught.value)
    assert not (tmp_path / "run").exists()
