"""Samples of sound files: as they are, converted where asked, or refused with a reason."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import SAMPLE_RATE, noise, write_samples
from wordspot.audio.io import find_sound_files, read_clip, read_plain
from wordspot.errors import ClipError, UsageError


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_16_bit_samples_come_back_bit_for_bit(tmp_path: Path, suffix: str) -> None:
    samples = noise(1000)
    samples[:4] = (-32768, 32767, 0, -1)
    path = write_samples(tmp_path / f"a.{suffix}", samples)
    read = read_clip(path, SAMPLE_RATE)
    assert read.dtype == np.int16
    assert np.array_equal(read, samples)
    assert np.array_equal(read_clip(path, SAMPLE_RATE, convert=True), samples)
    assert np.array_equal(read_clip(path, SAMPLE_RATE, start=10, stop=30), samples[10:30])


def test_a_recording_of_unstated_length_is_read_whole(tmp_path: Path) -> None:
    path = write_samples(tmp_path / "a.wav", noise(1000))
    header = bytearray(path.read_bytes())
    # What a program writes that can't go back to the header, such as one that writes to a pipe.
    header[4:8] = header[40:44] = b"\xff" * 4
    path.write_bytes(header)
    assert np.array_equal(read_clip(path, SAMPLE_RATE), noise(1000))


@pytest.mark.parametrize("start", [0, 10, 999, 2000])
@pytest.mark.parametrize("stop", [None, 0, 30, 2000])
def test_a_plain_file_is_read_as_by_libsndfile(tmp_path: Path, start: int, stop: int | None) -> None:
    path = write_samples(tmp_path / "a.wav", noise(1000))
    expected, _ = soundfile.read(path, dtype="int16", start=start, stop=stop)
    read = read_plain(path, SAMPLE_RATE, start, stop)
    assert read is not None
    assert read.dtype == np.int16
    assert read.flags.writeable
    assert np.array_equal(read, expected)


@pytest.mark.parametrize("place", range(44))
def test_a_file_whose_header_differs_in_any_byte_is_not_plain(tmp_path: Path, place: int) -> None:
    path = write_samples(tmp_path / "a.wav", noise(1000))
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert read_plain(path, SAMPLE_RATE) is None


@pytest.mark.parametrize("kept", [0, 30, 44, 45, 46, 1000])
def test_a_file_that_breaks_off_is_not_plain(tmp_path: Path, kept: int) -> None:
    path = write_samples(tmp_path / "a.wav", noise(1000))
    path.write_bytes(path.read_bytes()[:kept])
    assert read_plain(path, SAMPLE_RATE) is None


def test_files_of_other_formats_are_not_plain(tmp_path: Path) -> None:
    for name, subtype in (("a.flac", "PCM_16"), ("b.wav", "PCM_24"), ("c.wav", "FLOAT"), ("d.wav", "PCM_U8")):
        path = write_samples(tmp_path / name, noise(1000), subtype=subtype)
        assert read_plain(path, SAMPLE_RATE) is None
    assert read_plain(write_samples(tmp_path / "e.wav", noise(1000)), 8000) is None
    assert read_plain(write_stereo(tmp_path), SAMPLE_RATE) is None
    assert read_plain(tmp_path / "nowhere.wav", SAMPLE_RATE) is None


def test_24_bit_samples_come_back_within_a_step(tmp_path: Path) -> None:
    wide = np.random.default_rng(0).integers(-(2**23), 2**23, 1000, dtype=np.int32)
    soundfile.write(tmp_path / "a.wav", wide << 8, SAMPLE_RATE, subtype="PCM_24")
    read = read_clip(tmp_path / "a.wav", SAMPLE_RATE)
    assert read.dtype == np.int16
    assert np.abs(read - wide / 256).max() <= 1


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_float_samples_come_back_within_a_step_and_are_cut_at_full_scale(
    tmp_path: Path, subtype: str
) -> None:
    floats = np.random.default_rng(0).uniform(-1, 0.9999, 1000)
    soundfile.write(tmp_path / "a.wav", np.append(floats, [1.5, -1.5]), SAMPLE_RATE, subtype=subtype)
    read = read_clip(tmp_path / "a.wav", SAMPLE_RATE)
    assert np.abs(read[:-2] - floats * 32768).max() <= 1
    assert read[-2:].tolist() == [32767, -32768]


def write_stereo(folder: Path) -> Path:
    path = folder / "stereo.wav"
    soundfile.write(path, np.tile(np.array([1000, 3000], np.int16), (800, 1)), SAMPLE_RATE, subtype="PCM_16")
    return path


def write_tone(folder: Path, sample_rate: int) -> Path:
    tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(sample_rate) / sample_rate)
    return write_samples(folder / "tone.wav", tone.astype(np.int16), sample_rate)


def write_8_bit(folder: Path) -> Path:
    return write_samples(folder / "8bit.wav", [level * 256 for level in range(-128, 128)], subtype="PCM_U8")


def write_telephone(folder: Path) -> Path:
    return write_samples(folder / "ulaw.wav", noise(100), subtype="ULAW")


MISFITS: list[tuple[Callable[[Path], Path], str]] = [
    (write_stereo, "2 channels"),
    (lambda folder: write_tone(folder, 44_100), "44100 Hz"),
    (lambda folder: write_tone(folder, 8_000), "8000 Hz"),
    (write_8_bit, "8 bit"),
    (write_telephone, "U-Law"),
]


@pytest.mark.parametrize(("write", "reason"), MISFITS)
def test_another_format_is_refused_and_converted_where_asked(
    tmp_path: Path, write: Callable[[Path], Path], reason: str
) -> None:
    path = write(tmp_path)
    with pytest.raises(ClipError) as error:
        read_clip(path, SAMPLE_RATE)
    assert str(error.value).startswith(f"{path}: ")
    assert reason in error.value.reason
    assert "--convert" in error.value.reason
    assert error.value.path == path
    assert len(read_clip(path, SAMPLE_RATE, convert=True)) > 0


def test_channels_become_their_mean(tmp_path: Path) -> None:
    assert read_clip(write_stereo(tmp_path), SAMPLE_RATE, convert=True).tolist() == [2000] * 800


@pytest.mark.parametrize("sample_rate", [44_100, 8_000])
def test_resampling_keeps_duration_pitch_and_loudness(tmp_path: Path, sample_rate: int) -> None:
    read = read_clip(write_tone(tmp_path, sample_rate), SAMPLE_RATE, convert=True)
    assert len(read) == SAMPLE_RATE
    spectrum = np.abs(np.fft.rfft(read)) * 2 / len(read)  # of one second: bins 1 Hz apart
    assert spectrum.argmax() == 440
    assert spectrum[440] == pytest.approx(8000, rel=0.01)


def test_8_bit_samples_keep_their_level(tmp_path: Path) -> None:
    read = read_clip(write_8_bit(tmp_path), SAMPLE_RATE, convert=True)
    assert read.tolist() == [level * 256 for level in range(-128, 128)]


def empty_file(path: Path) -> None:
    path.touch()


def no_samples(path: Path) -> None:
    write_samples(path, [])


def text(path: Path) -> None:
    path.write_text("hello")


def folder(path: Path) -> None:
    path.mkdir()


def cut_short(path: Path) -> None:
    write_samples(path, noise(1000))
    path.write_bytes(path.read_bytes()[:1000])


def cut_in_the_header(path: Path) -> None:
    write_samples(path, noise(1000))
    path.write_bytes(path.read_bytes()[:20])


def not_a_number(path: Path) -> None:
    soundfile.write(path, np.array([0.0, np.nan]), SAMPLE_RATE, format="WAV", subtype="FLOAT")


def infinite(path: Path) -> None:
    soundfile.write(path, np.array([0.0, np.inf]), SAMPLE_RATE, format="WAV", subtype="FLOAT")


def missing(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize("convert", [False, True])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (empty_file, "a.wav"),
        (empty_file, "a.flac"),
        (no_samples, "a.wav"),
        (text, "a.wav"),
        # soundfile takes this suffix for bare samples and asks for their rate.
        (text, "a.raw"),
        (folder, "a.wav"),
        (cut_short, "a.wav"),
        (cut_short, "a.flac"),
        (cut_in_the_header, "a.wav"),
        (not_a_number, "a.wav"),
        (infinite, "a.wav"),
        (missing, "a.wav"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, make: Callable[[Path], None], name: str, convert: bool
) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(ClipError) as error:
        read_clip(path, SAMPLE_RATE, convert=convert)
    assert str(error.value) == f"{path}: {error.value.reason}"
    assert error.value.reason
    assert "\n" not in str(error.value)
    assert "--convert" not in str(error.value)  # it wouldn't help


def test_files_are_found_in_folders_and_below_in_the_order_asked_for(tmp_path: Path) -> None:
    names = ["b.wav", "a.FLAC", "below/c.wav", "below/deeper/d.flac", "z/e.wav"]
    others = ["notes.txt", ".hidden.wav", "below/song.m4a"]
    for name in names + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_sound_files([tmp_path / "z", tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "z/e.wav",
        "a.FLAC",
        "b.wav",
        "below/c.wav",
        "below/deeper/d.flac",
        "z/e.wav",
    ]


def test_a_file_that_is_named_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "sound.aiff"
    path.touch()
    assert find_sound_files([path]) == [path]


def test_a_path_that_is_not_there_or_a_folder_without_sounds_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match="no sound files"):
        find_sound_files([tmp_path])
    with pytest.raises(UsageError, match="no such file"):
        find_sound_files([tmp_path / "nowhere.wav"])
