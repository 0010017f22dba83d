"""Sound files whose header lies or lacks something, and what is no file at all."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import SAMPLE_RATE, noise, write_samples
from tests.faults.mutations import read_mutated
from wordspot.audio.io import header, read_clip
from wordspot.audio.wav import write_wav
from wordspot.deploy.sound import read_blocks
from wordspot.errors import ClipError

TOTAL = slice(18, 26)
"""Bytes of a FLAC file that end in its length, of 36 bits."""


def write_flac(path: Path, samples: np.ndarray, says: int) -> Path:
    """Write a FLAC file that says how many samples it has; 0 is unknown, as streaming encoders write."""
    content = bytearray(write_samples(path, samples).read_bytes())
    before = int.from_bytes(content[TOTAL], "big") >> 36 << 36
    content[TOTAL] = (before | says).to_bytes(8, "big")
    path.write_bytes(content)
    return path


def set_rate(path: Path, rate: int) -> Path:
    content = bytearray(path.read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("count", [100, 2**14, 40_000])
def test_a_flac_file_of_unknown_length_is_read_whole(tmp_path: Path, count: int) -> None:
    path = write_flac(tmp_path / "a.flac", noise(count), 0)
    assert header(path).frames == count
    assert np.array_equal(read_clip(path, SAMPLE_RATE), noise(count))
    assert np.array_equal(read_clip(path, SAMPLE_RATE, start=50, stop=count - 20), noise(count)[50:-20])
    assert sum(map(len, read_blocks(path, count))) == count


@pytest.mark.parametrize("says", [2**35, 2**26 - 1, 20_001])
def test_a_flac_file_that_says_it_is_longer_is_refused(tmp_path: Path, says: int) -> None:
    path = write_flac(tmp_path / "a.flac", noise(20_000), says)
    with pytest.raises(ClipError, match=r"longer than|breaks off"):
        read_clip(path, SAMPLE_RATE)


@pytest.mark.parametrize("rate", [0, 1, 999, 768_001, 999_983, 2**31, 2**32 - 1])
def test_a_sampling_rate_that_cannot_be_is_refused(tmp_path: Path, rate: int) -> None:
    path = set_rate(write_samples(tmp_path / "a.wav", noise(48_000)), rate)
    with pytest.raises(ClipError, match=r"Hz is not between 1,000 and 768,000 Hz|not a readable"):
        read_clip(path, SAMPLE_RATE, convert=True)


@pytest.mark.parametrize("rate", [44_101, 767_999, 22_254])
def test_a_rate_whose_filter_would_be_huge_is_refused_before_it_is_made(tmp_path: Path, rate: int) -> None:
    path = set_rate(write_samples(tmp_path / "a.wav", noise(1_000)), rate)
    with pytest.raises(ClipError, match=f"{rate} Hz can't be resampled to 16000 Hz"):
        read_clip(path, SAMPLE_RATE, convert=True)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000, 768_000])
def test_common_rates_are_converted(tmp_path: Path, rate: int) -> None:
    path = write_samples(tmp_path / "a.wav", noise(rate), rate)
    assert len(read_clip(path, SAMPLE_RATE, convert=True)) == SAMPLE_RATE


def test_a_file_that_would_be_too_long_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordspot.audio.io.MOST_SAMPLES", 10_000)
    slow = write_samples(tmp_path / "slow.wav", noise(6_000), 8_000)
    wide = tmp_path / "wide.wav"
    soundfile.write(wide, np.zeros((6_000, 2)), SAMPLE_RATE)
    for path in (write_samples(tmp_path / "a.flac", noise(10_001)), slow, wide):
        with pytest.raises(ClipError, match="is longer than 10,000 samples"):
            read_clip(path, SAMPLE_RATE, convert=True)
    assert len(read_clip(wide, SAMPLE_RATE, convert=True, start=0, stop=5_000)) == 5_000


def test_huge_samples_are_cut_at_full_scale(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((4, 2), 3e38, np.float32), SAMPLE_RATE, subtype="FLOAT")
    assert read_clip(path, SAMPLE_RATE, convert=True).tolist() == [32767] * 4


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither pipes nor devices in folders")
@pytest.mark.parametrize(
    ("make", "reason"), [(pipe, "pipe"), (device, "device"), (nowhere, "a link to nowhere")]
)
def test_what_is_no_file_is_refused_without_waiting(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    path = tmp_path / "a.wav"
    make(path)
    with pytest.raises(ClipError, match=reason):
        read_clip(path, SAMPLE_RATE, convert=True)


def test_a_wav_file_is_written_as_libsndfile_does(tmp_path: Path) -> None:
    write_wav(tmp_path / "own.wav", noise(1000), SAMPLE_RATE)
    write_samples(tmp_path / "its.wav", noise(1000))
    assert (tmp_path / "own.wav").read_bytes() == (tmp_path / "its.wav").read_bytes()


def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    found = read_mutated(range(200), tmp_path)
    assert found["read"] + found["refused"] == 200
    assert min(found["read"], found["refused"]) > 20
    assert found["most_memory_kb"] < 100_000
    assert list(tmp_path.iterdir()) == []
